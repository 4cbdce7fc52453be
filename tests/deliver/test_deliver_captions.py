"""Captions read back by strict parsers of our own, and transcripts read by eye."""

import html
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from undersong.deliver.captions import (
    SRT_WIDTH,
    VTT_WIDTH,
    SoundNote,
    sound_notes,
    srt,
    transcript,
    vtt,
)
from undersong.recipes.model import Position
from undersong.timeline.model import (
    Caption,
    CaptionWord,
    Chapter,
    Gap,
    Phrase,
    PlacedCue,
    Scene,
    Timeline,
)

RATE = 48_000
AT = Position(line=1, column=1)
Entry = tuple[int, int, list[str]]


def caption(text: str, start_s: float, end_s: float) -> Caption:
    start, end = round(start_s * RATE), round(end_s * RATE)
    words = tuple(CaptionWord(text=word, start=start, end=end) for word in text.split())
    return Caption(start=start, end=end, words=words)


def stamp_ms(text: str, point: str) -> int:
    found = re.fullmatch(rf"(\d\d+):([0-5]\d):([0-5]\d){re.escape(point)}(\d\d\d)", text)
    assert found, text
    hours, minutes, seconds, millis = map(int, found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis


def span_ms(line: str, point: str) -> tuple[int, int]:
    start, end = line.split(" --> ")
    return stamp_ms(start, point), stamp_ms(end, point)


def parse_vtt(text: str) -> list[Entry]:
    header, *blocks = text.removesuffix("\n").split("\n\n")
    assert header == "WEBVTT"
    entries = []
    for block in blocks:
        span, *lines = block.split("\n")
        assert lines
        assert all(line and "-->" not in line and "<" not in line for line in lines)
        assert not re.search(r"&(?!amp;|lt;|gt;)", block)
        entries.append((*span_ms(span, "."), [html.unescape(line) for line in lines]))
    return entries


def parse_srt(text: str) -> list[Entry]:
    entries = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n") if text else [], 1):
        count, span, *lines = block.split("\n")
        assert count == str(number)
        assert lines
        assert all(lines)
        entries.append((*span_ms(span, ","), lines))
    return entries


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20
).filter(lambda word: word.split() == [word])


@st.composite
def spoken(draw: st.DrawFn) -> tuple[Caption, ...]:
    captions, position = [], 0
    for _ in range(draw(st.integers(0, 6))):
        start = position + draw(st.integers(0, 12 * RATE))
        position = start + draw(st.integers(RATE // 25, 6 * RATE))
        text = " ".join(draw(st.lists(words, min_size=1, max_size=6)))
        captions.append(caption(text, start / RATE, position / RATE))
    return tuple(captions)


def note(start: int, text: str) -> SoundNote:
    return SoundNote(start=start, end=start + 4 * RATE, text=text)


notes = st.lists(
    st.builds(note, start=st.integers(0, 60 * RATE), text=st.sampled_from(["waves", "bell"])),
    max_size=4,
).map(lambda found: tuple(sorted(found, key=lambda note: note.start)))


@given(spoken(), notes)
def test_both_files_tell_every_word_in_order_and_nothing_overlaps(captions, heard):
    for entries in (parse_vtt(vtt(captions, heard)), parse_srt(srt(captions, heard))):
        said = [" ".join(lines) for _, _, lines in entries]
        assert [t for t in said if not (t[0] == "[" and t[1:5] in {"wave", "bell"})] == [
            c.text for c in captions
        ]
        assert all(start < end for start, end, _ in entries)
        assert all(a[1] <= b[0] for a, b in pairwise(entries))


@given(spoken())
def test_lines_keep_to_their_width_and_count(captions):
    for entries, width in (
        (parse_vtt(vtt(captions)), VTT_WIDTH),
        (parse_srt(srt(captions)), SRT_WIDTH),
    ):
        for _, _, lines in entries:
            assert all(len(line) <= width for line in lines)


def test_captions_of_two_full_lines_stay_two_lines():
    text = "Notice how the weight of your whole body can sink a little deeper into the ground."
    (entry,) = parse_srt(srt([caption(text, 1, 5)]))
    assert entry[2] == [
        "Notice how the weight of your whole body",
        "can sink a little deeper into the ground.",
    ]


def test_a_word_wider_than_a_line_has_one_of_its_own():
    long = "x" * 70
    (entry,) = parse_srt(srt([caption(f"So {long} ends", 1, 5)]))
    assert entry[2] == ["So", long, "ends"]


def test_vtt_is_written_as_the_standard_writes_it():
    text = vtt([caption("Sun & moon <now>", 3723.0005, 3725.25)])
    assert text == ("WEBVTT\n\n01:02:03.000 --> 01:02:05.250\nSun &amp; moon &lt;now&gt;\n")


def test_srt_is_written_as_players_read_it():
    text = srt([caption("One.", 0, 1), caption("Two.", 61.5, 62)])
    assert text == (
        "1\n00:00:00,000 --> 00:00:01,000\nOne.\n\n2\n00:01:01,500 --> 00:01:02,000\nTwo.\n"
    )


def test_nothing_said_is_an_empty_file_of_its_kind():
    assert vtt([]) == "WEBVTT\n"
    assert srt([]) == ""


@pytest.mark.parametrize(
    ("start_s", "shown"),
    [
        (0, [(0, 4000, ["[waves]"]), (6000, 8000, ["Hello."])]),
        (4.5, [(4500, 6000, ["[waves]"]), (6000, 8000, ["Hello."])]),
        (5.5, [(6000, 8000, ["Hello."])]),  # half a second is not worth showing
        (7, [(6000, 8000, ["Hello."]), (8000, 11_000, ["[waves]"])]),
        (20, [(6000, 8000, ["Hello."]), (20_000, 24_000, ["[waves]"])]),
    ],
)
def test_a_note_gives_way_to_speech(start_s, shown):
    heard = [note(round(start_s * RATE), "waves")]
    assert parse_vtt(vtt([caption("Hello.", 6, 8)], heard)) == shown


def test_notes_that_come_together_are_shown_together():
    together = [note(0, "waves"), note(RATE // 2, "bell")]
    assert parse_vtt(vtt([], together)) == [(0, 4000, ["[waves, bell]"])]


def test_a_note_ends_where_the_next_begins():
    close = [note(0, "waves"), note(2 * RATE, "bell")]
    assert parse_srt(srt([], close)) == [(0, 2000, ["[waves]"]), (2000, 6000, ["[bell]"])]


def phrase(text: str, start: int, end: int) -> Phrase:
    return Phrase(
        utterance=0, text=text, start=start, end=end, lead=0, tail=0, level_lufs=-20, position=AT
    )


def gap(kind: str, start: int, end: int) -> Gap:
    return Gap(kind=kind, start=start, end=end, elastic=True, position=AT)


TIMELINE = Timeline(
    length=100,
    seed=1,
    phrases=(
        phrase("Welcome.", 10, 20),
        phrase("Settle in.", 25, 30),
        phrase("Breathe.", 40, 45),
        phrase("The shore.", 60, 65),
    ),
    gaps=(
        gap("before", 0, 10),
        gap("sentence", 20, 25),
        gap("paragraph", 30, 33),
        gap("breath rest", 33, 40),
        gap("section", 45, 60),
    ),
    scenes=(
        Scene(ambience="waves", start=0, end=50, fade_in=1, fade_out=1),
        Scene(ambience="waves", start=45, end=70, fade_in=1, fade_out=1),
        Scene(ambience="beds/rain_on-leaves.yaml", start=65, end=100, fade_in=1, fade_out=1),
    ),
    cues=(PlacedCue(sound="bell", start=5, length=3, gain_db=0.0),),
    chapters=(
        Chapter(title="Settling in", start=0, end=50),
        Chapter(title="Shore", start=50, end=70),
        Chapter(title="Bed alone", start=70, end=100),
    ),
    captions=(),
)


def test_transcript_has_titles_and_paragraphs():
    assert transcript(TIMELINE) == (
        "Settling in\n\nWelcome. Settle in.\n\nBreathe.\n\nShore\n\nThe shore.\n"
    )


def test_transcript_of_nothing_said_is_empty():
    silent = Timeline(
        length=9, seed=1, phrases=(), gaps=(), scenes=(), cues=(), chapters=(), captions=()
    )
    assert transcript(silent) == ""


def test_beds_and_cues_are_noted_where_they_begin():
    assert [(note.start, note.text) for note in sound_notes(TIMELINE)] == [
        (0, "waves"),
        (5, "bell"),
        (65, "rain on leaves"),
    ]


def test_a_note_near_the_end_ends_with_the_track():
    late = replace(
        TIMELINE,
        length=10 * RATE + 47,
        scenes=(),
        cues=(PlacedCue(sound="bell", start=8 * RATE, length=9 * RATE, gain_db=0.0),),
    )
    shown = [(8000, 10_000, ["[bell]"])]
    assert parse_vtt(vtt([], sound_notes(late))) == shown
    assert parse_srt(srt([], sound_notes(late))) == shown
