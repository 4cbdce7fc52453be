"""A power cut: what was not synced is lost, and so are any renames of the last moments."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from journal import Journal
from misfortune_kit import WORDS, write_short

from undersong.files import digest_file


@pytest.fixture
def many(library):
    """Three short recipes beside `rest`, which is left out."""
    write_short(library, "flac, mp3")
    return library


def build(library: Path, cache: Path, **env: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "undersong", "build", "--jobs", "2"],
        cwd=library,
        env=os.environ | {"UNDERSONG_CACHE": str(cache)} | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def delivered(library: Path) -> dict[str, str]:
    files = [path for path in (library / "build").glob("*/*") if path.is_file()]
    return {
        path.relative_to(library).as_posix(): digest_file(path)
        for path in files
        if path.parent.name != ".undersong"
    }


def cut_and_resume(library: Path, tmp_path: Path, rounds: int, seed: int) -> None:
    """Cut the power at random moments of one build, and build again after each."""
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    journal, cache = Journal(tmp_path / "journal"), tmp_path / "cache"
    build(library, cache, **journal.env)
    undisturbed = delivered(library)
    assert len(undisturbed) == len(WORDS) * 6
    assert journal.unsynced() == []
    for _ in range(rounds):
        for place in (library / "build", cache):
            count = journal.count(place)
            assert count > 10
            moment, lasting = dice.randrange(count), dice.choice([0.5, 0.9, 1.0])
            journal.cut(place, [k < moment and dice.random() < lasting for k in range(count)])
        build(library, cache)
        assert delivered(library) == undisturbed


def test_after_a_power_cut_the_next_build_makes_the_same_bytes(many, tmp_path):
    cut_and_resume(many, tmp_path, rounds=3, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_after_a_hundred_power_cuts_the_next_build_makes_the_same_bytes(many, tmp_path, seed):
    cut_and_resume(many, tmp_path, rounds=25, seed=seed)
