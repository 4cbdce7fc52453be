"""Whatever happens during a render: a clear end, nothing half-made, nothing lost."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from track_kit import contents

from undersong import cli
from undersong.cli.screen import Progress

STAGES = ("speaking", "listening to the bed", "measuring the mix", "encoding", "writing the rest")
FINAL = {"rest.mp3", "rest.flac", "rest.vtt", "rest.srt", "rest.txt", "manifest.json"}


@pytest.fixture
def two_formats(library):
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("[wav]", "[mp3, flac]"))
    return library


@pytest.fixture
def undisturbed(two_formats, undersong, tmp_path, monkeypatch):
    """The bytes of the track when nothing goes wrong, made with a cache of its own."""
    with monkeypatch.context() as patch:
        patch.setenv("UNDERSONG_CACHE", str(tmp_path / "calm-cache"))
        assert undersong("render", "rest", "--out", tmp_path / "calm").code == 0
    return contents(tmp_path / "calm" / "rest")


def interrupt_in(monkeypatch, stage):
    """Press Ctrl-C in the middle of a stage."""
    begin = Progress.stage

    def interrupting(self, name, total):
        tick = begin(self, name, total)
        if not name.startswith(stage):
            return tick
        done = 0

        def press(steps):
            nonlocal done
            done += steps
            tick(steps)
            if done >= total / 2:
                raise KeyboardInterrupt

        return press

    monkeypatch.setattr(Progress, "stage", interrupting)


@pytest.mark.parametrize("stage", STAGES)
def test_an_interrupt_in_any_stage_leaves_nothing_half_made(
    two_formats, undersong, undisturbed, monkeypatch, stage
):
    words = ("render", "rest", "--stems") if stage == STAGES[-1] else ("render", "rest")
    with monkeypatch.context() as patch:
        interrupt_in(patch, stage)
        outcome = undersong(*words)
    assert outcome.code == 130
    assert "Stopped" in outcome.err
    made = contents(two_formats / "build" / "rest")
    assert not [name for name in made if ".undersong" in name]
    assert all(made[name] == undisturbed[name] for name in made if name in FINAL)
    assert undersong("render", "rest").code == 0
    again = contents(two_formats / "build" / "rest")
    assert again == undisturbed


KILLER = """
import os, signal, sys
seen = 0
def hook(event, _words):
    global seen
    seen += event in {events!r}
    if event in {events!r} and seen == {moment}:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
"""


def start(library, largest_file=None, killed_at=None):
    """Start a render in a process of its own.

    Its files may not grow beyond `largest_file`; it is killed when it is about to do one of some
    things for the nth time, `killed_at`.
    """
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({largest_file}, {largest_file}));"
    code = f"""
import resource
{limit if largest_file else ""}
{KILLER.format(events=killed_at[0], moment=killed_at[1]) if killed_at else ""}
from undersong.cli import main
main(["render", "rest"])
"""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=library,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_disk_that_fills_up_is_a_clear_error_and_loses_nothing(
    two_formats, undersong, undisturbed
):
    """The kernel refuses to let files grow beyond a megabyte; the FLAC needs several."""
    process = start(two_formats, largest_file=1_000_000)
    _, said = process.communicate()
    assert process.returncode == 7, said
    assert "cannot write" in said
    assert "Traceback" not in said
    assert contents(two_formats / "build" / "rest") == {}
    assert undersong("render", "rest").code == 0
    assert contents(two_formats / "build" / "rest") == undisturbed


def test_a_failed_render_keeps_the_track_that_was_there(two_formats, undersong, undisturbed):
    assert undersong("render", "rest").code == 0
    recipe = two_formats / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("Rest here.", "Rest here for a long while."))
    process = start(two_formats, largest_file=1_000_000)
    assert (process.communicate(), process.returncode)[1] == 7
    assert contents(two_formats / "build" / "rest") == undisturbed


def test_an_output_folder_that_cannot_be_is_a_clear_error(library, undersong):
    (library / "file").write_text("")
    outcome = undersong("render", "rest", "--out", library / "file" / "inside")
    assert outcome.code == 7
    assert "cannot write" in outcome.err


def test_a_cache_that_cannot_be_is_a_clear_error(library, undersong, monkeypatch):
    (library / "file").write_text("")
    monkeypatch.setenv("UNDERSONG_CACHE", str(library / "file" / "cache"))
    outcome = undersong("render", "rest")
    assert outcome.code == 7
    assert not (library / "build").exists()


def kill_and_finish(library, undisturbed, moments_s, how):
    """Kill a render at each moment, then let one finish; whatever is there is always whole."""
    for moment_s in moments_s:
        process = start(library)
        time.sleep(moment_s)
        process.send_signal(how)
        process.communicate()
        made = contents(library / "build" / "rest")
        for name in FINAL & made.keys():
            assert made[name] == undisturbed[name], (moment_s, name)
    process = start(library)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    made = contents(library / "build" / "rest")
    assert {name: made[name] for name in FINAL} == undisturbed


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_render_leaves_whole_files_and_a_sound_cache(two_formats, undisturbed, how):
    kill_and_finish(two_formats, undisturbed, [0.4, 1.1, 1.9], how)


NAMES_CHANGE = ("os.link", "os.rename", "os.remove")


def kept_files():
    return list((Path(os.environ["UNDERSONG_CACHE"]) / "files").rglob("*.file"))


def test_kills_while_a_track_comes_from_the_cache_leave_whole_files(
    two_formats, undersong, undisturbed
):
    folder = two_formats / "build/rest"
    assert undersong("render", "rest").code == 0
    killed = 0
    for moment in range(1, 200, 3):
        shutil.rmtree(two_formats / "build")
        process = start(two_formats, killed_at=(NAMES_CHANGE, moment))
        process.communicate()
        made = contents(folder) if folder.exists() else {}
        assert all(made[name] == undisturbed[name] for name in FINAL & made.keys()), moment
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        killed += 1
        assert undersong("render", "rest").code == 0
        assert contents(folder) == undisturbed
    assert killed > 4
    assert undersong("cache", "verify").code == 0


@pytest.mark.parametrize("moment", [1, 2])
def test_kills_while_a_track_is_kept_leave_a_sound_cache(
    two_formats, undersong, undisturbed, moment
):
    process = start(two_formats, killed_at=(("os.link",), moment))
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(kept_files()) == moment - 1
    assert undersong("cache", "verify").code == 0
    assert undersong("render", "rest").code == 0
    assert contents(two_formats / "build/rest") == undisturbed
    assert len(kept_files()) == 2


def test_a_disk_that_fills_up_while_a_track_comes_from_the_cache_is_a_clear_error(
    two_formats, undersong, undisturbed
):
    assert undersong("render", "rest").code == 0
    shutil.rmtree(two_formats / "build")
    process = start(two_formats, largest_file=1_000_000)
    _, said = process.communicate()
    assert process.returncode == 7, said
    assert "cannot write" in said
    assert contents(two_formats / "build/rest") == {}
    assert len(kept_files()) == 2
    assert undersong("render", "rest").out.startswith("rest: ")
    assert contents(two_formats / "build/rest") == undisturbed


def test_a_request_to_end_is_answered_like_ctrl_c(two_formats, undisturbed):
    for _ in range(2):
        process = start(two_formats)
        while not (line := process.stderr.readline()).startswith("  encoding"):
            assert line, "the render ended before it was asked to"
        process.send_signal(signal.SIGTERM)
        assert process.communicate()[1].endswith("Stopped. What was finished is kept.\n")
        assert process.returncode == 143
        assert not list(two_formats.rglob(".undersong-*"))
    kill_and_finish(two_formats, undisturbed, [], signal.SIGTERM)


def test_what_a_killed_render_left_is_gone_after_the_next(two_formats, undisturbed):
    process = start(two_formats)
    while not process.stderr.readline().startswith("  encoding"):
        assert process.poll() is None
    while not list(two_formats.rglob(".undersong-*.flac")):
        assert process.poll() is None
    process.kill()
    process.communicate()
    kill_and_finish(two_formats, undisturbed, [], signal.SIGKILL)
    assert contents(two_formats / "build" / "rest") == undisturbed


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_a_library_swallowed_still_ends_as_one(monkeypatch, how):
    def swallow(_words):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), how)
            signal.sigtimedwait([], 1)
        return 4

    monkeypatch.setattr(cli, "_run", swallow)
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 128 + how


def test_files_that_a_track_no_longer_has_are_removed(two_formats, undersong, undisturbed):
    recipe = two_formats / "recipes" / "rest.md"
    text = recipe.read_text()
    recipe.write_text(text.replace("[mp3, flac]", "[wav]"))
    assert undersong("render", "rest", "--stems", "--picture").code == 0
    folder = two_formats / "build" / "rest"
    stems = {f"stems/{name}.wav" for name in ("voice", "bed", "bed-ducked", "cues")}
    texts = {f"rest.{suffix}" for suffix in ("vtt", "srt", "txt")}
    assert contents(folder).keys() == {"rest.wav", "picture.png", "manifest.json", *texts, *stems}
    recipe.write_text(text)
    assert undersong("render", "rest").code == 0
    assert contents(folder) == undisturbed
    assert not (folder / "stems").exists()


def test_a_track_may_have_the_name_of_a_stem(library, undersong):
    (library / "recipes" / "rest.md").rename(library / "recipes" / "voice.md")
    assert undersong("render", "voice", "--stems").code == 0
    made = contents(library / "build" / "voice")
    assert made["voice.wav"] != made["stems/voice.wav"]
    assert "up to date" in undersong("render", "voice", "--stems").out


@pytest.mark.slow
def test_a_hundred_kills_at_any_moment(two_formats, undisturbed):
    step_s = 0.04
    kill_and_finish(two_formats, undisturbed, [k * step_s for k in range(100)], signal.SIGKILL)


@pytest.mark.parametrize(
    ("plant", "code", "words"),
    [
        ("artwork: cover.jpg", 3, "cover.jpg"),
        ("artwork: broken.jpg", 5, "broken.jpg"),
        ("voice: nobody", 3, "nobody"),
        ("ambience: nowhere", 3, "nowhere"),
        ("length: 3s", 3, "10s to 12h"),
        ("length: -5m", 3, "10s to 12h"),
        ("length: 900h", 3, "10s to 12h"),
        ("\tpace: calm", 3, "tab"),
        ("pace: [calm", 3, "rest.md:"),
        ("formats: [mp4]", 3, "mp3"),
        ('author: "a\\ud800b"', 3, "not text"),
        ('author: "a\\u0007b"', 3, "not text"),
        ("artwork: " + "a" * 300 + ".jpg", 3, "no picture"),
        ("difference: 5 LU\npause_difference: 9 LU", 3, "difference"),
    ],
)
def test_bad_settings_stop_a_render_before_it_begins(library, undersong, plant, code, words):
    (library / "recipes" / "broken.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    recipe = library / "recipes" / "rest.md"
    key = plant.strip().split(":")[0]
    kept = [line for line in recipe.read_text().split("\n") if not line.startswith(f"{key}:")]
    recipe.write_text("\n".join([kept[0], plant, *kept[1:]]))
    outcome = undersong("render", "rest")
    assert outcome.code == code, outcome.err
    assert words in outcome.err
    assert not (library / "build").exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        ("[4s", "rest.md:"),
        ('(Qi)[sub:"chee', "rest.md:"),
        ("Hello. [-4s]", "rest.md:"),
        ("Hello. [9000h]", "rest.md:"),
        ("Hello. [paus]", "pause"),
        ("Hello. [ambience: wavs]", "waves"),
        ('Hello. !["missing.wav"]', "missing.wav"),
        ("Hello. [breathe: in 40s, out 6s]", "rest.md:"),
        ("Hello " + "a" * 100_000, "up to 500 characters"),
    ],
)
def test_bad_scripts_stop_a_render_before_it_begins(library, undersong, body, words):
    recipe = library / "recipes" / "rest.md"
    front = recipe.read_text().split("---\n")[1]
    recipe.write_text(f"---\n{front}---\n\n{body}\n")
    outcome = undersong("render", "rest")
    assert outcome.code == 3, outcome.err
    assert words in outcome.err
    assert not (library / "build").exists()


def test_a_damaged_sound_of_the_library_is_named(library, undersong):
    (library / "sounds").mkdir()
    (library / "sounds" / "gong.wav").write_bytes(b"RIFF nonsense" * 9)
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("[bell: hold 1s]", '!["gong.wav"]'))
    outcome = undersong("render", "rest")
    assert outcome.code == 5
    assert "gong.wav" in outcome.err


def test_a_missing_or_damaged_recording_is_named_with_its_phrase(library, undersong):
    (library / "voices" / "tone.yaml").write_text(
        "title: Recorded\nlanguage: en-US\nengines:\n  - engine: recorded\n    folder: takes\n"
    )
    (library / "takes").mkdir()
    (library / "takes" / "let-yourself-arrive.wav").write_bytes(b"not sound" * 99)
    outcome = undersong("render", "rest")
    assert outcome.code in {4, 5}
    assert "there-is-nowhere-else-to-be" in outcome.err
    assert not (library / "build").exists()


def test_the_working_folder_does_not_matter(library, undersong, tmp_path):
    os.chdir(tmp_path)
    outcome = undersong("plan", library / "recipes" / "rest.md")
    assert outcome.code == 0, outcome.err
