"""A library on disks that are full, read-only or elsewhere, under wrong clocks and odd names."""

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from disks import disk, nothing_grows, run
from misfortune_kit import RECIPE, WORDS, write_one, write_short

from undersong.batch import sources
from undersong.batch.freshness import plan_build
from undersong.batch.model import Choice, Order
from undersong.files import digest_file
from undersong.store.kinds import FILES
from undersong.store.store import Store
from undersong.store.verify import verify

BUILD = [sys.executable, "-m", "undersong", "build", "--jobs", "2"]


@pytest.fixture
def many(library):
    """Three short recipes beside `rest`, which is left out."""
    write_short(library)
    return library


@pytest.fixture
def undisturbed(many, undersong, tmp_path):
    """The digests of all tracks when nothing goes wrong; no finished file of them is kept."""
    assert undersong("build", "--out", tmp_path / "calm").code == 0
    shutil.rmtree(finished())
    return delivered(tmp_path / "calm")


def finished() -> Path:
    return Path(os.environ["UNDERSONG_CACHE"]) / FILES.name


def delivered(out: Path) -> dict[str, str]:
    files = [path for path in out.glob("*/*") if path.is_file() and ".undersong" not in str(path)]
    return {path.relative_to(out).as_posix(): digest_file(path) for path in files}


def ended(done: "subprocess.CompletedProcess[str]") -> dict[str, object]:
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kept", [False, True])
def test_a_full_disk_ends_in_a_sentence_and_with_room_the_build_goes_on(
    many, undisturbed, undersong, tmp_path, kept
):
    if kept:
        assert undersong("build", "--out", tmp_path / "before").out.startswith("3 made")
    with disk(tmp_path / "small", "700k") as small:
        out = small.folder / "tracks"
        done = run(many, [*BUILD, "--out", str(out)], small)
        assert done.returncode == 7, done.stderr
        assert "cannot write" in done.stderr
        assert "Traceback" not in done.stderr
        for name, digest in delivered(out).items():
            if not name.endswith("unfinished.json"):
                assert undisturbed[name] == digest
        assert not list(out.glob("*/.undersong-*"))
        small.grow("64m")
        done = run(many, [*BUILD, "--out", str(out)], small)
        assert done.returncode == 0, done.stderr
        assert delivered(out) == undisturbed


def test_a_full_cache_is_named_and_with_room_the_build_goes_on(many, undisturbed, tmp_path):
    with disk(tmp_path / "small", "60k") as small:
        cache = str(small.folder / "cache")
        filler = small.folder / "filler"
        if small.real:
            with pytest.raises(OSError, match="No space"):
                filler.write_bytes(bytes(1_000_000))
        else:
            small.before = nothing_grows
        done = run(many, BUILD, small, UNDERSONG_CACHE=cache)
        assert done.returncode == 7, done.stderr
        assert "cache" in done.stderr
        assert "Traceback" not in done.stderr
        filler.unlink(missing_ok=True)
        small.grow("64m")
        done = run(many, BUILD, small, UNDERSONG_CACHE=cache)
        assert done.returncode == 0, done.stderr
        assert delivered(many / "build") == undisturbed


def test_a_read_only_cache_serves_what_it_has_and_says_what_it_cannot_keep(
    many, undisturbed, tmp_path
):
    with disk(tmp_path / "locked", "64m") as locked:
        cache = str(locked.folder / "cache")
        done = run(many, BUILD, locked, UNDERSONG_CACHE=cache)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(many / "build")
        locked.lock(tmp_path / "scripts")
        done = run(many, BUILD, locked, UNDERSONG_CACHE=cache)
        assert done.returncode == 0, done.stderr
        assert delivered(many / "build") == undisturbed
        write_one(many / "recipes/kindly.md", "kindly")
        done = run(many, BUILD, locked, UNDERSONG_CACHE=cache)
        assert done.returncode == 7, done.stderr
        assert "the cache is not usable" in done.stderr
        assert "3 up to date, 1 failed" in done.stdout


def test_a_library_may_lie_on_another_disk_than_cache_and_tracks(many, undisturbed, tmp_path):
    """The cache then keeps copies of finished files."""
    with disk(tmp_path / "one", "64m") as one, disk(tmp_path / "two", "64m") as two:
        shutil.copytree(many, one.folder / "library")
        out = two.folder / "tracks"
        done = run(one.folder / "library", [*BUILD, "--out", str(out), "--json"], one)
        assert done.returncode == 0, done.stdout
        assert delivered(out) == undisturbed
        done = run(one.folder / "library", [*BUILD, "--out", str(out), "--json"], one)
        assert ended(done)["up_to_date"] == len(WORDS)
        shutil.rmtree(out)
        done = run(one.folder / "library", [*BUILD, "--out", str(out), "--json"], one)
        assert ended(done)["brought"] == len(WORDS)
        assert delivered(out) == undisturbed
        links = {path.stat().st_nlink for path in finished().rglob("*.file")}
        assert links == ({1} if two.real else {2})


def build_at_once(library: Path, cache: Path, folders: list[Path]) -> None:
    started = [
        subprocess.Popen(
            [*BUILD, "--out", str(folder)],
            env=os.environ | {"UNDERSONG_CACHE": str(cache)},
            cwd=library,
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder in folders
    ]
    for process in started:
        assert (process.communicate()[1], process.returncode)[1] == 0


def test_two_builds_into_two_folders_at_once_share_what_is_said(many, undisturbed, tmp_path):
    cache, folders = tmp_path / "shared", [tmp_path / "one", tmp_path / "two"]
    build_at_once(many, cache, folders)
    assert [delivered(folder) for folder in folders] == [undisturbed] * 2
    assert len(list(cache.rglob("takes/*/*.take"))) == len(WORDS)


def test_two_builds_at_once_that_bring_the_same_from_the_cache(many, undisturbed, tmp_path):
    cache, folders = tmp_path / "shared", [tmp_path / "one", tmp_path / "two"]
    build_at_once(many, cache, folders)
    for folder in folders:
        shutil.rmtree(folder)
    build_at_once(many, cache, folders)
    assert [delivered(folder) for folder in folders] == [undisturbed] * 2
    assert verify(Store(cache)).damaged == ()
    assert len(list(cache.rglob("files/*/*.file"))) == len(WORDS)
    tracks = [path for folder in folders for path in folder.glob("*/*.flac")]
    assert len({path.stat().st_ino for path in tracks}) == 2 * len(WORDS)


DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize("jump_ns", [-4000 * DAY_NS, -DAY_NS, -(10**9), 10**9, 4000 * DAY_NS])
def test_a_clock_that_jumps_neither_hides_a_change_nor_makes_one(
    many, undersong, monkeypatch, jump_ns
):
    now_ns = sources.time.time_ns
    assert undersong("build", "--jobs", "1").code == 0
    order = Order(root=many, out=many / "build", cache=many / "c", choice=Choice())
    monkeypatch.setattr(sources.time, "time_ns", lambda: now_ns() + jump_ns)
    for _ in range(2):
        assert not plan_build(order).todo
    path = many / "recipes/softly.md"
    path.write_text(path.read_text().replace("softly.", "safely."))
    assert [verdict.job.slug for verdict in plan_build(order).todo] == ["softly"]
    monkeypatch.undo()
    assert [verdict.job.slug for verdict in plan_build(order).todo] == ["softly"]


NAMES = ("Körper – Réise, ganz lang.md", "身体扫描 1.md", "it’s \"quoted\" & 'so' #1.md")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_may_hold_spaces_and_any_letters_however_they_are_composed(
    many, undersong, tmp_path, form
):
    """Recipes are written in NFC; files have names in either form, as different disks have them."""
    root = tmp_path / unicodedata.normalize(form, "Bücher & Träume")
    shutil.copytree(many, root)
    for word in WORDS:
        (root / f"recipes/{word}.md").unlink()
    for name, word in zip(NAMES, WORDS, strict=True):
        recipe = RECIPE.format(word=word, formats="flac").replace("voice: tone", "voice: küste")
        recipe = recipe.replace("ambience: breeze", "ambience: wühle")
        path = root / "recipes" / unicodedata.normalize(form, name)
        path.write_text(recipe, encoding="utf-8")
    voice, bed = (unicodedata.normalize(form, f"{name}.yaml") for name in ("küste", "wühle"))
    (root / "voices/tone.yaml").rename(root / "voices" / voice)
    (root / "ambience").mkdir()
    (root / "ambience" / bed).write_text("title: W\nlayers: [{generator: breeze}]\n")
    done = undersong("build", "--library", root, "--jobs", "1")
    assert done.code == 0, done.err
    assert done.out.startswith("3 made")
    assert undersong("build", "--library", root).out.strip() == "3 up to date"
    assert undersong("fsck", "--library", root).out.strip() == "3 tracks: all as they were made"
    slugs = sorted(path.name for path in (root / "build").iterdir() if path.is_dir())
    assert "korper-reise-ganz-lang" in slugs
    assert len([slug for slug in slugs if slug[0] != "."]) == 3


def test_one_name_in_two_compositions_is_one_track_twice(many, undersong):
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "Träume.md")
        write_one(many / "recipes" / name, form)
    if len(list((many / "recipes").glob("Tr*"))) == 1:
        return  # this file system takes them for one, and there is nothing to tell apart
    done = undersong("build", "--dry-run")
    assert done.code == 3
    assert "the track traume is made by several recipes" in done.err
