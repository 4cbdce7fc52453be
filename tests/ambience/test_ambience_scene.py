"""Scenes: distance, width and slow wander, times of day, recordings beside generators."""

from pathlib import Path

import numpy as np
import pytest
from recordings import SECOND, air, written

from undersong.ambience.air import absorption_db_per_m, way_through_air
from undersong.ambience.bed import Bed, bed_digest, load_bed, open_bed
from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.ambience.scene import AS_IT_IS, Placing, Wander, placed
from undersong.audio import BlockSource, Frames
from undersong.dsp.noise import Stream
from undersong.errors import AmbienceError, FaultsError
from undersong.recipes.library import Library

WOOD = """\
title: Wood
licence: CC0-1.0
layers:
  - generator: forest
    birds: 0.9
    times: [dawn, day]
  - generator: breeze
    distance_m: 60
    width: 0.8
    wander: {level_db: 3, width: 0.2, over_s: 30}
"""


def library_with(folder: Path, **beds: str) -> Library:
    (folder / "ambience").mkdir(exist_ok=True)
    for name, text in beds.items():
        (folder / "ambience" / f"{name}.yaml").write_text(text)
    return Library.find(folder)


def power_db(sound: Frames, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(sound, axis=0)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SECOND)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum()))


def put(placing: Placing) -> BlockSource:
    return placed(Breeze(BreezeOptions(), 1), placing, Stream.of(1, "here"))


# 15 degrees and 80 % humidity, dB per km: ISO 9613-2:1996 table 2; ours is 70 %
@pytest.mark.parametrize(("hz", "db_per_km"), [(500, 2.4), (1000, 4.1), (2000, 8.3), (4000, 23.7)])
def test_air_takes_what_the_standard_says(hz: float, db_per_km: float):
    (found,) = 1000 * absorption_db_per_m(np.array([hz]))
    assert found == pytest.approx(db_per_km, rel=0.15)


def test_what_is_far_is_softer_duller_and_more_diffuse():
    near, far = (
        put(AS_IT_IS).read(0, 20 * SECOND),
        put(Placing(distance_m=300.0)).read(0, 20 * SECOND),
    )
    low = power_db(far, 100, 400) - power_db(near, 100, 400)
    high = power_db(far, 4000, 8000) - power_db(near, 4000, 8000)
    assert -18.0 < low < -10.0
    assert high < low - 4.0
    for distance_m, share in ((5.0, 0.06), (80.0, 0.5), (720.0, 0.9)):
        response = way_through_air(distance_m)
        energy = (response**2).sum(axis=1)
        assert energy[1024:].sum() / energy.sum() == pytest.approx(share, abs=0.15)


def test_width_is_that_of_the_side():
    mono = put(Placing(width=0.0)).read(0, SECOND)
    assert mono[:, 0] == pytest.approx(mono[:, 1], abs=1e-7)
    wide = put(Placing(width=0.5)).read(0, SECOND)
    whole = put(AS_IT_IS).read(0, SECOND)
    assert wide[:, 0] - wide[:, 1] == pytest.approx((whole[:, 0] - whole[:, 1]) / 2, abs=1e-6)
    assert wide.sum(axis=1) == pytest.approx(whole.sum(axis=1), abs=1e-6)


def test_wander_stays_within_its_limits_and_gets_about():
    wander = Wander(level_db=6.0, over_s=20.0)
    still, swaying = put(AS_IT_IS), put(Placing(wander=wander))
    change = []
    for start_s in range(0, 600, 7):
        one, other = (source.read(start_s * SECOND, 4800) for source in (still, swaying))
        change.append(20 * np.log10(np.linalg.norm(other) / np.linalg.norm(one)))
    assert max(map(abs, change)) <= 6.0 + 1e-3
    assert min(change) < -2.0
    assert max(change) > 2.0


@pytest.mark.parametrize(
    "placing",
    [
        Placing(distance_m=120.0),
        Placing(width=0.7, wander=Wander(level_db=3.0, width=0.3, over_s=20.0)),
        Placing(distance_m=40.0, wander=Wander(level_db=3.0)),
    ],
)
def test_a_placed_layer_is_the_same_however_it_is_cut(placing: Placing):
    whole = put(placing).read(2 * SECOND - 100, 3 * SECOND)
    rng = np.random.default_rng(1)
    source = put(placing)
    for start in rng.integers(0, 2 * SECOND, 6).tolist():
        n = int(rng.integers(1, SECOND))
        assert np.array_equal(source.read(2 * SECOND - 100 + start, n), whole[start : start + n])
    assert not put(placing).read(-SECOND, SECOND).any()


def test_a_place_sounds_otherwise_at_another_time(tmp_path: Path):
    library = library_with(
        tmp_path,
        wood=WOOD,
        morning="title: Morning\nplace: wood\ntime: dawn\n",
        evening="title: Evening\nplace: wood\ntime: dusk\ncredit: me\n",
    )
    morning, evening = load_bed("morning", library), load_bed("evening", library)
    assert [layer.generator for layer in morning.layers] == ["forest", "breeze"]
    assert morning.layers[0].options.model_dump()["time"] == "dawn"
    assert [layer.generator for layer in evening.layers] == ["breeze"]
    assert (evening.licence, evening.credit, morning.credit) == ("CC0-1.0", "me", "")
    assert morning.layers[1].placing == Placing(
        width=0.8, distance_m=60.0, wander=Wander(level_db=3.0, width=0.2, over_s=30.0)
    )
    assert len({bed_digest(bed) for bed in (morning, evening, load_bed("wood", library))}) == 3


@pytest.mark.parametrize(
    ("beds", "words"),
    [
        (
            {"here": "title: x\nplace: there\n", "there": "title: x\nplace: waves\n"},
            "another place",
        ),
        (
            {"here": "title: x\ntime: dusk\nlayers: [{generator: waves, times: [day]}]\n"},
            "nothing sounds in the bed `here` at dusk",
        ),
        (
            {"here": "title: x\ntime: night\nlayers: [{generator: forest}]\n"},
            "`forest` knows no night",
        ),
    ],
)
def test_times_that_do_not_fit_are_told_of(beds: dict[str, str], words: str, tmp_path: Path):
    with pytest.raises(AmbienceError, match=words):
        load_bed("here", library_with(tmp_path, **beds))


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("title: x\n", "1:1", "names the `place`"),
        ("title: x\nplace: wavs\n", "2:8", "did you mean `waves`"),
        ("title: x\nlayers: [{level_db: 1}]\n", "2:10", "a `generator` or a `recording`"),
        ("title: x\nlayers: [{recording: brok.flac}]\n", "2:22", "did you mean `brook.flac`"),
        ("title: x\nlayers: [{recording: brook.mp3}]\n", "2:22", "not a recording of a library"),
        (
            "title: x\nlayers:\n  - recording: brook.flac\n    again: 60\n    events: all\n",
            "4:5",
            "did you mean `again_s`",
        ),
        (
            "title: x\nlayers: [{generator: waves, wander: {level_db: 40}}]\n",
            "2:48",
            "0.0 to 9.0",
        ),
        ("title: x\nlayers: [{generator: waves, times: [noon]}]\n", "2:37", "dawn, day"),
    ],
)
def test_faults_have_places(text: str, place: str, words: str, tmp_path: Path):
    library = library_with(tmp_path, here=text)
    (tmp_path / "ambience" / "brook.flac").write_bytes(b"")
    with pytest.raises(FaultsError) as caught:
        load_bed("here", library)
    assert any(
        f"here.yaml:{place}: " in line and words in line for line in str(caught.value).splitlines()
    ), str(caught.value)


def test_recordings_and_generators_sound_together(tmp_path: Path):
    text = """\
title: Both
layers:
  - recording: ../sounds/meadow.flac
    again_s: 120
  - generator: breeze
    level_db: -6
"""
    library = library_with(tmp_path, both=text)
    path = written(tmp_path / "sounds" / "meadow.flac", air(14))
    bed = load_bed("both", library)
    assert bed.kind == "mixed"
    assert [layer.words for layer in bed.layers] == ["meadow.flac", "breeze"]
    cache = tmp_path / "cache"
    sound = open_bed(bed, 1, cache).read(0, 2 * SECOND)
    assert np.array_equal(open_bed(bed, 1).read(SECOND, SECOND), sound[SECOND:])
    assert list((cache / "recordings").iterdir())
    before = bed_digest(bed)
    moved = written(tmp_path / "elsewhere.flac", air(14))
    text = text.replace("../sounds/meadow.flac", f"../{moved.name}")
    assert bed_digest(load_bed("both", library_with(tmp_path, both=text))) == before
    written(path, air(15))
    assert bed_digest(bed) != before
    path.unlink()
    with pytest.raises(AmbienceError, match="cannot read the recording"):
        bed_digest(bed)


def test_beds_are_levelled_by_loudness(tmp_path: Path):
    from undersong.dsp.loudness import Energies, gated_lufs  # noqa: PLC0415 - only here

    one = "title: x\nlayers: [{generator: breeze}]\n"
    many = "title: x\nlayers: [{generator: breeze}, {generator: breeze}, {generator: breeze}]\n"
    library = library_with(tmp_path, one=one, many=many)
    found = []
    for name in ("one", "many"):
        bed: Bed = load_bed(name, library)
        energies = Energies(channels=2)
        energies.push(open_bed(bed, 1).read(0, 60 * SECOND))
        found.append(gated_lufs(energies.hops))
    assert found == pytest.approx([-30.0, -30.0], abs=3.0)
