"""A recording goes on for ever: the same samples however it is cut, no call twice, no seam."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import CALL_S, CALLS, SECOND, air, call, meadow, sea, written
from scipy.signal import oaconvolve

from undersong.ambience.recorded import Recorded, RecordedOptions, endless, through
from undersong.ambience.recorded.hear import heard
from undersong.ambience.recorded.heard import MOMENT, MOMENTS_PER_S, Passage, decibels, marked
from undersong.ambience.recorded.loops import loop_s
from undersong.audio import Frames
from undersong.errors import AmbienceError
from undersong.testing import check_generator


def heard_at_s(sound: Frames, hz: float) -> list[float]:
    """Seconds at which a call of the meadow begins, at half its strength or more."""
    pattern = call(hz).mean(axis=1)
    match = np.abs(oaconvolve(sound.mean(axis=1), pattern[::-1], "valid"))
    places = np.flatnonzero(match > 0.5 * 0.03 * float((pattern**2).sum())) / SECOND
    return [float(at) for at in places[np.diff(places, prepend=-1.0) > CALL_S]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def with_calls(folder: Path) -> Path:
    return written(folder / "meadow.flac", meadow())


@pytest.fixture(scope="module")
def endless_calls(with_calls: Path) -> Recorded:
    return Recorded(RecordedOptions(file=with_calls), 1)


def test_the_contract_of_generators_is_kept(with_calls: Path):
    check_generator(Recorded, RecordedOptions(file=with_calls))


@given(start=st.integers(-SECOND, 20 * SECOND), n=st.integers(0, 3 * SECOND))
@settings(max_examples=25)
def test_any_cut_gives_the_same_samples(endless_calls: Recorded, start: int, n: int):
    whole = np.concatenate([np.zeros((SECOND, 2), np.float32), endless_calls.read(0, 24 * SECOND)])
    expected = whole[start + SECOND : start + SECOND + n]
    assert np.array_equal(endless_calls.read(start, n), expected)


def test_what_was_read_before_does_not_matter(with_calls: Path):
    there = Recorded(RecordedOptions(file=with_calls), 1).read(700 * SECOND, 2 * SECOND)
    wandering = Recorded(RecordedOptions(file=with_calls), 1)
    for start_s in (10_000, 3, 702, 699):
        wandering.read(start_s * SECOND, SECOND)
    assert np.array_equal(wandering.read(700 * SECOND, 2 * SECOND), there)


def test_every_call_stands_out_and_slow_waves_do_not(with_calls: Path, folder: Path):
    known = heard(with_calls)
    flags = marked(known.events, len(known.levels))
    for at_s, _ in CALLS:
        within = slice(int(at_s * MOMENTS_PER_S), int((at_s + CALL_S) * MOMENTS_PER_S))
        assert flags[within].all()
    assert flags.mean() < 0.4
    waves = heard(written(folder / "sea.flac", sea(30)))
    assert marked(waves.events, len(waves.levels)).mean() < 0.15


def test_no_call_is_heard_twice_in_ten_minutes(endless_calls: Recorded):
    sound = endless_calls.read(1000 * SECOND, 600 * SECOND)
    times = [heard_at_s(sound, hz) for _, hz in CALLS]
    assert max(map(len, times)) == 1
    assert sum(map(len, times)) >= 3


def test_a_maker_may_let_calls_come_again_sooner(with_calls: Path):
    source = Recorded(RecordedOptions(file=with_calls, again_s=60.0), 1)
    times = heard_at_s(source.read(0, 500 * SECOND), CALLS[1][1])
    assert len(times) > 1
    assert np.diff(times).min() >= 60.0


def test_without_events_only_the_ground_is_heard(with_calls: Path):
    source = Recorded(RecordedOptions(file=with_calls, events="none"), 1)
    sound = source.read(0, 120 * SECOND)
    assert not any(heard_at_s(sound, hz) for _, hz in CALLS)


def test_a_recording_may_be_played_through_and_then_again(with_calls: Path):
    recorded, _ = soundfile.read(with_calls, dtype="float32")
    source = Recorded(RecordedOptions(file=with_calls, play="through"), 1)
    fade, length = through.FADE, len(recorded)
    again = length - fade
    sound = source.read(0, 2 * length)
    gain = np.sum(sound[:again] * recorded[:again]) / np.sum(recorded[:again] ** 2)
    np.testing.assert_allclose(sound[:again], gain * recorded[:again], atol=1e-6)
    inner = slice(fade, again)
    np.testing.assert_allclose(sound[length : 2 * again], gain * recorded[inner], atol=1e-6)
    joint = np.sqrt(np.mean(sound[again:length] ** 2))
    around = np.sqrt(np.mean(sound[again - fade : again] ** 2))
    assert abs(20 * np.log10(joint / around)) < 3.0
    for start, n in ((again - 9, 50), (length - 3, 10), (-20, 40), (7 * length, SECOND)):
        expected = Recorded(RecordedOptions(file=with_calls, play="through"), 2).read(start, n)
        np.testing.assert_array_equal(source.read(start, n), expected)


def test_ten_minutes_hold_no_loop(endless_calls: Recorded, folder: Path):
    sound = endless_calls.read(0, 180 * SECOND)
    known = heard(written(folder / "went-on.flac", sound))
    assert known.loop_s is None


@pytest.mark.parametrize("seconds", [7.0, 12.5])
def test_a_loop_is_known_and_one_turn_of_it_used(folder: Path, seconds: float):
    turn = air(13)[: int(seconds * SECOND)]
    known = heard(written(folder / f"loop{seconds}.flac", np.concatenate([turn] * 3)))
    assert known.loop_s == pytest.approx(seconds)
    assert len(known.levels) == round(seconds * MOMENTS_PER_S)


def test_what_is_too_short_for_another_turn_is_no_loop():
    assert loop_s(np.zeros((100, 24), np.float32)) is None


def test_what_would_startle_is_left_out(folder: Path):
    sound = air(40)
    sound[20 * SECOND : 20 * SECOND + 9600] *= 12.0
    path = written(folder / "bang.flac", sound, subtype="PCM_24")
    known = heard(path)
    assert len(known.startling) == 1
    assert known.startling[0].start <= 20 * MOMENTS_PER_S < known.startling[0].end
    assert not any(event.start <= 20 * MOMENTS_PER_S < event.end for event in known.events)
    check_generator(Recorded, RecordedOptions(file=path), seeds=(1, 2))


def test_drop_outs_are_never_heard(folder: Path):
    sound = air(40)
    sound[10 * SECOND : 12 * SECOND] = 0.0
    source = Recorded(RecordedOptions(file=written(folder / "gap.flac", sound)), 1)
    hops = np.abs(source.read(0, 60 * SECOND)).reshape(-1, 480, 2).max(axis=(1, 2))
    assert hops.min() > 1e-4


def test_too_little_to_go_on_with_is_refused(folder: Path):
    sound = air(12)
    for start in range(0, 12 * SECOND, SECOND):
        sound[start : start + SECOND // 2] = 0.0
    path = written(folder / "rags.flac", sound)
    with pytest.raises(AmbienceError, match="too little to go on with"):
        Recorded(RecordedOptions(file=path), 1)


def test_a_long_recording_is_walked_in_long_stretches(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(endless, "LONG_S", 90.0)
    path = written(folder / "long.flac", sea(150, seed=9))
    walks = []
    made = endless.Walked.__init__

    def watched(self, walk, reader):
        walks.append(walk)
        made(self, walk, reader)

    monkeypatch.setattr(endless.Walked, "__init__", watched)
    source = Recorded(RecordedOptions(file=path), 1)
    whole = source.read(0, 40 * SECOND)
    assert np.array_equal(source.read(13 * SECOND + 5, 999), whole[13 * SECOND + 5 :][:999])
    stretches = [walks[0].stretch(i) for i in range(30)]
    assert np.mean([s.end - s.start for s in stretches]) > 10 * SECOND
    assert len({(s.start + s.shift) // (16 * SECOND) for s in stretches}) == 9
    played = {}
    for stretch in stretches:  # a place comes again after most of a round
        for moment in range(stretch.start // MOMENT, stretch.end // MOMENT, 25):
            place = (moment * MOMENT + stretch.shift) // SECOND
            if place in played and moment - played[place] > MOMENTS_PER_S:
                assert (moment - played[place]) / MOMENTS_PER_S > 40.0
            played[place] = moment


def test_loudness_is_that_of_a_layer_whatever_the_recording_had(folder: Path):
    path = written(folder / "loud.flac", air(30) * 5.0)
    source = Recorded(RecordedOptions(file=path), 1)
    known = heard(written(folder / "levelled.flac", source.read(0, 60 * SECOND)))
    assert known.loudness_lufs == pytest.approx(-30.0, abs=1.5)


def test_a_missing_recording_is_told_of(tmp_path: Path):
    with pytest.raises(AmbienceError, match="cannot read the recording"):
        Recorded(RecordedOptions(file=tmp_path / "gone.flac"), 1)


def test_a_recording_that_did_not_come_through_intake_is_refused(tmp_path: Path):
    path = written(tmp_path / "mono.flac", air(12)[:, :1])
    with pytest.raises(AmbienceError, match="not stereo at 48 kHz"):
        Recorded(RecordedOptions(file=path), 1)


def test_a_damaged_recording_is_told_of(tmp_path: Path):
    path = written(tmp_path / "hurt.flac", air(30))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :][:4000] = b""
    content[len(content) // 2 : len(content) // 2 + 4000] = bytes(4000)
    path.write_bytes(content)
    with pytest.raises(AmbienceError, match=r"cannot be read|damaged"):
        Recorded(RecordedOptions(file=path), 1).read(0, 30 * SECOND)


def test_what_was_heard_is_kept_under_the_digest(with_calls: Path, tmp_path: Path):
    from undersong.ambience.recorded import hear  # noqa: PLC0415 - its memory is emptied here

    first = heard(with_calls)
    hear._memory.clear()
    made = heard(with_calls, tmp_path)
    (kept,) = (tmp_path / "recordings").rglob("*.npz")
    hear._memory.clear()
    recalled = heard(with_calls, tmp_path)
    for known in (made, recalled):
        assert np.array_equal(known.levels, first.levels)
        assert np.array_equal(known.closed, first.closed)
        assert known.events == first.events
        assert known.loudness_lufs == first.loudness_lufs
        assert known.loop_s is first.loop_s is None
    kept.write_bytes(b"not an npz")
    hear._memory.clear()
    assert heard(with_calls, tmp_path).events == first.events
    assert len(kept.read_bytes()) > 100


def test_levels_are_kept_to_half_a_decibel(with_calls: Path):
    levels = decibels(heard(with_calls).levels)
    assert levels.shape == (30 * MOMENTS_PER_S, 24)
    assert -100.0 < float(np.median(levels)) < -20.0
    assert Passage(1, 3) == Passage(1, 3)
