"""Builds by a farm of separate processes: the same bytes whoever dies, and nobody uninvited."""

import json
import random
import shutil
import time

import pytest
from conftest import SETTINGS, TONE
from farm_kit import Farm, delivered, farm_at, finished, start_build
from short_kit import WORDS, write_recipes

from undersong.batch.farm_door import make_certificates
from undersong.deliver.leftovers import UNFINISHED

SAY = """\
title: A teller
language: en-US
engines:
  - engine: command
    run: [sh, say.sh, '{text}', '{out}']
"""


@pytest.fixture
def many(library):
    write_recipes(library)
    return library


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A farm that no test harms."""
    with farm_at(tmp_path_factory.mktemp("farm")) as farm:
        yield farm


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Digests of the library as this machine alone makes it."""
    root = tmp_path_factory.mktemp("undisturbed")
    for name, text in {"undersong.yaml": SETTINGS, "voices/tone.yaml": TONE}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "recipes").mkdir()
    write_recipes(root)
    code, _, said = finished(start_build(root))
    assert code == 0, said
    return delivered(root)


def count(events, kind):
    return sum(event["event"] == kind for event in events)


def test_a_farm_makes_the_same_bytes_and_a_second_build_nothing(many, undisturbed, shared):
    code, events, said = finished(start_build(many, *shared.words))
    assert code == 0, said
    assert delivered(many) == undisturbed
    assert count(events, "made") == count(events, "begun") == len(WORDS)
    assert {"reached", "noted"} <= {event["event"] for event in events}
    assert {event["worker"] for event in events if event["event"] == "begun"} == {0, 1}
    code, events, _ = finished(start_build(many, *shared.words))
    assert (code, events[-1]["up_to_date"]) == (0, len(WORDS))


def test_tracks_in_the_store_are_fetched_not_made(many, undisturbed, shared):
    finished(start_build(many, *shared.words))
    shutil.rmtree(many / "build")
    code, events, said = finished(start_build(many, *shared.words))
    assert code == 0, said
    assert (count(events, "made"), count(events, "begun")) == (len(WORDS), 0)
    assert delivered(many) == undisturbed


def test_a_track_damaged_in_the_store_is_made_again(many, undisturbed, shared):
    finished(start_build(many, *shared.words))
    shutil.rmtree(many / "build")
    digest = undisturbed["build/r3/r3.flac"]
    stored = shared.folder / "store/files" / digest[:2] / digest
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    code, events, said = finished(start_build(many, *shared.words))
    assert code == 0, said
    assert [event["slug"] for event in events if event["event"] == "begun"] == ["r3"]
    assert delivered(many) == undisturbed


def test_failures_stay_alone_and_speak_of_the_library(many, shared):
    (many / "voices/mute.yaml").write_text(SAY.replace("sh, say.sh,", "sh, -c, 'exit 7',"))
    write_recipes(many, "mute", WORDS[:1])
    code, events, said = finished(start_build(many, *shared.words))
    assert code == 4, said
    (failed,) = (event for event in events if event["event"] == "failed")
    assert failed["slug"] == "r0"
    assert "dask" not in failed["message"]
    assert "recipes/r0.md" in failed["message"] or "mute" in failed["message"]
    assert count(events, "made") == len(WORDS) - 1


@pytest.mark.slow
def test_what_never_repeats_itself_is_said_once_and_locked_at_home(many, shared, tmp_path):
    """The program's sound differs each time; its takes are shared by all workers and come home."""
    said = tmp_path / "said.txt"
    (many / "say.sh").write_text(
        f'echo "$1" >> "{said}"\n'
        "exec python3 - \"$2\" <<'END'\n"
        "import random, struct, sys, wave\n"
        "with wave.open(sys.argv[1], 'wb') as file:\n"
        "    file.setparams((1, 2, 24000, 0, 'NONE', ''))\n"
        "    tone = [random.randint(-9000, 9000) for _ in range(24000)]\n"
        "    file.writeframes(struct.pack('<24000h', *tone))\n"
        "END\n"
    )
    (many / "voices/teller.yaml").write_text(SAY)
    write_recipes(many, "teller")
    code, _, err = finished(start_build(many, *shared.words))
    assert code == 0, err
    lock = json.loads((many / "recipes/takes.lock").read_text())
    assert len(lock["takes"]) == len(WORDS) + 1
    assert len(said.read_text().splitlines()) <= len(WORDS) + 2  # one phrase, two workers at once
    before = delivered(many)
    spoken = said.read_text()
    code, _, err = finished(start_build(many))
    assert code == 0, err
    shutil.rmtree(many / "build")
    code, _, err = finished(start_build(many))
    assert code == 0, err
    assert said.read_text() == spoken
    assert {n: d for n, d in delivered(many).items() if n.endswith("flac")} == {
        n: d for n, d in before.items() if n.endswith("flac")
    }


def test_a_farm_without_tls_or_with_another_certificate_is_refused(many, shared, tmp_path):
    plain = ("--farm", shared.address.replace("tls://", "tcp://"), "--farm-folder", shared.folder)
    code, _, said = finished(start_build(many, *plain))
    assert (code, "TLS" in said) == (2, True)
    code, _, said = finished(start_build(many, *plain, "--farm-plain"))
    assert (code, "no farm answers" in said) == (9, True)
    make_certificates(tmp_path / "other")
    other = ("--farm", shared.address, "--farm-folder", tmp_path / "other")
    code, _, said = finished(start_build(many, *other))
    assert (code, "no farm answers" in said) == (9, True)
    assert not list((many / "build").glob("r*"))


def harm(library, home, undisturbed, rounds, seed):
    """Build with workers and the scheduler being killed; whatever is there is always whole."""
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    workers, lost, begun, kills = 2, 0, 0, 0
    farm = Farm(home, workers)
    farm.start()
    while True:
        process = start_build(library, *farm.words)
        while process.poll() is None and kills < rounds:
            if not working(farm):
                time.sleep(0.05)
                continue
            time.sleep(dice.uniform(0.0, 2.0))
            if process.poll() is not None:
                break
            kills += 1
            if kills % 2:
                farm.kill_worker(dice.randrange(workers))
                lost += 1
            else:
                farm.kill_scheduler()
                lost += workers
        code, events, said = finished(process)
        begun += count(events, "begun")
        for name, digest in delivered(library).items():
            assert undisturbed[name] == digest, (kills, name)
        if code == 0:
            break
        assert code == 9, (code, said, events)
        assert "is gone" in said or "no farm answers" in said
        farm.stop()
        farm.start()
    farm.stop()
    assert delivered(library) == undisturbed
    assert not list((library / "build").glob("*/.*"))
    assert not list((library / "build").glob(f"*/{UNFINISHED}"))
    assert begun <= len(WORDS) + lost
    return kills


def working(farm):
    """Whether some worker has its copy of a library before it."""
    return next(farm.folder.glob("work/**/undersong/library"), None) is not None


@pytest.mark.slow
def test_killed_workers_and_a_killed_scheduler_leave_the_same_bytes(many, undisturbed, tmp_path):
    assert harm(many, tmp_path, undisturbed, rounds=2, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_kills_of_workers_and_schedulers(many, undisturbed, tmp_path, seed):
    for k in range(10):
        home = tmp_path / f"round {k}"
        home.mkdir()
        shutil.rmtree(many / "build", ignore_errors=True)
        harm(many, home, undisturbed, rounds=2, seed=100 * seed + k)


@pytest.mark.slow
def test_a_track_that_kills_every_worker_fails_alone(many, tmp_path):
    (many / "voices/killer.yaml").write_text(SAY.replace("sh, say.sh,", "sh, -c, 'kill -9 $PPID',"))
    write_recipes(many, "killer", WORDS[:1])
    with farm_at(tmp_path) as farm:
        code, events, said = finished(start_build(many, *farm.words))
    assert code == 1, said
    (failed,) = (event for event in events if event["event"] == "failed")
    assert failed["slug"] == "r0"
    assert "died" in failed["message"]
    assert count(events, "made") == len(WORDS) - 1
