import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from undersong.timeline.model import WordTime
from undersong.units import Samples
from undersong.voices.contract import Mark, SpokenWord
from undersong.voices.wordtimes import heard, word_times


def words(*texts: str) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(text=text) for text in texts)


def mark(word: int, start_s: float, length_s: float = 0.1) -> Mark:
    return Mark(word=word, start_s=start_s, length_s=length_s)


def at(start: int, length: int) -> WordTime:
    return WordTime(start=Samples(start), length=Samples(length))


def test_marks_are_anchored_on_the_onset() -> None:
    times = word_times(
        words("Let", "go."), [mark(0, 0.1), mark(1, 0.4)], onset=9_600, speech=24_000
    )
    assert times == (at(0, 4_800), at(14_400, 4_800))


def test_a_first_mark_far_from_the_onset_is_taken_as_it_is() -> None:
    times = word_times(words("Let", "go."), [mark(0, 0.5), mark(1, 0.7)], 4_800, 48_000)
    assert [time.start for time in times] == [19_200, 28_800]


def test_marks_that_do_not_begin_with_the_first_word_are_not_anchored() -> None:
    times = word_times(words("Let", "it", "go."), [mark(2, 0.6)], 4_800, 48_000)
    assert times[2].start == 24_000
    assert times[0].start == 0
    assert 0 < times[1].start < 24_000


def test_without_marks_words_share_the_speech_by_their_letters() -> None:
    times = word_times(words("a", "aaa", "a"), (), 0, 8_000)
    assert times == (at(0, 2_000), at(2_000, 4_000), at(6_000, 2_000))


def test_a_word_that_another_one_says_shares_its_time() -> None:
    times = word_times(words("", "twenty", "", "breaths"), [mark(1, 0.0), mark(3, 0.3)], 0, 24_000)
    assert times[0] == times[1] == times[2] == at(0, 4_800)
    assert times[3].start == 14_400


def test_several_marks_of_a_word_are_one_span() -> None:
    times = word_times(words("4-7-8", "now"), [mark(0, 0.0), mark(0, 0.2), mark(1, 0.5)], 0, 48_000)
    assert times[0] == at(0, 14_400)


def test_a_mark_reaches_no_further_than_the_next_word() -> None:
    times = word_times(words("Let", "go"), [mark(0, 0.0, 9.0), mark(1, 0.5, 9.0)], 0, 48_000)
    assert times == (at(0, 24_000), at(24_000, 24_000))


anything = st.floats(-1, 3) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(
    texts=st.lists(st.sampled_from(["", "a", "twenty", "—", "let go,"]), min_size=1, max_size=9),
    marks=st.lists(st.tuples(st.integers(-2, 10), anything, anything), max_size=12),
    onset=st.integers(0, 50_000),
    speech=st.integers(1, 90_000),
)
def test_whatever_the_marks_say_there_is_one_time_per_word_in_order_and_inside(
    texts: list[str], marks: list[tuple[int, float, float]], onset: int, speech: int
) -> None:
    times = word_times(
        words(*texts, "end."), [mark(w, start, length) for w, start, length in marks], onset, speech
    )
    assert len(times) == len(texts) + 1
    assert all(time.length >= 1 for time in times)
    assert all(time.start >= 0 and time.start + time.length <= speech for time in times)
    spoken = [time for time, text in zip(times, [*texts, "end."], strict=True) if text]
    assert all(a.start <= b.start for a, b in pairwise(spoken))
    assert all(a.start <= b.start for a, b in pairwise(times))


def test_exact_marks_are_not_moved_by_a_soft_beginning() -> None:
    marks = [mark(0, 0.13), mark(1, 0.4)]
    times = word_times(words("Feel", "it."), marks, onset=9_600, speech=24_000, exact=True)
    assert [time.start for time in times] == [0, 9_600]
    assert times[0].length == 1_440


def test_a_word_that_begins_in_silence_begins_when_it_is_heard() -> None:
    sound = np.zeros(48_000, np.float32)
    sound[:9_600] = sound[12_000:24_000] = sound[40_000:] = 0.1
    times = [at(0, 9_600), at(9_700, 14_000), at(24_000, 24_000), at(11_999, 1)]
    assert heard(times, sound) == (
        at(0, 9_600),
        at(12_000, 11_700),
        at(24_000, 24_000),  # what comes 0.3 s later is another sound
        at(11_999, 1),
    )
    assert heard(times, sound * np.float32(0.01)) == tuple(times)
