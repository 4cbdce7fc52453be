"""Libraries: one in which nothing changed, and many short tracks on one core and on all."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import soundfile
from bench import spent, undersong
from peers import HERE, SENTENCES, VOICE, bring_in, forget_measurements, job

from undersong.batch.events import Made
from undersong.batch.freshness import plan_build
from undersong.batch.model import Choice, Order
from undersong.batch.runner import Keeper
from undersong.manifest import MANIFEST

RECIPE = """\
---
title: Track {k}
voice: plain
ambience: {bed}
loudness: sleep
formats: [mp3]
fades: {{in: 6s, out: 15s}}
---

{script}
"""
SETTINGS = "title: Bench\nauthor: Nobody\nlanguage: en-US\n"


def unchanged(folder: Path, count: int) -> dict[str, Any]:
    """What it costs to find that nothing is to be done. The tracks only pretend to be there."""
    order = _library(folder, count, pauses=5)
    plan = plan_build(order)
    keeper = Keeper(order, plan)
    names = ("track.mp3", "track.vtt", "track.srt", "track.txt", MANIFEST)
    for verdict in plan.todo:
        verdict.job.folder.mkdir(parents=True)
        for name in names:
            (verdict.job.folder / name).write_text("", encoding="utf-8")
        facts = {"length_s": 60.0, "draft": True}
        keeper.note(
            Made(
                slug=verdict.job.slug,
                rendered=True,
                outputs=names,
                locked="",
                cost_s=1.0,
                wall_s=1.0,
                facts=facts,
            )
        )
    keeper.keep()
    time.sleep(3)  # until stamps alone are believed
    subprocess.run(undersong("build", "--library", folder), check=True, capture_output=True)
    costs = [spent(undersong("build", "--library", folder)) for _ in range(5)]
    return {
        "tracks": count,
        "wall_s": round(min(cost.wall_s for cost in costs), 2),
        "cpu_s": round(min(cost.cpu_s for cost in costs), 2),
    }


def shared(folder: Path, count: int) -> list[dict[str, Any]]:
    """Build short tracks on one core and on all, and do as many jobs by ffmpeg, in one run.

    Takes are cached beforehand. ffmpeg gets finished stems and as many processes as cores.
    """
    os.environ["UNDERSONG_CACHE"] = str(folder / "cache")
    places = job(folder, 1)
    rows = []
    for bed, kind in (("taped", "recorded"), ("waves", "synthesised")):
        order = _library(folder / kind, count, pauses=4, bed=bed)
        if bed == "taped":
            (order.root / "ambience").mkdir()
            bring_in(places["folder"] / "bed.wav", order.root)
        subprocess.run(undersong("build", "--library", order.root), check=True, capture_output=True)
        for which, cores in (("one core", {0}), ("all cores", None)):
            row = {"by": f"undersong, {kind} bed, {which}", "tracks": count}
            rows.append(row | {"wall_s": round(_built_s(order.root, cores), 1)})
    seconds = soundfile.info(places["folder"] / "bed.wav").duration
    stems = [places["folder"] / "narration.wav", places["folder"] / "bed.wav"]
    begun_s = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for k in range(count):
            words = [*stems, folder / f"f{k}.mp3", "mp3", seconds, "48000"]
            command = [sys.executable, HERE / "with_ffmpeg.py", *words]
            pool.submit(subprocess.run, [str(word) for word in command], check=True)
    rows.append({"by": "ffmpeg", "tracks": count, "wall_s": round(time.monotonic() - begun_s, 1)})
    for row in rows:
        row["tracks_per_minute"] = round(60 * count / row["wall_s"])
        row["ratio_to_ffmpeg"] = round(rows[-1]["wall_s"] / row["wall_s"], 2)
    return rows


def _built_s(root: Path, cores: set[int] | None) -> float:
    """Return how long a forced build takes, on some cores or all."""

    def held() -> None:
        if cores:
            os.sched_setaffinity(0, cores)

    out = root.parent / f"{root.name}-{len(cores or ())}"
    forget_measurements()
    begun_s = time.monotonic()
    subprocess.run(
        undersong("build", "--library", root, "--out", out, "--json"),
        check=True,
        capture_output=True,
        preexec_fn=held,
    )
    return time.monotonic() - begun_s


def _library(root: Path, count: int, *, pauses: int, bed: str = "waves") -> Order:
    """Write a library of tracks of about a minute."""
    for name in ("recipes", "voices"):
        (root / name).mkdir(parents=True)
    (root / "undersong.yaml").write_text(SETTINGS, encoding="utf-8")
    (root / "voices" / "plain.yaml").write_text(VOICE, encoding="utf-8")
    for k in range(count):
        script = "\n\n".join(f"{SENTENCES[(k + j) % 6]} [6s]" for j in range(pauses))
        text = RECIPE.format(k=k, script=script, bed=bed)
        (root / "recipes" / f"track-{k}.md").write_text(text, encoding="utf-8")
    return Order(root=root, out=root / "build", cache=root / "cache", choice=Choice())
