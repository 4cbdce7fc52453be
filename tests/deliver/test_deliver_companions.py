"""What lies beside the deliverables, and the record that names it all."""

from fractions import Fraction
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import soundfile
from deliver_sounds import LENGTH, RATE, Held, narrated
from PIL import Image

from undersong.deliver.certificate import is_whole, manifest_of
from undersong.deliver.companions import STEMS, Companions, write_companions
from undersong.deliver.kept import Keeping
from undersong.deliver.label import CARE, cover_of, label_digest, tags_of
from undersong.errors import AudioFileError
from undersong.files import digest_file
from undersong.manifest import ChapterMark, Deliverable, Levels
from undersong.recipes.model import Elastic, Fades, Pace, Position, Recipe, Script
from undersong.recipes.profiles import PROFILES
from undersong.store.finished import Shelf
from undersong.store.place import default_cache
from undersong.timeline.model import (
    Caption,
    CaptionWord,
    Chapter,
    Phrase,
    PlacedCue,
    Scene,
    Timeline,
)
from undersong.units import Dbtp, Lu, Lufs

AT = Position(line=1, column=1)
PAUSE = Elastic(floor=Fraction(1), natural=Fraction(2), cap=Fraction(3))
RECIPE = Recipe(
    path="shore.md",
    slug="shore",
    title="Shore",
    author="A. Author",
    album="Starter",
    language="en",
    voice="offline",
    ambience="waves",
    length=None,
    pace=Pace(
        name="sleep",
        comma=None,
        sentence=PAUSE,
        paragraph=PAUSE,
        section=PAUSE,
        pause=PAUSE,
        long=PAUSE,
    ),
    difference_lu=15,
    pause_difference_lu=10,
    fades=Fades(fade_in=Fraction(1), fade_out=Fraction(1), before=Fraction(2), after=Fraction(2)),
    loudness="podcast",
    anchor="speech",
    formats=("mp3",),
    style="directive",
    about=MappingProxyType({"time": "evening"}),
    artwork=None,
    seed=1,
    variant=MappingProxyType({}),
    script=Script(cues=()),
    lines=MappingProxyType({}),
)
WORD = CaptionWord(text="Arrive.", start=2 * RATE, end=3 * RATE)
TIMELINE = Timeline(
    length=LENGTH,
    seed=1,
    phrases=(
        Phrase(
            utterance=0,
            text="Arrive.",
            start=2 * RATE,
            end=3 * RATE,
            fading=0,
            lead=0,
            tail=0,
            level_lufs=Lufs(-20),
            position=AT,
        ),
    ),
    gaps=(),
    scenes=(Scene(ambience="waves", start=0, end=LENGTH, fade_in=1, fade_out=1),),
    cues=(PlacedCue(sound="bell", start=5 * RATE, length=RATE, gain_db=0.0),),
    chapters=(Chapter(title="Shore", start=0, end=LENGTH),),
    captions=(Caption(start=2 * RATE, end=3 * RATE, words=(WORD,)),),
)
LEVELS = Levels(
    integrated_lufs=Lufs(-16.0),
    short_term_max_lufs=Lufs(-14),
    momentary_max_lufs=Lufs(-12),
    range_lu=Lu(5.2),
    true_peak_dbtp=Dbtp(-1.4),
    length_s=LENGTH / RATE,
)


def companions(*, stems: bool = False, picture: bool = False) -> Companions:
    return Companions(
        recipe=RECIPE,
        timeline=TIMELINE,
        sources={name: Held(narrated()) for name in ("mix", *STEMS)},
        gain_db=4.0,
        levels=LEVELS,
        profile=PROFILES["podcast"],
        stems=stems,
        picture=picture,
    )


def keeping():
    return Keeping(shelf=Shelf(default_cache()), sound="a sound", label="a label")


@pytest.mark.parametrize(("stems", "picture"), [(False, False), (True, True)])
def test_companions_are_the_files_they_say(tmp_path, stems, picture):
    order, ticks = companions(stems=stems, picture=picture), list[int]()
    write_companions(order, tmp_path, ticks.append, keeping())
    made = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.as_posix() for path in made) == sorted(order.names)
    assert sum(ticks) == order.steps
    assert "Arrive." in (tmp_path / "shore.vtt").read_text()
    assert "[waves]" in (tmp_path / "shore.srt").read_text()
    assert (tmp_path / "shore.txt").read_text() == "Shore\n\nArrive.\n"


def test_stems_have_the_length_of_the_mix(tmp_path):
    write_companions(companions(stems=True), tmp_path, lambda _: None, keeping())
    for name in STEMS:
        frames, _ = soundfile.read(tmp_path / "stems" / f"{name}.wav", dtype="float32")
        np.testing.assert_array_equal(frames, narrated())


def test_tags_come_from_recipe_and_timeline():
    tags = tags_of(RECIPE, TIMELINE, ("Waves: made here.",), cover=None, draft=True)
    assert (tags.title, tags.artist, tags.album) == ("Shore", "A. Author", "Starter")
    assert tags.chapters == (ChapterMark(title="Shore", start_s=0.0, end_s=LENGTH / RATE),)
    assert tags.note.splitlines() == [CARE, tags.note.splitlines()[1], "Waves: made here."]
    assert tags.lyrics == "Shore\n\nArrive.\n"
    assert tags.cover is None


def with_cover(path):
    values = {name: getattr(RECIPE, name) for name in RECIPE.__slots__}
    return Recipe(**{**values, "artwork": str(path)})


def test_a_cover_is_read_and_a_missing_one_is_named(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "cover.png")
    assert cover_of(RECIPE) is None
    cover = cover_of(with_cover(tmp_path / "cover.png"))
    assert cover is not None
    assert tags_of(RECIPE, TIMELINE, (), cover=cover, draft=False).cover == cover
    with pytest.raises(AudioFileError, match=r"gone\.png"):
        cover_of(with_cover(tmp_path / "gone.png"))


def test_the_label_digest_changes_with_what_a_file_says(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "cover.png")
    cover = cover_of(with_cover(tmp_path / "cover.png"))
    digests = {
        label_digest(RECIPE, (), None),
        label_digest(RECIPE, ("Waves: made here.",), None),
        label_digest(RECIPE, (), cover),
    }
    assert len(digests) == 3
    assert label_digest(RECIPE, (), None) in digests


def made(folder):
    (folder / "shore.mp3").write_bytes(b"sound")
    order = companions()
    for name in order.names:
        (folder / name).write_bytes(b"")
    item = Deliverable(
        format="mp3",
        file="shore.mp3",
        size_bytes=5,
        sha256=digest_file(folder / "shore.mp3"),
        levels=LEVELS,
        gain_db=1.0,
        ceiling_dbtp=-1.0,
        encodes=1,
    )
    spoken = SimpleNamespace(
        voice="offline", engine="fake", engine_version="1", draft=True, speakers=()
    )
    return order, manifest_of(
        order,
        (item,),
        digest="d",
        spoken=spoken,
        aim_lufs=-17.25,
        speech_lufs=-17.5,
        limited_share=0.01,
        credit_lines=("Waves: made here.",),
    )


def test_the_manifest_puts_together_what_is_known(tmp_path):
    order, manifest = made(tmp_path)
    assert (manifest.anchor, manifest.aim_lufs) == ("speech", -17.25)
    assert manifest.speech_lufs == -17.5
    assert manifest.length_s == LENGTH / RATE
    assert (manifest.profile, manifest.target_lufs) == ("podcast", -16.0)
    assert (manifest.draft, manifest.engine) == (True, "fake")
    assert manifest.companions == order.names


@pytest.mark.parametrize("damage", ["shore.mp3", "shore.vtt", "digest", None])
def test_a_track_is_whole_with_all_files_of_its_digest(tmp_path, damage):
    order, manifest = made(tmp_path)
    if damage and damage != "digest":
        (tmp_path / damage).unlink()
    digest = "other" if damage == "digest" else "d"
    assert is_whole(manifest.as_json(), digest, tmp_path, order.names) == (damage is None)


@pytest.mark.parametrize("written", [b"sou", b"noise"])
def test_a_file_of_another_size_or_of_other_bytes_is_not_whole(tmp_path, written):
    order, manifest = made(tmp_path)
    (tmp_path / "shore.mp3").write_bytes(written)
    assert not is_whole(manifest.as_json(), "d", tmp_path, order.names)
