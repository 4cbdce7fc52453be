from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_sources import (
    Ring,
    S,
    Voice,
    cue,
    mixer,
    noise,
    phrases,
    planned,
    scene,
    timeline,
    voices,
)
from msgspec.structs import replace

from undersong.audio import BlockSource, Frames, Gridded
from undersong.errors import AmbienceError, UnknownNameError, VoiceError
from undersong.mix import mixer as mixer_module
from undersong.mix.mixer import STEMS, Mixer
from undersong.timeline.model import LevelMove, Timeline
from undersong.units import Samples

TRACK = timeline(
    31.3,
    phrases((4, 7.123), (7.25, 9), (13, 13.4), (20.001, 24.7)),
    scenes=(scene("one", 0, 16, fall=5), scene("two", 11, 31.3, rise=5)),
    cues=(cue("bell", 2.5, 7), cue("bell", 26, 7, -6.0)),
)


def beds() -> Mapping[str, BlockSource]:
    return {"one": noise(1), "two": noise(2, -40.0)}


def level_db(frames: Frames) -> float:
    return float(10 * np.log10(np.mean(np.square(frames, dtype=np.float64))))


cuts = st.lists(st.tuples(st.integers(-S, 33 * S), st.integers(0, 3 * S)), min_size=1, max_size=6)


@pytest.mark.parametrize("name", ["mix", *STEMS])
@settings(max_examples=8, deadline=None)
@given(cuts)
def test_samples_do_not_depend_on_how_they_are_read(
    name: str, spans: list[tuple[int, int]]
) -> None:
    made = mixer(TRACK, beds())
    source = made.mix if name == "mix" else made.stem(name)
    for start, n in spans:
        assert np.array_equal(source.read(start, n), in_order(name)[start + S : start + S + n])


@pytest.mark.parametrize("threads", [2, 5])
def test_samples_do_not_depend_on_how_many_threads_read(threads: int) -> None:
    made = mixer(TRACK, beds())
    starts = np.random.default_rng(threads).permutation(np.repeat(np.arange(0, 31 * S, S // 2), 2))
    with ThreadPoolExecutor(threads) as pool:
        heard = list(pool.map(lambda at: made.mix.read(int(at), S), starts))
    for at, frames in zip(starts, heard, strict=True):
        assert np.array_equal(frames, in_order("mix")[at + S : at + 2 * S])


REFERENCE = mixer(TRACK, beds())


@cache
def in_order(name: str) -> Frames:
    """Samples [-1 s, 36 s) of a stem or the mix, read once from end to end."""
    source = REFERENCE.mix if name == "mix" else REFERENCE.stem(name)
    return source.read(-S, 37 * S)


def test_stems_sum_to_the_mix_bit_for_bit() -> None:
    voice, ducked, cues = (
        REFERENCE.stem(name).read(0, TRACK.length) for name in ("voice", "bed-ducked", "cues")
    )
    total = voice + ducked + cues
    assert total.dtype == np.float32
    assert np.array_equal(total, REFERENCE.mix.read(0, TRACK.length))


def test_without_numba_the_mix_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixer_module, "kernels", lambda: None)
    made = mixer(TRACK, beds())
    assert np.array_equal(made.mix.read(-S, 37 * S), in_order("mix"))


def test_nothing_sounds_outside_the_track() -> None:
    for name in STEMS:
        stem = REFERENCE.stem(name)
        assert not stem.read(-S, S).any()
        assert not stem.read(TRACK.length, 2 * S).any()
        assert stem.read(0, TRACK.length).any()
    assert REFERENCE.length == TRACK.length
    assert REFERENCE.mix.channels == 2


def test_takes_lie_to_the_sample_where_the_timeline_says() -> None:
    heard = REFERENCE.stem("voice").read(0, TRACK.length)
    alone = np.zeros((TRACK.length, 2), np.float32)
    for phrase, voice in zip(TRACK.phrases, voices(TRACK), strict=True):
        take = voice.frames()
        start = phrase.start - phrase.lead
        alone[start : start + len(take)] += take
    assert np.array_equal(heard, alone)


def test_a_take_that_begins_before_the_track_is_cut_there() -> None:
    track = timeline(3, phrases((0.01, 2)), scenes=())
    heard = mixer(track, {}).stem("voice").read(0, track.length)
    take = voices(track)[0].frames()
    assert np.array_equal(heard[: S // 2, :1], take[1200 - S // 100 :][: S // 2])


def test_levels_of_the_script_move_every_bed_and_no_speech() -> None:
    moved = LevelMove(start=Samples(5 * S), end=Samples(8 * S), gain_db=-60.0)
    track = replace(TRACK, phrases=(), cues=(), levels=(moved,))
    low, usual = (mixer(t, beds()).stem("bed") for t in (track, replace(track, levels=())))
    assert np.array_equal(low.read(0, 5 * S), usual.read(0, 5 * S))
    gain = level_db(low.read(9 * S, 9 * S)) - level_db(usual.read(9 * S, 9 * S))
    assert gain == pytest.approx(-60, abs=0.01)
    half = level_db(low.read(6 * S, S)) - level_db(usual.read(6 * S, S))
    assert -45 < half < -15
    assert np.abs(low.read(9 * S, S)).max() > 0


def test_a_cue_sounds_at_its_gain() -> None:
    heard = REFERENCE.stem("cues").read(0, TRACK.length)
    ring = Ring(7 * S).frames()
    first, second = (10 ** (cue.gain_db / 20) for cue in planned(TRACK, beds()).cues)
    assert heard[int(2.5 * S) : int(9.5 * S)] == pytest.approx(ring * first, abs=1e-6)
    assert heard[26 * S : 29 * S] == pytest.approx(ring[: 3 * S] * second, abs=1e-6)


def test_a_cue_that_outlasts_the_track_fades_with_it() -> None:
    heard = REFERENCE.stem("cues").read(0, TRACK.length)
    own_db = planned(TRACK, beds()).cues[1].gain_db
    ring = Ring(7 * S).frames()[: TRACK.length - 26 * S] * np.float32(10 ** (own_db / 20))
    gain = np.abs(heard[26 * S :]).reshape(-1, 2).max(1) / (np.abs(ring).max(1) + 1e-9)
    assert gain[: int(3.3 * S)].max() <= 1.001
    assert np.abs(heard[-100:]).max() < 1e-3 * np.abs(ring).max()
    middle = gain[-S - 200 : -S + 200].max()
    assert middle == pytest.approx(0.5, abs=0.02)


def test_a_voice_that_outlasts_the_track_fades_with_its_release() -> None:
    track = timeline(5.05, phrases((2, 5)), scenes=())
    heard = mixer(track, {}).stem("voice").read(0, track.length)
    take = voices(track)[0].frames()[: -4800 + 2400]
    assert np.array_equal(
        heard[: 5 * S], np.repeat(np.pad(take, ((2 * S - 1200, 0), (0, 0))), 2, 1)[: 5 * S]
    )
    assert np.abs(heard[-20:]).max() <= 0.01 * np.abs(take[-200:]).max()


def test_two_beds_cross_without_a_dip_or_a_bump() -> None:
    track = timeline(40, scenes=(scene("one", 0, 22, fall=8), scene("two", 14, 40, rise=8)))
    heard = mixer(track, {"one": noise(1), "two": noise(2)}).stem("bed").read(0, track.length)
    levels = [level_db(heard[k : k + S]) for k in range(8 * S, 30 * S, S // 2)]
    assert max(levels) - min(levels) < 0.25


def test_a_bed_rises_and_falls_without_click_or_digital_silence() -> None:
    track = timeline(20, scenes=(scene("one", 0, 20, rise=5, fall=5),))
    heard = mixer(track, {"one": noise(1)}).stem("bed").read(0, track.length)
    middle = level_db(heard[8 * S : 12 * S])
    assert (heard != 0).any(1).all()
    for edge in (heard[: S // 50], heard[-S // 50 :]):
        assert level_db(edge) - middle == pytest.approx(-59.5, abs=1.5)
    assert level_db(heard[int(2.45 * S) : int(2.55 * S)]) - middle == pytest.approx(-6, abs=0.4)


def test_a_scene_without_a_bed_is_silent_and_the_bed_comes_back() -> None:
    track = timeline(30, scenes=(scene("one", 0, 10, fall=2), scene("one", 20, 30, rise=2)))
    heard = mixer(track, {"one": noise(1)}).stem("bed").read(0, track.length)
    assert not heard[10 * S : 20 * S].any()
    assert heard[20 * S : 21 * S].any()


def test_a_returning_bed_goes_on_where_it_would_be() -> None:
    track = timeline(30, scenes=(scene("one", 0, 10), scene("one", 15, 30, rise=2, fall=2)))
    made = mixer(track, {"one": noise(1)})
    gain = 10 ** (planned(track, {"one": noise(1)}).beds[1].gain_db / 20)
    expected = noise(1).read(20 * S, S) * np.float32(gain)
    assert np.array_equal(made.stem("bed").read(20 * S, S), expected)


def test_a_mono_bed_sounds_on_both_sides() -> None:
    stereo = noise(1)
    mono = Gridded(lambda k: stereo.read(k * S, S)[:, :1], channels=1)
    track = timeline(10, scenes=(scene("one", 0, 10),))
    heard = mixer(track, {"one": mono}).stem("bed").read(0, track.length)
    assert np.array_equal(heard[:, 0], heard[:, 1])


def test_sounds_are_fetched_when_their_time_comes_and_once() -> None:
    takes = voices(TRACK)
    rings = {"bell": Ring(7 * S)}
    made = Mixer(TRACK, planned(TRACK, beds()), takes, beds(), rings)
    made.mix.read(0, 2 * S)
    assert [take.fetched for take in takes] == [0, 0, 0, 0]
    for start in range(0, TRACK.length, 1000 * 7):
        made.mix.read(start, 7000)
    assert [take.fetched for take in takes] == [1, 1, 1, 1]
    assert rings["bell"].fetched == 1


def test_only_a_few_takes_stay_in_memory() -> None:
    track = timeline(60, phrases(*((2 * k + 1, 2 * k + 2) for k in range(25))), scenes=())
    takes = voices(track)
    made = Mixer(track, planned(track, {}), takes, {}, {})
    for _ in range(2):
        made.mix.read(0, track.length)
    assert [take.fetched for take in takes] == [2] * 25


@pytest.mark.parametrize("change", [{"speech": 47_000}, {"lead": 1100}])
def test_a_take_other_than_the_planned_one_is_refused(change: dict[str, int]) -> None:
    takes: list[Voice] = [replace(take, **change) for take in voices(TRACK)]
    made = Mixer(TRACK, planned(TRACK, beds()), takes, beds(), {"bell": Ring(7 * S)})
    with pytest.raises(VoiceError, match="phrase 1"):
        made.mix.read(4 * S, 10)


def test_a_cue_that_is_not_as_long_as_it_said_is_refused() -> None:
    made = Mixer(TRACK, planned(TRACK, beds()), voices(TRACK), beds(), {"bell": Ring(6 * S)})
    with pytest.raises(AmbienceError, match="bell"):
        made.mix.read(3 * S, 10)


def test_an_unknown_stem_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        REFERENCE.stem("beds")
    assert caught.value.hint == "did you mean `bed`? known: bed, bed-ducked, cues, voice"


def test_an_empty_track_is_silent() -> None:
    track: Timeline = timeline(2, scenes=())
    assert not mixer(track, {}).mix.read(0, 2 * S).any()
