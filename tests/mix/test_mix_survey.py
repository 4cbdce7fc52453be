import json

import numpy as np
import pytest
from mix_sources import S, noise, scene, timeline

from undersong.audio import Gridded
from undersong.dsp.loudness import Energies
from undersong.mix.survey import (
    HOP,
    LONGEST,
    _parts,
    from_json,
    survey,
    survey_beds,
    surveyed,
    to_json,
)


def test_a_survey_is_the_meters_own_series() -> None:
    bed = noise(1)
    energies = Energies(2, per_s=100)
    energies.push(bed.read(0, 3 * S))
    assert survey(bed, 0, 3 * S) == pytest.approx(energies.hops.tolist(), rel=1e-9)


@pytest.mark.parametrize("start", [HOP, 7 * HOP, 20 * HOP])
def test_a_hop_does_not_depend_on_where_the_survey_began(start: int) -> None:
    bed = noise(1)
    whole = survey(bed, 0, 3 * S)
    assert survey(bed, start, 3 * S - start) == pytest.approx(whole[start // HOP :], rel=1e-9)


def test_an_incomplete_hop_is_left_out() -> None:
    assert len(survey(noise(1), 0, 3 * HOP - 1)) == 2


def test_copies_side_by_side_hear_what_one_hears() -> None:
    track = timeline(70.0, scenes=(scene("sea", 0, 65.0),))
    alone = survey_beds(track, [{"sea": noise(1)}])["sea"]
    together = survey_beds(track, [{"sea": noise(1)}, {"sea": noise(1)}])["sea"]
    assert together.tolist() == alone.tolist()
    assert alone[:6500] == pytest.approx(survey(noise(1), 0, 65 * S), rel=1e-9)


@pytest.mark.parametrize("hops", [1, 2, 7, 47_999, 48_001, 300_000])
def test_two_threads_have_as_much_to_hear(hops: int) -> None:
    parts = _parts(5, 5 + hops)
    assert sum(n for _, n in parts) == hops * HOP
    assert [start for start, _ in parts] == [5 * HOP + k * parts[0][1] for k in range(len(parts))]
    assert max(n for _, n in parts) <= LONGEST
    assert len(parts) == 1 if hops == 1 else len(parts) % 2 == 0


def test_beds_are_surveyed_where_they_sound() -> None:
    track = timeline(
        10.25, scenes=(scene("one", 0, 4.05), scene("two", 3, 7), scene("one", 6, 10.25))
    )
    ticks: list[int] = []
    beds = {"one": noise(1), "two": noise(2)}
    surveys = survey_beds(track, [beds], ticks.append)
    assert {name: len(hops) for name, hops in surveys.items()} == {"one": 1025, "two": 1025}
    assert not surveys["two"][:300].any()
    assert not surveys["two"][700:].any()
    assert not surveys["one"][405:600].any()
    assert surveys["one"][:405].all()
    assert surveys["one"][600:].all()
    assert surveys["one"][600:1025] == pytest.approx(
        survey(beds["one"], 6 * S, 425 * HOP), rel=1e-9
    )
    assert sum(ticks) == surveyed(track)


def test_a_mono_bed_can_be_surveyed() -> None:
    mono = Gridded(lambda k: np.full((S, 1), k % 2, np.float32), channels=1)
    assert len(survey(mono, 0, S)) == 100


def test_a_survey_is_kept_to_seven_digits() -> None:
    surveys = {"sea": survey(noise(1), 0, S), "silence": np.zeros(3)}
    kept = json.loads(json.dumps(to_json(surveys)))
    again = from_json(kept)
    assert list(again) == list(surveys)
    for name, values in surveys.items():
        assert again[name] == pytest.approx(values, rel=1e-7)
        assert again[name].dtype == np.float64
    assert to_json(again) == kept
