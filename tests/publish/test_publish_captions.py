import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.publish.captions import (
    SRT_LINES,
    SRT_WIDTH,
    Cue,
    parse_json,
    parse_srt,
    parse_vtt,
    to_json,
    to_srt,
)

VTT = """\
\ufeffWEBVTT - a file

NOTE nothing to show
of two lines

STYLE
::cue { color: red }

first
00:00.500 --> 00:01.000 align:left
<v Ann>One &amp; <i>two</i>

01:00:02.000 --> 01:00:03.250
three
four
"""


def test_webvtt_is_read():
    assert parse_vtt(VTT) == (
        Cue(start_ms=500, end_ms=1000, text="One & two"),
        Cue(start_ms=3_602_000, end_ms=3_603_250, text="three\nfour"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "WEBVTT"),
        ("WEBVTTX\n", "WEBVTT"),
        ("WEBVTT\n\n00:00.5 --> 00:01.000\nx", "block 1"),
        ("WEBVTT\n\n00:00.500 -> 00:01.000\nx", "block 1"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nx", "block 1"),
        ("WEBVTT\n\n00:01.000 --> 00:01.000\nx", "ends before"),
        ("WEBVTT\n\n00:02.000 --> 00:03.000\nx\n\n00:01.000 --> 00:02.000\ny", "order of time"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\na --> b", "block 1"),
    ],
)
def test_what_is_no_webvtt_is_told(text, words):
    with pytest.raises(ValueError, match=words):
        parse_vtt(text)


@pytest.mark.parametrize(
    "text",
    [
        "2\n00:00:00,000 --> 00:00:01,000\nx\n",
        "1\n00:00:00.000 --> 00:00:01.000\nx\n",
        "1\n00:00:00,000 --> 00:00:01,000\n\n",
        "x",
    ],
)
def test_what_is_no_subrip_is_told(text):
    with pytest.raises(ValueError, match="block 1"):
        parse_srt(text)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", '{"segments": [{}]}', '{"segments": 3}', "x", "[" * 100_000]
)
def test_what_is_no_json_transcript_is_told(text):
    with pytest.raises(ValueError, match=r"segments|Expecting"):
        parse_json(text)


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=45), min_size=1, max_size=40)
CUES = st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 9000), WORDS), max_size=8)


@st.composite
def timed(draw):
    """Cues in order of time."""
    cues, now = [], 0
    for length, gap, words in draw(CUES):
        now += gap
        cues.append(Cue(start_ms=now, end_ms=now + length, text=" ".join(words)))
        now += length
    return cues


@pytest.mark.parametrize("read", [parse_vtt, parse_srt, parse_json])
@given(text=st.text() | st.text('WEBVT0123456789:.,-> \n\t<&{}[]"segmntsarTimdby', max_size=200))
def test_what_cannot_be_read_is_a_value_error_and_nothing_else(read, text):
    try:
        cues = read(text)
    except ValueError:
        return
    assert all(cue.start_ms < cue.end_ms for cue in cues)


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", '"soon"', "null", "9" * 5000])
def test_times_that_are_none_are_told(number):
    text = f'{{"segments": [{{"startTime": 0, "endTime": {number}, "body": "x"}}]}}'
    with pytest.raises(ValueError, match=r".+"):
        parse_json(text)


@given(timed())
def test_json_says_the_same(cues):
    assert list(parse_json(to_json(cues))) == cues
    assert json.loads(to_json(cues))["version"] == "1.0.0"


@given(timed())
def test_subrip_is_short_enough_and_says_the_same(cues):
    read = parse_srt(to_srt(cues))
    for cue in read:
        lines = cue.text.split("\n")
        assert len(lines) <= SRT_LINES
        assert max(map(len, lines)) <= SRT_WIDTH
    spans = [(cue.start_ms, cue.end_ms) for cue in cues]
    assert all(any(a <= cue.start_ms < cue.end_ms <= b for a, b in spans) for cue in read)
    long = [cue for cue in cues if cue.end_ms - cue.start_ms > 2000]
    said = "".join("".join(cue.text.split()) for cue in read)
    assert all("".join(cue.text.split()) in said for cue in long)
