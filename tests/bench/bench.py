"""`make bench`: speed as ratios and throughput, memory, and quality of delivered files.

Run alone on the machine. Writes docs/bench.md and docs/bench.json. Independent tools judge what
is delivered: ffmpeg (imageio-ffmpeg's binary) and libebur128.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pyebur128
import soundfile
from msgspec import Struct

from undersong.recipes.library import Library

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
GROWTH = "Growth with length (FLAC, waves)"


class Cost(Struct, frozen=True, kw_only=True):
    """What a command cost: wall and CPU seconds of it and its children, peak megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def spent(command: list[str], env: dict[str, str] | None = None) -> Cost:
    """Run a command alone in a fresh process and measure it."""
    code = (
        "import json,resource,subprocess,sys,time\n"
        "t=time.perf_counter()\n"
        "subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL)\n"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([time.perf_counter()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024]))\n"
    )
    done = subprocess.run(
        [PYTHON, "-c", code, *command],
        capture_output=True,
        text=True,
        check=True,
        env=installed() | (env or {}),
    )
    wall_s, cpu_s, peak_mb = json.loads(done.stdout)
    return Cost(wall_s=wall_s, cpu_s=cpu_s, peak_mb=peak_mb)


def installed() -> dict[str, str]:
    """Return the environment of an installed program: Python keeps what it has compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def undersong(*words: str | Path) -> list[str]:
    return [PYTHON, "-m", "undersong", *(str(word) for word in words)]


def ffmpeg_binary() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def ffmpeg_levels(path: Path) -> dict[str, float]:
    """Loudness, range and true peak by ffmpeg's ebur128 on the decoded file."""
    command = [ffmpeg_binary(), "-hide_banner", "-nostats", "-i", str(path)]
    command += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = text[text.rindex("Summary:") :]
    found = {
        "integrated_lufs": r"I:\s+(-?[\d.]+) LUFS",
        "range_lu": r"LRA:\s+(-?[\d.]+) LU",
        "true_peak_dbtp": r"Peak:\s+(-?[\d.]+) dBFS",
    }
    return {key: float(re.search(rule, summary)[1]) for key, rule in found.items()}  # type: ignore[index]


def libebur128_levels(path: Path) -> dict[str, float]:
    """Integrated loudness by libebur128, and length, of the decoded file."""
    with soundfile.SoundFile(path) as file:
        meter = pyebur128.R128State(
            file.channels, file.samplerate, pyebur128.MeasurementMode.MODE_I
        )
        for block in file.blocks(48_000, dtype="float64", always_2d=True):
            meter.add_frames(block.ravel(), len(block))
        length_s = file.frames / file.samplerate
    return {"integrated_lufs": pyebur128.get_loudness_global(meter), "length_s": length_s}


def start_up() -> list[dict[str, Any]]:
    rows = []
    for words in (("--help",), ("render", "--help"), ("check",), ("plan", "evening-body-scan")):
        costs = [spent(undersong(*words)) for _ in range(5)]
        rows.append(
            {
                "command": f"undersong {' '.join(words)}",
                "cpu_s": round(statistics.median(cost.cpu_s for cost in costs), 3),
                "peak_mb": round(max(cost.peak_mb for cost in costs)),
            }
        )
    return rows


def beds(seconds: int) -> list[dict[str, Any]]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in Library.find(ROOT).bed_names():
            out = Path(folder) / f"{name}.wav"
            length = f"{seconds}s"
            cost = spent(undersong("ambience", "render", name, "--length", length, "--out", out))
            rows.append(
                {
                    "bed": name,
                    "times_real_time_per_core": round(seconds / cost.cpu_s),
                    "peak_mb": round(cost.peak_mb),
                }
            )
    return rows


def voice() -> dict[str, Any]:
    """Throughput of the offline voice: takes made for a script, first and again from the cache."""
    recipe = ROOT / "recipes" / "evening-body-scan.md"
    with tempfile.TemporaryDirectory() as cache:
        words = ("plan", recipe, "--spoken", "--offline", "--json")
        env = {"UNDERSONG_CACHE": cache}
        first, again = (spent(undersong(*words), env) for _ in range(2))
        printed = subprocess.run(
            undersong(*words), capture_output=True, check=True, env=os.environ | env
        ).stdout
    phrases = json.loads(printed)["phrases"]
    said_s = sum(phrase["end"] - phrase["start"] for phrase in phrases) / 48_000
    made_cpu_s = max(first.cpu_s - again.cpu_s, 1e-3)
    return {
        "phrases": len(phrases),
        "speech_s": round(said_s, 1),
        "first_cpu_s": round(first.cpu_s, 2),
        "again_cpu_s": round(again.cpu_s, 2),
        "times_real_time_per_core": round(said_s / made_cpu_s),
    }


ENGINE = """\
import io, json, resource, sys
from pathlib import Path
import soundfile
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.espeak import Espeak, EspeakOptions

def cpu():
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(who)[:2]) for who in both)

engine = Espeak(EspeakOptions(), Path())
said = [Request(words=tuple(SpokenWord(text=w, ipa=None) for w in text.split()), written=text,
        language="en-US", rate=1.0) for text in json.loads(sys.argv[1])]
engine.say(said[0])
engine.close()  # what starting costs, the worker's part too
begun, seconds = cpu(), 0.0
engine = Espeak(EspeakOptions(), Path())
for _ in range(40):
    for request in said:
        seconds += soundfile.info(io.BytesIO(engine.say(request).audio)).duration
engine.close()
print(json.dumps([seconds, cpu() - begun]))
"""


def engine_alone(sentences: tuple[str, ...]) -> dict[str, Any]:
    """Throughput of the offline engine: its worker and our side of the pipe, nothing else."""
    words = [PYTHON, "-c", ENGINE, json.dumps(sentences)]
    said_s, cpu_s = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return {
        "speech_s": round(said_s, 1),
        "cpu_s": round(cpu_s, 2),
        "times_real_time_per_core": round(said_s / cpu_s),
    }


def stages(seconds: int) -> list[dict[str, Any]]:
    """What each stage of a render takes of a core, each in a process of its own, start-up apart."""
    done = subprocess.run(
        [PYTHON, str(Path(__file__).with_name("stages.py")), str(seconds)],
        check=True,
        capture_output=True,
        text=True,
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def track(formats: str, length: str, folder: Path) -> tuple[Cost, Path, dict[str, Any]]:
    """Render the evening body scan at a length and in some formats, takes already made."""
    text = (ROOT / "recipes" / "evening-body-scan.md").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^length:.*$", f"length: {length}", text)
    text = re.sub(r"(?m)^formats:.*$", f"formats: [{formats}]", text)
    library = folder / "library"
    subprocess.run(undersong("init", library), check=True, stdout=subprocess.DEVNULL)
    recipe = library / "recipes" / "bench.md"
    recipe.write_text(text, encoding="utf-8")
    subprocess.run(
        undersong("plan", recipe, "--spoken", "--offline", "--json"),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    cost = spent(undersong("render", recipe, "--offline", "--out", folder / "out"))
    made = folder / "out" / "bench"
    return cost, made, json.loads((made / "manifest.json").read_text(encoding="utf-8"))


def tracks(length: str, seconds: float) -> list[dict[str, Any]]:
    rows = []
    for formats in ("wav", "flac", "mp3"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            os.environ["UNDERSONG_CACHE"] = str(folder / "cache")
            cost, made, manifest = track(formats, length, folder)
            file = made / manifest["deliverables"][0]["file"]
            rows.append(
                {
                    "formats": formats,
                    "wall_s": round(cost.wall_s, 1),
                    "times_real_time": round(seconds / cost.wall_s),
                    "cpu_s": round(cost.cpu_s, 1),
                    "peak_mb": round(cost.peak_mb),
                    "target_lufs": manifest["target_lufs"],
                    "ours": manifest["deliverables"][0]["levels"],
                    "ffmpeg": ffmpeg_levels(file),
                    "libebur128": libebur128_levels(file),
                    "limited_share": manifest["limited_share"],
                    "encodes": manifest["deliverables"][0]["encodes"],
                }
            )
    return rows


LONG = """\
---
title: A long night
voice: offline
ambience: {bed}
formats: [{formats}]
loudness: sleep
fades: {{in: 6s, out: 60s, after: 60s}}
---

# Resting

{rests}

Rest well.
"""


def growth(minutes: tuple[int, ...], bed: str, formats: str) -> list[dict[str, Any]]:
    """Render tracks of several lengths: time should grow in step, memory not at all."""
    rows = []
    for length in minutes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            os.environ["UNDERSONG_CACHE"] = str(folder / "cache")
            library = folder / "library"
            subprocess.run(undersong("init", library), check=True, stdout=subprocess.DEVNULL)
            recipe = library / "recipes" / "long.md"
            count = max(1, length // 5)
            rest_s = (length * 60 - 70) / count - 2
            rests = f"Let yourself rest. [{rest_s:.1f}s]\n" * count
            text = LONG.format(bed=bed, formats=formats, rests=rests)
            recipe.write_text(text, encoding="utf-8")
            cost = spent(undersong("render", recipe, "--offline", "--out", folder / "out"))
            manifest = json.loads((folder / "out" / "long" / "manifest.json").read_text())
            length_s = manifest["length_s"]
            rows.append(
                {
                    "minutes": round(length_s / 60, 1),
                    "wall_s": round(cost.wall_s, 1),
                    "times_real_time": round(length_s / cost.wall_s),
                    "peak_mb": round(cost.peak_mb),
                }
            )
    return rows


def measuring(seconds: int) -> dict[str, Any]:
    """Our meter and ffmpeg's on the same file in one run, whole processes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bed.wav"
        subprocess.run(
            undersong("ambience", "render", "waves", "--length", f"{seconds}s", "--out", path),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        command = [ffmpeg_binary(), "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
        ours = min((spent(undersong("measure", path)) for _ in range(3)), key=lambda c: c.cpu_s)
        theirs = min((spent(command) for _ in range(3)), key=lambda c: c.cpu_s)
    return {
        "ours_times_real_time": round(seconds / ours.cpu_s),
        "ffmpeg_times_real_time": round(seconds / theirs.cpu_s),
        "ratio": round(theirs.cpu_s / ours.cpu_s, 2),
    }


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table; nested values become `key value` pairs."""

    def cell(value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{k} {v:.2f}" for k, v in value.items() if v is not None)
        return str(value)

    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return lines + ["| " + " | ".join(cell(row[name]) for name in names) + " |" for row in rows]


def page(found: dict[str, Any]) -> str:
    machine = found["machine"]
    lines = [
        "# Measured",
        "",
        "<!-- Written by `make bench`; do not edit. -->",
        "",
        (
            f"On {machine['cores']} cores, {machine['python']}, {machine['system']}. Machines are "
            "shared: read ratios, not seconds. Levels are of the *decoded* files, by three meters."
        ),
    ]
    for title, rows in found["tables"].items():
        lines += ["", f"## {title}", "", *table(rows)]
    lines += ["", "![wall time beside the peers](bench-peers.png)"]
    lines += ["", "![growth with length](bench-growth.png)"]
    return "\n".join(lines) + "\n"


def draw(tables: dict[str, Any], docs: Path) -> None:
    """Draw wall time beside the peers, and growth with length."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow

    rows = next(rows for title, rows in tables.items() if title.startswith("The same job"))
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    names = list(dict.fromkeys(row["by"] for row in rows))
    formats = list(dict.fromkeys(row["format"] for row in rows))
    for k, name in enumerate(names):
        walls = [row["wall_s"] for row in rows if row["by"] == name]
        at = [i + (k - len(names) / 2) * 0.13 for i in range(len(formats))]
        axes.bar(at, walls, width=0.12, label=name)
    axes.set_xticks(range(len(formats)), formats)
    axes.set_ylabel("wall time, s")
    axes.legend(fontsize=8)
    figure.savefig(docs / "bench-peers.png", dpi=110)
    grown = tables[GROWTH]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, key, label in zip(
        figure.subplots(1, 2),
        ("wall_s", "peak_mb"),
        ("wall time, s", "peak memory, MB"),
        strict=True,
    ):
        axes.plot([row["minutes"] for row in grown], [row[key] for row in grown], "o-")
        axes.set_xlabel("minutes")
        axes.set_ylabel(label)
        axes.set_ylim(0)
    figure.savefig(docs / "bench-growth.png", dpi=110)


def main() -> None:
    from library import shared, unchanged  # noqa: PLC0415 - as below
    from peers import SENTENCES, peers  # noqa: PLC0415 - it needs this module

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--long", action="store_true", help="also hours, and peers for an hour")
    wanted = parser.parse_args()
    lengths = (2, 3) if wanted.small else (2, 10, 60, 180) if wanted.long else (2, 10, 30)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["UNDERSONG_CACHE"] = cache
        tables = {
            "Start-up": start_up(),
            "Beds": beds(20 if wanted.small else 600),
            "Offline voice, whole process with tone": [voice()],
            "Offline voice, the engine alone": [engine_alone(SENTENCES)],
            "Stages, per core": stages(20 if wanted.small else 120),
            "Measuring a file": [measuring(60 if wanted.small else 600)],
        }
        for minutes in (1,) if wanted.small else (10, 60) if wanted.long else (10,):
            with tempfile.TemporaryDirectory() as folder:
                os.environ["UNDERSONG_CACHE"] = cache
                turns = 1 if minutes != 10 else 4
                tables |= peers(Path(folder), minutes, ("wav", "flac", "mp3"), turns)
        if not wanted.small:
            tables["The ten-minute body scan, takes cached"] = tracks("10m", 600)
        with tempfile.TemporaryDirectory() as name:
            os.environ["UNDERSONG_CACHE"] = cache
            folder = Path(name)
            tables["An unchanged library"] = [
                unchanged(folder / "still", 100 if wanted.small else 1000)
            ]
            tables["Short tracks, takes cached"] = shared(folder, 4 if wanted.small else 40)
        tables[GROWTH] = growth(lengths, "waves", "flac")
    found = {
        "machine": {
            "cores": os.cpu_count(),
            "python": f"Python {platform.python_version()}",
            "system": platform.platform(),
        },
        "tables": tables,
    }
    docs = ROOT / "docs"
    if not wanted.small:
        draw(tables, docs)
        (docs / "bench.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (docs / "bench.md").write_text(page(found), encoding="utf-8")
    sys.stdout.write(page(found))


if __name__ == "__main__":
    main()
