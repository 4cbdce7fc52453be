from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.errors import FaultsError
from undersong.recipes.source import brief, make_source, read_source


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"ok\ncaf\xe9\n", "2:4", "not UTF-8 (seen: byte 0xE9)"),
        (b"\xff\xfea\x00", "1:1", "UTF-16"),
        (b"\xef\xbb\xbfa\xff", "1:2", "not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf8_are_one_fault_at_their_place(
    tmp_path: Path, content: bytes, place: str, words: str
) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(content)
    with pytest.raises(FaultsError) as caught:
        read_source(path)
    assert str(caught.value).startswith(f"{path}:{place}: ")
    assert words in str(caught.value)
    assert caught.value.hint == "save the file as UTF-8"


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"none\.md: there is no such file"):
        read_source(tmp_path / "none.md")
    with pytest.raises(FaultsError, match="this is a folder, not a file"):
        read_source(tmp_path)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    loop = tmp_path / "loop.md"
    loop.symlink_to(loop)
    with pytest.raises(FaultsError, match="cannot be read: "):
        read_source(loop)


def test_byte_order_mark_and_line_ends_shift_nothing() -> None:
    source = make_source("x", "\ufeffone\r\ntwo\rthree\n")
    assert source.text == "one\ntwo\nthree\n"
    place = source.position(source.text.index("three"))
    assert (place.line, place.column) == (3, 1)


def test_control_characters_are_blanked_and_reported_once_per_run() -> None:
    source = make_source("x", "a\x00\x00b\n\tc\x85d")
    assert source.text == "a  b\n\tc d"
    assert [(f.line, f.column, f.seen) for f in source.faults] == [
        (1, 2, "U+0000"),
        (2, 3, "U+0085"),
    ]


@settings(deadline=None)  # a shared machine may be slow
@given(st.text(alphabet="ab\n", max_size=40), st.data())
def test_a_position_leads_back_to_its_character(text: str, data: st.DataObject) -> None:
    source = make_source("x", text)
    offset = data.draw(st.integers(0, len(text)))
    place = source.position(offset)
    lines = [*text.split("\n")]
    assert "\n".join(lines[: place.line - 1])[:0] == ""
    assert (
        len("".join(f"{line}\n" for line in lines[: place.line - 1])) + place.column - 1 == offset
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("one", "one"), ("one\ntwo", "one …"), ("x" * 80, "x" * 59 + "…"), ("  one \n", "one")],
)
def test_what_was_seen_is_cut_to_one_short_line(text: str, expected: str) -> None:
    assert brief(text) == expected
