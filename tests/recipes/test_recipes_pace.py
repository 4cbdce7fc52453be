from fractions import Fraction

import pytest
from recipes_notation import script

from undersong.recipes.model import ElasticPause, Pace, Script
from undersong.recipes.pace import DEFAULT_PACE, PACES
from undersong.recipes.profiles import DEFAULT_PROFILE, FORMATS, PROFILES

KINDS = ("comma", "sentence", "paragraph", "section", "pause", "long")

# 600 words: five chapters of five paragraphs, as guided imagery is written
PARAGRAPH = (
    "Let your shoulders grow heavy and soft. Let the breath come, and let the breath go again. "
    "There is nothing else to do now. [pause]\n\n"
)
LONG = "\n\n".join(
    f"# Chapter\n\n{PARAGRAPH * 5}[pause: long]\n\nRest here for a while." for _ in range(5)
)


@pytest.mark.parametrize("name", PACES)
def test_every_pace_has_room_to_give_and_take(name: str) -> None:
    pace = PACES[name]
    assert pace.name == name
    for kind in KINDS:
        bounds = pace.elastic(kind)  # type: ignore[arg-type] # names are those of the model
        assert 0 < bounds.floor <= bounds.natural <= bounds.cap


@pytest.mark.parametrize("name", PACES)
def test_floors_never_rush(name: str) -> None:
    assert PACES[name].sentence.floor >= Fraction(1, 2)


def test_paces_rise_from_brisk_to_sleep() -> None:
    order = ["brisk", "natural", "calm", "sleep"]
    assert list(PACES) == order
    for kind in KINDS[1:]:
        natural = [PACES[name].elastic(kind).natural for name in order]  # type: ignore[arg-type] # as above
        assert natural == sorted(natural)


def test_calm_follows_the_craft() -> None:
    calm = PACES["calm"]
    assert calm.comma is not None
    for bounds, low, high in (
        (calm.comma, 0.4, 0.8),
        (calm.sentence, 1.5, 3),
        (calm.paragraph, 4, 8),
        (calm.pause, 8, 12),
        (calm.long, 20, 60),
    ):
        assert low <= bounds.natural <= high


def test_only_calm_paces_part_at_commas() -> None:
    assert {name for name, pace in PACES.items() if pace.comma} == {"calm", "sleep"}


def _range_min(found: Script, pace: Pace, words_per_minute: int) -> tuple[float, float]:
    words = sum(len(said.words) for said in found.utterances)
    rests = [c for c in found.cues if isinstance(c, ElasticPause)]
    floor = sum(pace.elastic(c.kind).floor * c.weight for c in rests)
    cap = sum(pace.elastic(c.kind).cap * c.weight for c in rests)
    speech = words / words_per_minute
    fades = 21 / 60
    return speech + fades + float(floor) / 60, speech + fades + float(cap) / 60


@pytest.mark.parametrize(
    ("name", "shortest", "longest"),
    [("brisk", 6.7, 12), ("natural", 6.7, 15), ("calm", 6.7, 20), ("sleep", 7.5, 20)],
)
def test_one_script_can_be_a_short_and_a_long_track(
    name: str, shortest: float, longest: float
) -> None:
    found = script(LONG, pace=name)
    assert 580 <= sum(len(said.words) for said in found.utterances) <= 640
    shortest_min, longest_min = _range_min(found, PACES[name], words_per_minute=150)
    assert shortest_min <= shortest
    assert longest_min >= longest


def test_profiles_ask_for_published_targets() -> None:
    found = {p.name: (float(p.integrated_lufs), float(p.ceiling_dbtp)) for p in PROFILES.values()}
    assert found["podcast"] == (-16.0, -1.0)
    assert found["meditation"] == (-18.0, -1.0)
    assert found["sleep"] == (-20.0, -1.0)
    assert found["broadcast"] == (-23.0, -1.0)
    assert found["loud"] == (-14.0, -1.0)
    assert all(profile.about for profile in PROFILES.values())


def test_defaults_exist() -> None:
    assert DEFAULT_PACE in PACES
    assert DEFAULT_PROFILE in PROFILES
    assert FORMATS == ("mp3", "flac", "wav", "opus")
