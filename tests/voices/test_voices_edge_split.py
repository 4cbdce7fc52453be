import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.voices.edge.split import PIECE_BYTES, pieces, size

UNSPACED = "今天我们一起感受呼吸，让身体慢慢放松。"


def test_what_fits_is_one_piece() -> None:
    assert pieces(" Let go & be. ") == ("Let go & be.",)
    assert size("Let go & be. ü") == 19


def test_pieces_end_at_sentences() -> None:
    text = "One breath. And “another one.” Then, when you are ready, rest? Yes"
    assert pieces(text, 40) == (
        "One breath. And “another one.”",
        "Then, when you are ready, rest? Yes",
    )
    assert pieces(text, 33)[2:] == ("Then, when you are ready, rest?", "Yes")


def test_a_long_sentence_is_cut_at_a_clause_else_at_a_space() -> None:
    assert pieces("slowly, slowly down and down", 20) == ("slowly,", "slowly down and down")
    assert pieces("slowly down and down", 12) == ("slowly down", "and down")


def test_a_point_inside_a_word_ends_no_sentence() -> None:
    assert pieces("look at undersong.example today", 20) == (
        "look at",
        "undersong.example",
        "today",
    )


def test_languages_without_spaces_are_cut_at_their_full_stops() -> None:
    text = UNSPACED * 300
    found = pieces(text)
    assert len(text.encode()) > 4 * PIECE_BYTES
    assert "".join(found) == text
    assert all(piece.endswith("。") for piece in found)
    assert max(map(size, found)) <= PIECE_BYTES


def test_without_any_stop_a_letter_keeps_its_accents() -> None:
    text = "e\u0301" * 10
    assert all(piece.startswith("e") for piece in pieces(text, 7))
    assert "".join(pieces("क\u094dष\u093e" * 40, 64)) == "क\u094dष\u093e" * 40


@given(
    st.text(alphabet="ab é&<,.!? \n。，今ก\u0e34\u200d\U0001f600\u0301", max_size=200),
    st.integers(8, 60),
)
def test_nothing_is_lost_and_every_piece_fits(text: str, limit: int) -> None:
    found = pieces(text, limit)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(size(piece) <= limit for piece in found)
    assert all(found) or found == ("",)


@given(st.lists(st.sampled_from(["Rest.", "Let go!", "今天。", "soft, slow"]), max_size=40))
def test_words_stay_whole_where_there_is_room(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(pieces(text, 24)).split() == text.split() or "今" in text


@pytest.mark.parametrize("char", ["&", "😀", "ก"])
def test_a_limit_is_kept_in_escaped_bytes(char: str) -> None:
    found = pieces(char * 5000)
    assert "".join(found) == char * 5000
    assert max(map(size, found)) <= PIECE_BYTES
    assert len(found) == -(-5000 * size(char) // (PIECE_BYTES // size(char) * size(char)))
