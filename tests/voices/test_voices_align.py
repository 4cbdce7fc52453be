from pathlib import Path

import numpy as np
import pytest
from voices_kit import make_library, make_recipe, put

from undersong.voices import ear
from undersong.voices.align import ALIGNED, ENGINE, PROPORTIONAL, Aligner
from undersong.voices.contract import RawTake, Request, SpokenWord
from undersong.voices.espeak import Espeak, EspeakOptions
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore
from undersong.voices.trim import cut

SENTENCES = (
    "Soft light settles on the water.",
    "There is nowhere else to be, and nothing else to do.",
    "Feel the warmth spread through your chest.",
    "Welcome to shavasana and vipassana practice.",
)


def request(text: str, language: str = "en-US") -> Request:
    words = tuple(SpokenWord(text=word) for word in text.split())
    return Request(words=words, written=text, language=language)


def said(text: str) -> RawTake:
    engine = Espeak(EspeakOptions(voice="en-us+f2", rate_wpm=112), Path())
    take = engine.say(request(text))
    engine.close()
    return take


@pytest.mark.parametrize("text", SENTENCES)
def test_words_are_found_where_the_engine_said_them(text: str) -> None:
    take = said(text)
    found = Aligner().marks(take, request(text))
    assert [mark.word for mark in found] == list(range(len(text.split())))
    at_s = {mark.word: mark.start_s for mark in take.marks}  # espeak-ng joins `on the`
    off = [abs(mark.start_s - at_s[mark.word]) for mark in found if mark.word in at_s]
    assert len(off) >= len(found) - 2
    assert np.median(off) < 0.04
    assert max(off) < 0.12


def test_several_words_for_one_are_one_mark() -> None:
    text = "Four, seven, eight: that is the way."
    words = (SpokenWord(text="four, seven, eight:"), SpokenWord(text=""))
    words += tuple(SpokenWord(text=word) for word in ["that", "is", "the", "way."])
    both = Request(words=words, written=text, language="en-US")
    found = Aligner().marks(said(text), both)
    assert [mark.word for mark in found] == [0, 2, 3, 4, 5]
    assert found[0].length_s > 0.6


def test_a_word_with_ipa_is_read_by_it() -> None:
    assert ear._read("ˈvaɪɹə", ear._SOUNDS) == "V AY R AH"
    assert ear._read("qi", ear._LETTERS) == "K IH"
    word = SpokenWord(text="chee,", ipa="tʃiː")
    heard = ear.Ear([[word, SpokenWord(text="Ñandú")]])
    assert heard._aligner.lookup_word("chee") == "CH IY"
    assert heard._aligner.lookup_word("ñandú") == "N AA N D AH"


def test_other_languages_and_missing_extras_leave_it_to_the_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = said("Let go.")
    assert Aligner().marks(take, request("Lass los.", "de-DE")) == ()
    assert Aligner().marks(take, Request(words=(), written="", language="en")) == ()
    monkeypatch.setattr(ear.importlib.util, "find_spec", lambda _name: None)
    assert Aligner().version == ""
    assert Aligner().marks(take, request("Let go.")) == ()


RECORDED = "title: Anna\nlanguage: en-US\nengines: [{engine: recorded, folder: takes/anna}]\n"


def test_takes_without_marks_are_aligned_and_else_shared_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Feel the warmth spread through your chest and settle there."
    library = make_library(tmp_path, anna=RECORDED)
    put(tmp_path / "takes" / "anna" / "about.txt", "")
    take = said(text)
    (
        tmp_path
        / "takes"
        / "anna"
        / "feel-the-warmth-spread-through-your-chest-and-settle-there.wav"
    ).write_bytes(take.audio)
    recipe, store = make_recipe(library, text, "anna"), TakeStore(tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr(ear.importlib.util, "find_spec", lambda _name: None)
        shared = narrate(recipe, library, store)
        assert shared.timings == {PROPORTIONAL: 1}
    found = narrate(recipe, library, store)  # the extra was installed since
    assert found.timings == {ALIGNED: 1}
    truth = cut(take, found.takes[0].gain_db).facts(request(text).words, take.marks, exact=True)

    def off_ms(narration) -> float:
        times = narration.takes[0].facts.words
        at = [abs(times[mark.word].start - truth.words[mark.word].start) for mark in take.marks]
        return float(np.mean(at)) / 48

    assert off_ms(found) < 35
    assert off_ms(found) < off_ms(shared) / 2, off_ms(shared)
    monkeypatch.setattr(ear, "Ear", lambda _words: pytest.fail("aligned again"))
    assert narrate(recipe, library, store).timings == {ALIGNED: 1}


def test_marks_of_the_engine_are_never_replaced(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    told = narrate(make_recipe(library, "Let go."), library, TakeStore(tmp_path / "cache"))
    assert told.timings == {ENGINE: 1}
