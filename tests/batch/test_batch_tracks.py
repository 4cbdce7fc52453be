"""Finished tracks: proven, pruned, summed up; and builds whenever something is saved."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch_kit import make_files, pretend
from msgspec.structs import replace

from undersong.batch.clock import Clock
from undersong.batch.estimate import estimate
from undersong.batch.events import Failed, Made
from undersong.batch.freshness import plan_build
from undersong.batch.report import DATA, PAGE, page, write_report


@pytest.fixture
def built(library, undersong):
    """One track, made."""
    outcome = undersong("build", "--jobs", "1")
    assert outcome.code == 0, outcome.err
    return library


def test_fsck_proves_a_library(built, undersong):
    outcome = undersong("fsck", "--listen")
    assert (outcome.code, outcome.out.strip()) == (0, "1 tracks: all as they were made")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda track: (track / "rest.wav").unlink(), "rest.wav: it is missing"),
        (lambda track: (track / "rest.vtt").unlink(), "rest.vtt: it is missing"),
        (lambda track: flip(track / "rest.wav"), "rest.wav: its bytes are not those"),
        (lambda track: (track / "manifest.json").write_text("{"), "cannot be read as a manifest"),
    ],
)
def test_fsck_finds_what_is_damaged_and_a_build_mends_it(built, undersong, damage, words):
    damage(built / "build" / "rest")
    outcome = undersong("fsck")
    assert outcome.code == 5
    assert words in outcome.err
    told = json.loads(undersong("fsck", "--json").out)
    assert len(told["flaws"]) == 1
    mended = undersong("build")
    assert mended.out.startswith("1 made" if words.endswith("not those") else "1 from the cache")
    assert undersong("fsck").code == 0


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_fsck_hears_a_file_that_is_not_what_its_manifest_says(built, undersong):
    path = built / "build" / "rest" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["deliverables"][0]["levels"]["integrated_lufs"] += 1
    path.write_text(json.dumps(manifest))
    assert undersong("fsck").code == 0
    outcome = undersong("fsck", "--listen")
    assert outcome.code == 5
    assert "its integrated_lufs is" in outcome.err


def test_prune_removes_what_is_ours_and_nothing_else(built, undersong):
    (built / "recipes/rest.md").rename(built / "recipes/calm.md")
    (built / "build/rest/mine.txt").write_text("mine")
    (built / "build/other").mkdir()
    dry = undersong("prune", "--dry-run")
    assert dry.out.splitlines()[0].endswith("build/rest")
    assert (built / "build/rest/rest.wav").exists()
    refused = undersong("prune")
    assert refused.code == 7
    assert "--yes" in refused.err
    outcome = undersong("prune", "--yes")
    assert outcome.code == 0
    assert "mine.txt stays" in outcome.out
    assert [path.name for path in (built / "build/rest").iterdir()] == ["mine.txt"]
    (built / "build/rest/mine.txt").unlink()
    assert undersong("prune", "--yes").out.strip() == "nothing to remove"


def test_prune_leaves_no_empty_folder(built, undersong):
    (built / "recipes/rest.md").unlink()
    told = json.loads(undersong("prune", "--yes", "--json").out)
    assert [Path(path).name for path in told["removed"]] == ["rest"]
    assert not (built / "build/rest").exists()


def test_the_report_shows_every_track_and_why_one_failed(tmp_path):
    order = make_files(tmp_path)
    pretend(order)
    (order.root / "recipes/told.md").write_text("---\ntitel: <b>\n---\nx\n")
    plan = plan_build(order)
    manifest = {
        "slug": "calm",
        "title": "Calm & <quiet>",
        "voice": "tone",
        "draft": True,
        "length_s": 61.2,
        "target_lufs": -16.0,
        "speech_lufs": None,
        "companions": [],
        "deliverables": [
            {
                "file": "a b.mp3",
                "format": "mp3",
                "size_bytes": 2_000_000,
                "levels": {"integrated_lufs": -16.02, "true_peak_dbtp": -3.0},
            }
        ],
    }
    (order.out / "calm/manifest.json").write_text(json.dumps(manifest))
    failed = Failed(slug="long-sleep", message="no <voice>")
    write_report(order.out, plan, [failed])
    text = (order.out / PAGE).read_text(encoding="utf-8")
    assert "Calm &amp; &lt;quiet&gt;" in text
    assert 'href="calm/a%20b.mp3"' in text
    assert "no &lt;voice&gt;" in text
    assert "1 spoken by a draft voice" in text
    assert "within 0.02 LU" in text
    rows = json.loads((order.out / DATA).read_text())["tracks"]
    states = {row["slug"]: row["state"] for row in rows}
    assert states["long-sleep"] == states["told"] == "failed"
    assert "<tbody>" in page(())


def test_an_estimate_counts_what_is_to_be_made(tmp_path):
    order = make_files(tmp_path)
    first = estimate(plan_build(order))
    assert first.tracks == 4
    assert first.played_s > 20
    pretend(order)
    assert estimate(plan_build(order)).tracks == 0
    again = estimate(plan_build(replace(order, force=True)))
    assert again.cost_s == pytest.approx(4 * 2.0)
    assert again.played_s == pytest.approx(4 * 60.0)


def test_an_estimate_counts_what_an_online_voice_has_yet_to_say(tmp_path):
    order = make_files(tmp_path)
    (order.root / "voices/tone.yaml").write_text(
        "title: Ava\nlanguage: en-US\nengines:\n  - {engine: edge, voice: en-US-AvaNeural}\n"
    )
    said = {"edge": len("Let your Qi settle.") + 3 * len("Rest here.")}
    assert estimate(plan_build(order)).asked == said
    offline = replace(order, choice=replace(order.choice, offline=True))
    assert estimate(plan_build(offline)).asked == {}


def test_the_clock_knows_how_much_is_left(tmp_path):
    order = make_files(tmp_path)
    pretend(order)
    clock = Clock(plan_build(replace(order, force=True)).todo)
    assert (clock.total, clock.left_s(), clock.outlook()) == (4, None, "")
    facts = {"length_s": 60.0}
    made = Made(
        slug="calm", rendered=True, outputs=(), locked="", cost_s=2.0, wall_s=1.0, facts=facts
    )
    clock.take(made)
    left_s = clock.left_s()
    assert left_s is not None
    assert left_s == pytest.approx(3 * clock.elapsed_s, rel=0.5)
    assert "left" in clock.outlook()
    clock.take(Failed(slug="no track of ours", message="x"))
    assert clock.done == 1


def test_watch_builds_whenever_something_is_saved(built):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "undersong", "watch", "--jobs", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert next(lines).startswith("1 up to date")
    assert "watching" in next(lines)
    time.sleep(0.5)  # until the system watches
    recipe = built / "recipes/rest.md"
    recipe.write_text(recipe.read_text().replace("Rest here", "Rest now"))
    assert next(lines).startswith("saved: recipes/rest.md")
    assert next(lines).startswith("1 made")
    recipe.write_text("---\ntitel: x\n---\n")
    assert next(lines).startswith("saved: ")
    assert "failed" in next(lines)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
