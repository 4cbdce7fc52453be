"""However a generator is read, its samples are the same: every one that is installed."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.ambience.contract import Generator
from undersong.ambience.registry import generator_class, generator_names
from undersong.audio import Frames

WHOLE = 144_000


@cache
def whole(name: str) -> tuple[Generator, Frames]:
    maker = generator_class(name)
    return maker(maker.Options(), 7), maker(maker.Options(), 7).read(0, WHOLE)


@pytest.mark.parametrize("name", generator_names())
@settings(max_examples=8)
@given(start=st.integers(0, WHOLE - 1), n=st.integers(1, 60_000))
def test_any_cut_gives_the_same_samples(name: str, start: int, n: int) -> None:
    generator, expected = whole(name)
    n = min(n, WHOLE - start)
    assert np.array_equal(generator.read(start, n), expected[start : start + n])
