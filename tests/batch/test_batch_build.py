"""Builds of a real library by real workers: failures stay alone, and nothing is lost or half."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from short_kit import RECIPE, WORDS, write_recipes

from undersong.deliver.leftovers import UNFINISHED
from undersong.store.kinds import FILES

KILLER = """\
title: A killer
language: en-US
engines:
  - engine: command
    run: [sh, -c, 'kill -9 $PPID', '{text}', '{out}']
"""


@pytest.fixture
def many(library):
    """Six short recipes beside `rest`, which is left out."""
    write_recipes(library)
    return library


def delivered(library: Path) -> dict[str, str]:
    """Return digests of all files of all tracks, by path; times in manifests do not count."""
    files = sorted((library / "build").glob("*/*"))
    return {
        str(path.relative_to(library)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file()
        and ".undersong" not in path.parts
        and path.name[0] != "."
        and path.name != UNFINISHED
    }


def start(library: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "undersong", "build", *words],
        cwd=library,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def workers_of(group: int) -> list[str]:
    """Return the processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        state, _parent, process_group = rest.split()[:3]
        if int(process_group) == group and state != "Z":
            found.append(name)
    return found


def ends(group: int) -> bool:
    """Whether all processes of a group have gone within some seconds."""
    patience_s = time.monotonic() + 20
    while workers_of(group) and time.monotonic() < patience_s:
        time.sleep(0.05)
    return not workers_of(group)


def test_a_library_is_built_once_and_only_once(many, undersong):
    first = undersong("build", "--jobs", "2")
    assert first.code == 0, first.err
    assert first.out.startswith("6 made in ")
    assert "[6/6]" in first.err
    before = delivered(many)
    assert len(before) == 6 * 5
    second = undersong("build")
    assert (second.code, second.out.strip()) == (0, "6 up to date")
    assert delivered(many) == before


def test_one_changed_sentence_is_one_take_and_its_track(many, undersong):
    undersong("build", "--jobs", "2")
    takes = Path(os.environ["UNDERSONG_CACHE"]) / "takes"
    before, tracks = set(takes.rglob("*.take")), delivered(many)
    path = many / "recipes/r3.md"
    path.write_text(path.read_text().replace("warmly", "fondly"))
    outcome = undersong("build")
    assert outcome.out.startswith("1 made, 5 up to date")
    assert len(set(takes.rglob("*.take")) - before) == 1
    changed = {name for name, digest in delivered(many).items() if tracks.get(name) != digest}
    assert {Path(name).parent.name for name in changed} == {"r3"}


def test_a_dry_run_says_why_and_makes_nothing(many, undersong):
    outcome = undersong("build", "--dry-run")
    assert outcome.code == 0
    assert outcome.out.splitlines()[0] == "r0: never made here"
    assert "6 of 6 tracks to make" in outcome.out
    assert " of sound, about " in outcome.out
    assert not (many / "build").exists()
    told = json.loads(undersong("build", "--dry-run", "--json").out)
    assert [track["slug"] for track in told["tracks"]] == [f"r{k}" for k in range(6)]


def test_why_explains_one_track(many, undersong):
    undersong("build", "--only", "r1")
    assert undersong("build", "--why", "r1").out.splitlines()[0] == "r1: nothing has changed"
    path = many / "recipes/r1.md"
    path.write_text(path.read_text().replace("1s]", "2s]"))
    outcome = undersong("build", "--why", "r1")
    assert outcome.out.splitlines()[0] == "r1: pauses, scenes and chapters changed"
    nearest = undersong("build", "--why", "r11")
    assert nearest.code == 3
    assert "r1" in nearest.err


def test_a_track_that_kills_its_worker_fails_alone(many, undersong):
    (many / "voices/killer.yaml").write_text(KILLER)
    (many / "recipes/r2.md").write_text(RECIPE.format(k=2, voice="killer", word="never"))
    outcome = undersong("build", "--jobs", "2")
    assert outcome.code == 1
    assert "r2 failed: the worker that made it died (signal SIGKILL)" in outcome.err
    assert outcome.out.startswith("5 made, 1 failed")
    again = undersong("build")
    assert again.out.startswith("5 up to date, 1 failed")


def test_a_recipe_with_faults_and_a_voice_that_fails_leave_the_others_alone(many, undersong):
    (many / "recipes/r0.md").write_text("---\ntitel: x\n---\nHello.\n")
    (many / "voices/mute.yaml").write_text(KILLER.replace("kill -9 $PPID", "exit 7"))
    (many / "recipes/r1.md").write_text(RECIPE.format(k=1, voice="mute", word="never"))
    outcome = undersong("build", "--jobs", "2")
    assert outcome.code == 3
    assert "recipes/r0.md:2:1" in outcome.err
    assert "r1 failed:" in outcome.err
    assert outcome.out.startswith("4 made, 2 failed")
    (log,) = (many / "build/.undersong/logs").glob("r1.log")
    assert "mute" in log.read_text()


def test_fail_fast_begins_nothing_more(many, undersong):
    (many / "voices/mute.yaml").write_text(KILLER.replace("kill -9 $PPID", "exit 7"))
    for k in range(6):
        (many / f"recipes/r{k}.md").write_text(RECIPE.format(k=k, voice="mute", word="never"))
    outcome = undersong("build", "--jobs", "1", "--fail-fast")
    assert outcome.code == 4
    assert outcome.err.count("failed:") == 1


def test_events_are_told_as_json_lines(many, undersong):
    outcome = undersong("build", "--only", "r0", "--json")
    events = [json.loads(line) for line in outcome.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "begun"
    assert kinds[-2:] == ["made", "ended"]
    assert {"reached", "noted"} <= set(kinds)
    assert events[-1] | {"elapsed_s": 0} == {
        "event": "ended",
        "made": 1,
        "brought": 0,
        "up_to_date": 0,
        "failed": 0,
        "left": 0,
        "elapsed_s": 0,
    }


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_stops_soon_and_a_second_one_resumes(many, undersong, how):
    process = start(many, "--jobs", "2")
    while not list((many / "build").glob("*/manifest.json")):
        time.sleep(0.02)
        assert process.poll() is None, process.communicate()
    process.send_signal(how)
    _, err = process.communicate(timeout=30)
    assert process.returncode in {130, 143}, err
    assert ends(process.pid)
    assert not list((many / "build").rglob(".*.flac"))
    kept = len(list((many / "build").glob("*/manifest.json")))
    assert kept < len(WORDS)
    outcome = undersong("build")
    assert outcome.code == 0, outcome.err
    assert len(list((many / "build").glob("*/manifest.json"))) == len(WORDS)


def test_two_builds_at_once_make_each_track_once(many):
    builds = [start(many, "--json"), start(many, "--json")]
    told = []
    for build in builds:
        out, err = build.communicate(timeout=120)
        assert build.returncode == 0, err
        told.append(json.loads(out.splitlines()[-1]))
    assert sorted(each["made"] for each in told) == [0, 6]


def build_whole(library):
    """Build, and return how many tracks had to be made or brought for it."""
    process = start(library, "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    ended = json.loads(out.splitlines()[-1])
    return ended["made"] + ended["brought"]


def kill_and_resume(library, rounds, seed):
    """Build undisturbed; then kill builds at random moments until one is through; compare."""
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    begun_s = time.monotonic()
    build_whole(library)
    whole_s = time.monotonic() - begun_s
    undisturbed = delivered(library)
    kills = 0
    while kills < rounds:
        for path in (library / "build").rglob("*"):
            if path.is_file() and dice.random() < 0.7:
                path.unlink()
        if dice.random() < 0.5:  # else what is gone comes from the cache
            shutil.rmtree(Path(os.environ["UNDERSONG_CACHE"]) / FILES.name, ignore_errors=True)
        process = start(library)
        time.sleep(dice.uniform(0.3, whole_s))
        victims = [process.pid] if dice.random() < 0.5 else pids_of(process.pid)
        for pid in dice.sample(victims, 1):
            os.kill(pid, signal.SIGKILL) if alive(pid) else None
        process.communicate(timeout=120)
        kills += 1
        found = delivered(library)
        for name, digest in found.items():
            assert undisturbed[name] == digest, (kills, name)
        if dice.random() < 0.5:
            broken = {Path(name).parent for name in undisturbed.keys() - found.keys()}
            assert build_whole(library) <= len(broken), kills
    build_whole(library)
    assert delivered(library) == undisturbed
    assert not list((library / "build").glob("*/.*"))
    assert not list((library / "build").glob(f"*/{UNFINISHED}"))


def pids_of(group):
    return [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if int(stat.read_text().rpartition(")")[2].split()[2]) == group
    ] or [group]


def alive(pid):
    return Path(f"/proc/{pid}").exists()


def test_kills_leave_whole_files_and_the_next_build_the_same_bytes(many):
    kill_and_resume(many, rounds=4, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred_kills(many, seed):
    kill_and_resume(many, rounds=20, seed=seed)
