import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from undersong.recipes.fields import Language, Loudness, OfLibrary, OneOf, Picture, Text, Time
from undersong.recipes.names import Names, is_safe
from undersong.recipes.values import TIME_PATTERN, WrongValueError, read_number, read_time
from undersong.units import parse_seconds


class Everything(BaseModel):
    time: Annotated[Fraction | None, Time("1s", "10m", word="natural")] = None
    loudness: Annotated[float, Loudness(3, 40)] = 0
    text: Annotated[str, Text(5)] = ""
    language: Annotated[str, Language()] = ""
    bed: Annotated[str | None, OfLibrary("ambience", optional=True)] = None
    voice: Annotated[str, OfLibrary("voice")] = ""
    table: Annotated[str, OneOf("pace", ("calm", "sleep"))] = ""
    picture: Annotated[str, Picture()] = ""


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("time", "6s", Fraction(6)),
        ("time", "1:30", Fraction(90)),
        ("time", 12, Fraction(12)),
        ("time", 1.5, Fraction(3, 2)),
        ("time", "2 m 30 s", Fraction(150)),
        ("time", "Natural", None),
        ("loudness", "15 LU", 15.0),
        ("loudness", "15lu", 15.0),
        ("loudness", 12.5, 12.5),
        ("text", " a \n b ", "a b"),
        ("text", 1984, "1984"),
        ("language", "EN-us", "en-US"),
        ("language", "zh-hans-cn", "zh-Hans-CN"),
        ("language", "es-419", "es-419"),
        ("bed", "none", None),
        ("bed", "waves", "waves"),
        ("voice", "none", "none"),
        ("picture", "a/B.JPG", "a/B.JPG"),
    ],
)
def test_values_are_read_as_meant(key: str, written: object, meant: object) -> None:
    assert getattr(Everything.model_validate({key: written}), key) == meant


@pytest.mark.parametrize(
    ("key", "written", "words"),
    [
        ("time", "0.5s", "out of range"),
        ("time", "11m", "out of range"),
        ("time", "-3s", "cannot be negative"),
        ("time", -3, "cannot be negative"),
        ("time", "soon", "not a time"),
        ("time", "", "not a time"),
        ("time", True, "should be a single value"),
        ("time", ["3s"], "should be a single value"),
        ("loudness", False, "should be a single value"),
        ("language", ["en"], "should be a single value"),
        ("table", ["calm"], "should be a single value"),
        ("loudness", "15 dB", "not a loudness difference"),
        ("loudness", 2, "out of range"),
        ("loudness", float("nan"), "not a loudness difference"),
        ("text", "", "empty"),
        ("text", "abcdef", "too long"),
        ("language", "english", "not a language tag"),
        ("language", "en_US", "not a language tag"),
        ("voice", "../shore", "cannot be the name of a voice"),
        ("voice", "a/b", "cannot be the name"),
        ("picture", "cover.gif", "not a picture"),
    ],
)
def test_other_values_say_what_is_wrong(key: str, written: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Everything.model_validate({key: written})


def test_names_and_pictures_are_looked_up_when_a_library_is_given(tmp_path: Path) -> None:
    (tmp_path / "cover.png").touch()
    names = Names(voices=("shore",), beds=("waves",), sounds=(), folder=tmp_path)
    good = {"voice": "shore", "bed": "none", "picture": "cover.png"}
    found = Everything.model_validate(good, context=names)
    assert (found.voice, found.bed) == ("shore", None)
    assert found.picture == str(tmp_path / "cover.png")
    for key, written, near in (
        ("voice", "shor", "shore"),
        ("bed", "wave", "waves"),
        ("picture", "covr.png", "cover.png"),
        ("picture", "none/cover.png", None),
    ):
        with pytest.raises(ValidationError) as caught:
            Everything.model_validate({key: written}, context=names)
        error = caught.value.errors()[0]["ctx"]["error"]
        assert isinstance(error, WrongValueError)
        assert error.near == near


def test_a_library_without_voices_says_so() -> None:
    names = Names(voices=(), beds=(), sounds=(), folder=Path())
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({"voice": "shore"}, context=names)
    assert caught.value.errors()[0]["ctx"]["error"].legal == "no voice is here yet"


@pytest.mark.parametrize("name", ["a", "evening-forest", "Été 2", "Kokoro.v1", "c++"])
def test_names_that_are_safe_as_file_stems(name: str) -> None:
    assert is_safe(name)


@pytest.mark.parametrize("name", ["", ".a", "a..b", "a/b", "a\\b", "a\nb", " a", "a ", "x" * 101])
def test_names_that_are_not(name: str) -> None:
    assert not is_safe(name)


@settings(deadline=None)  # a shared machine may be slow
@given(st.text(alphabet="0123456789.:hms ", max_size=10))
def test_the_pattern_for_editors_accepts_only_times(text: str) -> None:
    if re.match(TIME_PATTERN, text):
        assert read_time(text, "0s", "1000000000h") == parse_seconds(text)


@settings(deadline=None)  # a shared machine may be slow
@given(st.fractions(min_value=0, max_value=36000, max_denominator=1000))
def test_every_time_that_people_write_is_read(seconds: Fraction) -> None:
    millis = seconds.numerator * 1000 // seconds.denominator
    whole = f"{millis // 60000}m{millis // 1000 % 60}s{millis % 1000}ms"
    assert read_time(whole, "0s", "11h") == Fraction(millis, 1000)


def test_numbers_take_a_typographic_minus() -> None:
    assert read_number("\u22126 dB", -40, 12, "dB", what="a gain") == -6.0
