import io

import numpy as np
import pytest
import soundfile
from onnx_kit import KOKORO_HOP, KOKORO_RATE, tiny_kokoro, tiny_piper

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices import onnx_model
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.kokoro import Kokoro, KokoroOptions
from undersong.voices.kokoro_symbols import SPEAKS, SYMBOLS, in_symbols

LINE = "In the middle of the day, and I am at a place where you can be."


def options(**changes):
    return KokoroOptions(
        **({"model": "kokoro.onnx", "voices": "voices.bin", "voice": "af_test"} | changes)
    )


@pytest.fixture
def engine(tmp_path):
    tiny_kokoro(tmp_path)
    made = Kokoro(options(), tmp_path)
    yield made
    made.close()


def sound(take):
    return soundfile.read(io.BytesIO(take.audio), dtype="float32")[0]


def fed_to(engine, request, monkeypatch):
    found = []
    feed = engine._feed
    monkeypatch.setattr(engine, "_feed", lambda *words: found.append(feed(*words)) or found[-1])
    engine.say(request)
    return found


def written(feed):
    letters = {token: symbol for symbol, token in SYMBOLS.items()}
    name = "tokens" if "tokens" in feed else "input_ids"
    return "".join(letters.get(token, "_") for token in feed[name][0])


def test_it_keeps_the_contract(tmp_path):
    tiny_kokoro(tmp_path)
    check_engine(Kokoro, options(), tmp_path)


def test_it_does_not_claim_to_repeat_itself():
    assert Kokoro.repeatable is False


def test_every_word_has_a_time(engine):
    take = engine.say(sentence(LINE))
    assert [mark.word for mark in take.marks] == list(range(len(LINE.split())))
    starts = [mark.start_s for mark in take.marks]
    assert starts == sorted(starts)
    assert take.marks[-1].start_s + take.marks[-1].length_s <= len(sound(take)) / KOKORO_RATE


def test_the_model_is_fed_in_its_own_letters(engine, monkeypatch):
    (feed,) = fed_to(engine, sentence("Breathe out slowly, and go."), monkeypatch)
    assert written(feed) == "_bɹˈið ˈWt slˈOli, ænd ɡˈO._"
    assert feed["style"].shape == (1, 256)
    assert feed["speed"].tolist() == [pytest.approx(0.95)]
    count = feed["input_ids"].shape[1] - 2
    assert np.array_equal(feed["style"][0], engine._styles[count - 1])


def test_a_british_voice_is_spelt_in_british(tmp_path, monkeypatch):
    tiny_kokoro(tmp_path)
    engine = Kokoro(options(voice="bm_test"), tmp_path)
    (feed,) = fed_to(engine, sentence("Go slowly."), monkeypatch)
    engine.close()
    assert written(feed) == "_ɡˌQ slˈQli._"


def test_what_is_said_for_the_lead_pad_is_cut_off(engine):
    with engine._model.turn() as run:
        found = run(engine._feed(list("ɹˈɛst."), 1.0))
    lead = int(found["duration"][0]) * KOKORO_HOP
    assert lead > 0
    whole = found["waveform"]
    said = sound(engine.say(sentence("Rest.")))
    assert len(said) == len(whole) - lead
    assert np.abs(said[100:-100] - 0.5 * whole[lead + 100 : -100]).max() < 1e-5


def test_a_model_without_durations_speaks_without_marks(tmp_path):
    tiny_kokoro(tmp_path, durations=False)
    engine = Kokoro(options(), tmp_path)
    take = engine.say(sentence(LINE))
    engine.close()
    assert take.marks == ()
    assert len(sound(take)) > KOKORO_RATE


def test_older_exports_are_fed_by_their_names_and_kinds(tmp_path, monkeypatch):
    tiny_kokoro(tmp_path, tokens="tokens", whole_speed=True)
    engine = Kokoro(options(), tmp_path)
    assert engine.check() is None
    (feed,) = fed_to(engine, sentence("Rest."), monkeypatch)
    engine.close()
    assert written(feed) == "_ɹˈɛst._"
    assert (feed["speed"].dtype, feed["speed"].tolist()) == (np.int32, [1])


@pytest.mark.parametrize(("rate", "speed"), [(0.5, 0.5), (1.0, 0.95), (2.0, 1.9)])
def test_the_speed_stays_in_the_model_s_range(engine, monkeypatch, rate, speed):
    (feed,) = fed_to(engine, sentence("Rest.", rate=rate), monkeypatch)
    assert feed["speed"].tolist() == [pytest.approx(speed)]


def test_long_phrases_are_said_in_pieces(engine, monkeypatch):
    clause = "and the waves come in and go out,"
    feeds = fed_to(engine, sentence(" ".join([clause] * 9)), monkeypatch)
    assert len(feeds) == 3
    assert max(feed["input_ids"].shape[1] for feed in feeds) < 200


def test_a_sentence_beyond_the_model_s_context_is_an_error(engine):
    word = "incomprehensibilities" * 2
    with pytest.raises(VoiceError, match="510 at once") as caught:
        engine.say(sentence(" ".join([word] * 30)))
    assert "comma" in str(caught.value.hint)


def test_nothing_to_say_is_an_error(engine):
    with pytest.raises(VoiceError, match="nothing to say"):
        engine.say(Request(words=(SpokenWord(text="…"),), written="…", language="en-US"))


def test_missing_things_are_named(tmp_path, monkeypatch):
    engine = Kokoro(options(), tmp_path)
    assert "no kokoro.onnx in" in str(engine.check())
    _, voices = tiny_kokoro(tmp_path)
    voices.unlink()
    assert "no voices.bin in" in str(engine.check())
    monkeypatch.setattr(onnx_model.importlib.util, "find_spec", lambda _name: None)
    assert "undersong[neural]" in str(engine.check())
    assert "undersong[neural]" in str(Kokoro.missing())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04junk", b"<html>404</html>", b"\x93NUMPY"])
def test_damaged_voices_are_named(tmp_path, content):
    _, voices = tiny_kokoro(tmp_path)
    voices.write_bytes(content)
    assert "voices.bin cannot be read" in str(Kokoro(options(), tmp_path).check())


def test_voices_cut_short_are_named(tmp_path):
    _, voices = tiny_kokoro(tmp_path)
    voices.write_bytes(voices.read_bytes()[:-2000])
    assert "voices.bin cannot be read" in str(Kokoro(options(), tmp_path).check())


def test_an_unknown_voice_is_named_with_its_nearest(tmp_path):
    tiny_kokoro(tmp_path)
    assert "did you mean `af_test`" in str(Kokoro(options(voice="af_tset"), tmp_path).check())
    assert "it has af_test, bm_test" in str(Kokoro(options(voice="if_sara"), tmp_path).check())


def test_languages_that_cannot_be_spelt_are_refused(tmp_path):
    tiny_kokoro(tmp_path)
    engine = Kokoro(options(voice="jf_alpha"), tmp_path)
    assert "cannot be spelt" in str(engine.check())
    with pytest.raises(VoiceError, match="cannot be spelt"):
        engine.say(sentence("Rest."))


def test_another_kind_of_model_is_refused(tmp_path):
    tiny_kokoro(tmp_path)
    tiny_piper(tmp_path / "kokoro.onnx")
    assert "not Kokoro" in str(Kokoro(options(), tmp_path).check())


def test_the_table_of_symbols_is_kokoro_s():
    assert len(SYMBOLS) == 114
    known = {";": 1, "—": 9, " ": 16, "A": 24, "O": 31, "Y": 41, "a": 43, "h": 50, "z": 68}
    more = {"æ": 72, "ç": 78, "ə": 83, "ɡ": 92, "ŋ": 112, "ɹ": 123, "ʧ": 133, "ʒ": 147, "ˈ": 156}
    assert {symbol: SYMBOLS[symbol] for symbol in known | more} == known | more
    assert SYMBOLS["ᵻ"] == 177


@pytest.mark.parametrize(
    ("ipa", "family", "expected"),
    [
        ("klˈoʊs jʊɹ ˈaɪz", "a", "klˈOs jʊɹ ˈIz"),
        ("nˈætʃɚɹəl", "a", "nˈæʧəɹɹᵊl"),
        ("bˈɜːd", "a", "bˈɜɹd"),
        ("bˈɜːd", "b", "bˈɜːd"),
        ("ðˈeə", "b", "ðˈɛː"),
        ("bˈʌtn\u0329", "a", "bˈʌtᵊn"),
        ("bˈoʊnu", "f", "bˈoʊnu"),
    ],
)
def test_pronunciations_are_written_as_kokoro_has_learnt_them(ipa, family, expected):
    assert in_symbols(ipa, family) == expected


def test_every_family_is_spelt_by_a_voice_that_espeak_has(tmp_path):
    from undersong.voices.phonemes import Phonemes, sounds  # noqa: PLC0415 - only here

    for family, voice in SPEAKS.items():
        phonemes = Phonemes(voice)
        (clause,) = phonemes.clauses((SpokenWord(text="mama"),))
        phonemes.close()
        assert set(sounds(in_symbols(clause.ipa, family))) <= SYMBOLS.keys(), family
