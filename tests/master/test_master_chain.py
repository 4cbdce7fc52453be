from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from master_sounds import Tape, narration, true_peak_db

from undersong.audio import GRID, BlockSource
from undersong.dsp.loudness import Meter
from undersong.master import chain
from undersong.master.chain import Master
from undersong.units import db_to_gain

LENGTH = 3 * 48_000 + 12_345
MIX = narration(LENGTH / 48_000).astype(np.float32)
HOT_DB = 19.0


def master(gain_db: float = HOT_DB) -> Master:
    return Master(Tape(MIX), LENGTH, gain_db=gain_db, ceiling_dbtp=-1.0)


WHOLE = master().read(-1_000, LENGTH + 3_000)


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=8), backwards=st.booleans())
@settings(deadline=None, max_examples=15)
def test_however_it_is_cut_the_master_is_the_same(cuts: list[int], backwards: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    edges = [0, *sorted(cuts), len(WHOLE)]
    pieces = list(pairwise(edges))
    fresh, seen = master(), np.full_like(WHOLE, np.nan)
    for start, end in reversed(pieces) if backwards else pieces:
        seen[start:end] = fresh.read(start - 1_000, end - start)
    np.testing.assert_array_equal(seen, WHOLE)


def test_a_master_is_a_block_source_that_limits() -> None:
    assert isinstance(master(), BlockSource)
    assert master().channels == 2
    meter = Meter(2)
    meter.push(WHOLE)
    assert -1.3 < meter.levels().true_peak_dbtp <= -1
    gained = MIX * np.float32(db_to_gain(HOT_DB))
    assert np.abs(gained).max() > 1
    untouched = WHOLE[1_000 : 1_000 + LENGTH] == gained
    assert 0.05 < untouched.mean() < 0.99


def test_before_the_start_and_after_the_length_there_is_silence() -> None:
    assert not WHOLE[:1_000].any()
    assert not WHOLE[1_000 + LENGTH :].any()
    shorter = Master(Tape(MIX), 50_000, gain_db=0, ceiling_dbtp=-1)
    assert not shorter.read(50_000, 100_000).any()
    assert shorter.read(49_000, 1_000).any()


@pytest.mark.parametrize("gain_db", [-30.0, 0.0, 3.0])
def test_where_nothing_is_limited_a_sample_is_the_mix_times_the_gain(gain_db: float) -> None:
    quiet = master(gain_db).read(0, LENGTH)
    np.testing.assert_array_equal(quiet, MIX * np.float32(db_to_gain(gain_db)))


def test_a_mix_known_to_be_low_is_not_looked_at_for_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    mix_dbtp = true_peak_db(MIX)
    named = {"gain_db": 2.0, "ceiling_dbtp": mix_dbtp + 2.22}
    spans = ((-100, LENGTH + 200), (777, 50), (48_000, 48_000), (50_000, 70_000))
    usual = Master(Tape(MIX), LENGTH, **named)
    expected = [usual.read(*span) for span in spans]
    monkeypatch.setattr(chain, "loud_cells", None)
    monkeypatch.setattr(chain, "limiter_gain", None)
    known = Master(Tape(MIX), LENGTH, **named, source_dbtp=mix_dbtp)
    for span, frames in zip(spans, expected, strict=True):
        np.testing.assert_array_equal(known.read(*span), frames)
    near = Master(
        Tape(MIX), LENGTH, gain_db=2.03, ceiling_dbtp=mix_dbtp + 2.22, source_dbtp=mix_dbtp
    )
    with pytest.raises(TypeError):
        near.read(0, 48_000)


def test_seconds_read_together_are_those_of_the_grid() -> None:
    ends = np.cumsum([GRID, 2 * GRID, 100, GRID + 7, 3 * GRID])
    starts = ends - ends[0]
    together = master()
    for start, end in zip(starts, ends, strict=True):
        alone = master()
        pieces = [
            alone.read(at, min(end, at + GRID // 3) - at) for at in range(start, end, GRID // 3)
        ]
        seen = together.read(int(start), int(end - start))
        np.testing.assert_array_equal(seen, np.concatenate(pieces))


def test_what_is_read_belongs_to_the_reader() -> None:
    source = master(0.0)
    source.read(0, 48_000)[:] = 9
    np.testing.assert_array_equal(source.read(0, 48_000), MIX[:48_000])


def test_a_span_with_its_gain_is_what_is_read() -> None:
    span = master().span(48_000, 48_000)
    assert span.gain is not None
    np.testing.assert_array_equal(span.frames, master().read(48_000, 48_000))
    gained = MIX[48_000:96_000] * np.float32(db_to_gain(HOT_DB))
    np.testing.assert_array_equal(span.frames, gained * span.gain[:, None])
