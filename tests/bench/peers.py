"""One job, done by us and by others, in one run: the same narration over the same bed.

A narration of synthetic speech over a stereo bed is ducked, faded, brought to -20 LUFS below
-1 dBTP and encoded. We work from cached takes and, except in the row that says so, the recorded
bed that the others get, brought in by `undersong ambience add --keep wav` and played through; they
get our voice stem at 24 kHz and our bed, both as WAV at 16 bit. So nobody decodes a bed.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from bench import Cost, ffmpeg_levels, libebur128_levels, spent, undersong

from undersong.dsp.loudness import Energies, lufs

HERE = Path(__file__).parent
RATE, TARGET_LUFS = 48_000, -20.0
SENTENCES = (
    "Let your eyes close softly, and rest there for a while.",
    "Take a slow breath in through the nose.",
    "Notice the weight of your hands, with nothing at all to do.",
    "Picture a quiet beach in the early morning, as the next wave arrives.",
    "Hear the water come in, and go out again.",
    "Allow your shoulders to drop, and let the muscles around them soften.",
)
RECIPE = """\
---
title: Bench
voice: plain
ambience: {bed}
loudness: sleep
formats: [{name}]
fades: {{in: 6s, out: 15s}}
---

# Resting

{script}
"""
VOICE = """\
title: Plain
language: en-US
engines:
  - {engine: espeak, voice: en-us+f2, rate_wpm: 125}
"""
FORMATS = ("wav", "flac", "mp3")
YARD = "ffmpeg ebur128 + alimiter"
LONG_MINUTES = 30


def job(folder: Path, minutes: int) -> dict[str, Path]:
    """Make a library with its takes cached, and stems for the others; returns their places."""
    library = folder / "library"
    subprocess.run(undersong("init", library), check=True, stdout=subprocess.DEVNULL)
    (library / "voices" / "plain.yaml").write_text(VOICE, encoding="utf-8")
    rest_s, count = 6.0, int((minutes * 60 - 21) / 11.5)
    script = "\n\n".join(f"{SENTENCES[k % 6]} [{rest_s}s]" for k in range(count))
    for name in FORMATS:
        for slug, bed in ((name, "waves"), (f"{name}-recorded", "taped")):
            text = RECIPE.format(name=name, script=script, bed=bed)
            (library / "recipes" / f"{slug}.md").write_text(text, encoding="utf-8")
    words = ("render", library / "recipes" / "wav.md", "--offline", "--stems", "--out", folder)
    subprocess.run(undersong(*words), check=True, capture_output=True)
    stems = folder / "wav" / "stems"
    voice, _ = soundfile.read(stems / "voice.wav", dtype="float32")
    spoken = soxr.resample(voice[:, 0], RATE, 24_000)
    soundfile.write(folder / "narration.wav", spoken, 24_000, "PCM_16")
    with soundfile.SoundFile(folder / "bed.wav", "w", RATE, 2, "PCM_16") as file:
        for block in soundfile.blocks(stems / "bed.wav", RATE, dtype="float32"):
            file.write(block)
    (stems / "cues.wav").unlink()
    bring_in(folder / "bed.wav", library)
    return {"library": library, "stems": stems, "folder": folder}


def bring_in(sound: Path, library: Path) -> None:
    """Make a recording the bed `taped` of a library, to be played as it is."""
    facts = ("--name", "taped", "--licence", "CC0-1.0", "--credit", "Bench", "--keep", "wav")
    subprocess.run(
        undersong("ambience", "add", sound, *facts, "--library", library),
        check=True,
        capture_output=True,
    )
    file = library / "ambience" / "taped.yaml"
    text = file.read_text(encoding="utf-8")
    entry = '  - recording: "taped.wav"\n'
    assert entry in text, text
    file.write_text(text.replace(entry, f"{entry}    play: through\n"), encoding="utf-8")


def forget_measurements() -> None:
    """Keep the takes; forget what was measured of beds and mixes, and finished files."""
    for kind in ("surveys", "masterings", "finished", "files"):
        shutil.rmtree(Path(os.environ["UNDERSONG_CACHE"]) / kind, ignore_errors=True)


def ours(places: dict[str, Path], name: str, *, recorded: bool) -> tuple[Cost, Path]:
    forget_measurements()
    slug, out = f"{name}-recorded" if recorded else name, places["folder"] / "ours"
    shutil.rmtree(out / slug, ignore_errors=True)
    recipe = places["library"] / "recipes" / f"{slug}.md"
    cost = spent(undersong("render", recipe, "--offline", "--out", out))
    return cost, out / slug / f"{slug}.{name}"


def theirs(places: dict[str, Path], peer: str, name: str, *more: str) -> tuple[Cost, Path]:
    folder = places["folder"]
    out = folder / f"{peer}{''.join(more)}.{name}"
    seconds = soundfile.info(folder / "bed.wav").duration
    words = [folder / "narration.wav", folder / "bed.wav", out, name, seconds, *more]
    return spent([sys.executable, str(HERE / f"with_{peer}.py"), *map(str, words)]), out


def compared(
    places: dict[str, Path], name: str, turns: int, *, quickest: bool
) -> list[dict[str, Any]]:
    """Do the job in every way, several times in turn; the quickest of each counts.

    With `quickest` only the quickest of the others takes part.
    """
    ways = {
        "undersong, recorded bed": lambda: ours(places, name, recorded=True),
        "undersong, synthesised bed": lambda: ours(places, name, recorded=False),
        YARD: lambda: theirs(places, "ffmpeg", name, "48000"),
        "ffmpeg, limiter at 192 kHz": lambda: theirs(places, "ffmpeg", name, "192000"),
        "pydub (no duck)": lambda: theirs(places, "pydub", name),
        "pedalboard": lambda: theirs(places, "pedalboard", name),
    }
    if quickest:
        ways = {way: work for way, work in ways.items() if way.startswith(("undersong", YARD))}
    best: dict[str, tuple[Cost, Path]] = {}
    for _ in range(turns):
        for way, work in ways.items():
            cost, path = work()
            if way not in best or cost.wall_s < best[way][0].wall_s:
                best[way] = cost, path
    yard = best[YARD][0]
    rows = [
        {
            "format": name,
            "by": way,
            "wall_s": round(cost.wall_s, 2),
            "wall_ratio": round(cost.wall_s / yard.wall_s, 2),
            "cpu_s": round(cost.cpu_s, 2),
            "cpu_ratio": round(cost.cpu_s / yard.cpu_s, 2),
            "peak_mb": round(cost.peak_mb),
            "off_target_lu": round(libebur128_levels(path)["integrated_lufs"] - TARGET_LUFS, 2),
            "true_peak_dbtp": ffmpeg_levels(path)["true_peak_dbtp"],
        }
        for way, (cost, path) in best.items()
    ]
    for _, path in best.values():
        path.unlink()  # an hour's would leave the next too little of a disk to keep a bed on
    return rows


def ducks(places: dict[str, Path]) -> list[dict[str, Any]]:
    """How far the voice stands above the bed, phrase by phrase, and whether it does at once."""
    plan = json.loads(
        subprocess.run(
            undersong(
                "plan", places["library"] / "recipes" / "wav.md", "--spoken", "--offline", "--json"
            ),
            check=True,
            capture_output=True,
        ).stdout
    )
    phrases = [(item["start"] * 100 // RATE, item["end"] * 100 // RATE) for item in plan["phrases"]]
    voice = _steps(places["stems"] / "voice.wav")
    bed = _steps(places["stems"] / "bed.wav")
    _, sidechain = theirs(places, "ffmpeg", "duck", "48000")
    found = {"undersong": _steps(places["stems"] / "bed-ducked.wav"), "ffmpeg": _steps(sidechain)}
    return [{"by": by} | _duck(voice, bed, steps, phrases) for by, steps in found.items()]


def _duck(
    voice: np.ndarray, bed: np.ndarray, ducked: np.ndarray, phrases: list[tuple[int, int]]
) -> dict[str, float]:
    differences, onsets = [], []
    heard = int(np.flatnonzero(ducked)[-1])  # ffmpeg's sidechain ends early, each time elsewhere
    for start, end in phrases:
        if end > heard:
            continue
        differences.append(lufs(voice[start:end].mean()) - lufs(ducked[start:end].mean()))
        depth = ducked[start:end].sum() / bed[start:end].sum()
        first = ducked[start : start + 20].sum() / bed[start : start + 20].sum()
        onsets.append(1.0 if depth > 1 - 1e-6 else min((1 - first) / (1 - depth), 1.0))
    return {
        "difference_min_lu": round(min(differences), 1),
        "difference_median_lu": round(float(np.median(differences)), 1),
        "difference_max_lu": round(max(differences), 1),
        "onset": round(float(np.mean(onsets)), 2),
    }


def _steps(path: Path) -> np.ndarray:
    energies = Energies(2, per_s=100)
    for block in soundfile.blocks(path, 10 * RATE, dtype="float32"):
        energies.push(block)
    return energies.hops


def peers(
    folder: Path, minutes: int, formats: tuple[str, ...], turns: int
) -> dict[str, list[dict[str, Any]]]:
    """All comparisons for tracks of one length, as tables by title."""
    places = job(folder, minutes)
    quickest = minutes > LONG_MINUTES
    rows = [row for name in formats for row in compared(places, name, turns, quickest=quickest)]
    return {
        f"The same job, {minutes} minutes": rows,
        f"The duck, {minutes} minutes": ducks(places),
    }
