import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from onnx_kit import PIPER_HOP, PIPER_MAP, PIPER_RATE, tiny_piper

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices import onnx_model
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.onnx_graph import NoGraphError, exposed
from undersong.voices.piper import Piper, PiperOptions

LINE = "In the middle of the day, and I am at a place where you can be."


@pytest.fixture
def engine(tmp_path):
    tiny_piper(tmp_path / "models" / "tiny.onnx")
    made = Piper(PiperOptions(model="models/tiny.onnx"), tmp_path)
    yield made
    made.close()


def made(root, **options):
    return Piper(PiperOptions(model="tiny.onnx", **options), root)


def sound(take):
    frames, rate = soundfile.read(io.BytesIO(take.audio), dtype="float32")
    return frames, rate


def test_it_keeps_the_contract(tmp_path):
    tiny_piper(tmp_path / "tiny.onnx")
    check_engine(Piper, PiperOptions(model="tiny.onnx"), tmp_path)


def test_every_word_has_a_time_though_words_run_into_each_other(engine):
    take = engine.say(sentence(LINE))
    assert [mark.word for mark in take.marks] == list(range(len(LINE.split())))
    starts = [mark.start_s for mark in take.marks]
    assert starts == sorted(starts)
    ends = [mark.start_s + mark.length_s for mark in take.marks]
    gap = starts[6] - ends[5]
    assert gap > max(b - a for a, b in zip(ends[:5], starts[1:6], strict=True)) + 0.1


def test_marks_are_where_the_tones_of_the_words_are(engine):
    take = engine.say(sentence("Rest, rest, rest."))
    frames, rate = sound(take)
    loud = np.abs(frames) > 0.01
    for mark in take.marks:
        first, last = round(mark.start_s * rate), round((mark.start_s + mark.length_s) * rate)
        assert loud[first + 400 : last - 400].mean() > 0.8
        assert loud[max(first - 1500, 0) : first].mean() < 0.4


def test_the_model_is_asked_without_noise_and_gets_what_piper_would_give_it(tmp_path, monkeypatch):
    tiny_piper(tmp_path / "tiny.onnx", speakers=3)
    engine = made(tmp_path, speaker=2, length_scale=1.25)
    fed = []
    feed = engine._feed
    monkeypatch.setattr(engine, "_feed", lambda ids, rate: fed.append(feed(ids, rate)) or fed[-1])
    engine.say(sentence("Listen now, and rest.", rate=0.5))
    engine.close()
    (given,) = fed
    letters = {ids[0]: letter for letter, ids in PIPER_MAP.items()}
    said = "".join(letters[i] for i in given["input"][0])
    assert said == "^_" + "_".join("lˈɪsən nˈaʊ, ænd ɹˈɛst.") + "_$"
    assert given["input_lengths"].tolist() == [given["input"].shape[1]]
    assert given["scales"].tolist() == [0.0, 2.5, 0.0]
    assert given["sid"].tolist() == [2]


def test_the_sound_is_never_normalised_to_its_peak(engine):
    peaks = {np.abs(sound(engine.say(sentence(text)))[0]).max().round(3) for text in ("In.", LINE)}
    assert peaks == {0.125}


def test_a_slower_rate_takes_longer(engine):
    usual, slow = (len(sound(engine.say(sentence(LINE, rate=rate)))[0]) for rate in (1.0, 0.5))
    assert slow > 1.7 * usual


def test_sentences_are_said_one_by_one_with_a_rest_between(engine):
    one, other = (sound(engine.say(sentence(text)))[0] for text in ("Rest here.", "Be still."))
    both = sound(engine.say(sentence("Rest here. Be still.")))[0]
    assert len(both) == len(one) + len(other) + round(0.35 * PIPER_RATE)
    assert np.array_equal(both[: len(one)], one)
    assert np.array_equal(both[-len(other) :], other)


def test_pieces_stay_short(engine):
    clause = "and the waves come in and go out,"
    take = engine.say(sentence(" ".join([clause] * 6)))
    assert [mark.word for mark in take.marks] == list(range(48))


def test_a_pronunciation_is_said(engine):
    words = (
        SpokenWord(text="Breathe"),
        SpokenWord(text="qi", ipa="/tʃiː/"),
        SpokenWord(text="in."),
    )
    take = engine.say(Request(words=words, written="Breathe qi in.", language="en-US"))
    assert take != engine.say(sentence("Breathe qi in."))
    assert [mark.word for mark in take.marks] == [0, 1, 2]


@pytest.mark.parametrize("ceils", [2])
def test_a_model_that_does_not_tell_durations_has_no_marks(tmp_path, ceils):
    tiny_piper(tmp_path / "tiny.onnx", ceils=ceils)
    engine = made(tmp_path)
    assert engine.say(sentence(LINE)).marks == ()
    engine.close()


def test_durations_add_up_to_the_sample(engine):
    found = []
    with engine._model.turn() as run:
        ids = [1, 0, 14, 0, 3, 0, 15, 0, 2]
        found.append(run(engine._feed(ids, 1.0)))
    (answer,) = found
    assert set(answer) == {"output", "w_ceil"}
    assert answer["w_ceil"].sum() * PIPER_HOP == answer["output"].size


@pytest.mark.parametrize("text", ["", "…", ", ."])
def test_nothing_to_say_is_an_error(engine, text):
    with pytest.raises(VoiceError, match="nothing to say"):
        engine.say(Request(words=(SpokenWord(text=text),), written=text, language="en-US"))


def test_phrases_are_the_same_in_parallel_and_after_closing(engine):
    texts = ["Rest.", LINE, "Be here now.", "Let the breath come and go."]
    first = [engine.say(sentence(text)) for text in texts]
    with ThreadPoolExecutor(2) as pool:
        again = list(pool.map(lambda text: engine.say(sentence(text)), texts))
    engine.close()
    assert again == first
    assert engine.say(sentence(LINE)) == first[1]


def test_closing_ends_a_request_under_way(engine, monkeypatch):
    held, go = threading.Event(), threading.Event()
    spoken = engine._spoken

    def slow(run, piece, rate):
        held.set()
        go.wait(10)
        return spoken(run, piece, rate)

    monkeypatch.setattr(engine, "_spoken", slow)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(engine.say, sentence(LINE))
        held.wait(10)
        engine.close()
        go.set()
        with pytest.raises(VoiceError, match=r"tiny\.onnx was stopped"):
            under_way.result(10)


def test_without_the_extra_it_says_how_to_get_it(tmp_path, monkeypatch):
    tiny_piper(tmp_path / "tiny.onnx")
    monkeypatch.setattr(onnx_model.importlib.util, "find_spec", lambda _name: None)
    assert "pip install 'undersong[neural]'" in str(made(tmp_path).check())
    assert "pip install 'undersong[neural]'" in str(Piper.missing())
    with pytest.raises(VoiceError, match=r"undersong\[neural\]"):
        made(tmp_path).say(sentence("Rest."))


def test_missing_files_are_named(tmp_path):
    assert "no tiny.onnx in" in str(made(tmp_path).check())
    tiny_piper(tmp_path / "tiny.onnx")
    (tmp_path / "tiny.onnx.json").unlink()
    assert "no tiny.onnx.json in" in str(made(tmp_path).check())
    with pytest.raises(VoiceError, match=r"tiny\.onnx\.json cannot be read"):
        made(tmp_path).say(sentence("Rest."))


@pytest.mark.parametrize("size", [0, 40, 1000, -7])
def test_a_model_cut_short_is_named(tmp_path, size):
    path = tiny_piper(tmp_path / "tiny.onnx")
    path.write_bytes(path.read_bytes()[:size])
    why = made(tmp_path).check()
    assert why is not None
    assert why.startswith("tiny.onnx")


def test_a_web_page_instead_of_a_model_is_named(tmp_path):
    path = tiny_piper(tmp_path / "tiny.onnx")
    path.write_text("<!doctype html><title>404</title>")
    assert "damaged" in str(made(tmp_path).check())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{}", "audio: Field required"),
        ("[1]", "no configuration"),
        ("{", "cannot be read"),
        (json.dumps({"audio": {"sample_rate": 1}, "phoneme_id_map": {}}), "audio.sample_rate"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path, config, words):
    tiny_piper(tmp_path / "tiny.onnx")
    (tmp_path / "tiny.onnx.json").write_text(config)
    assert words in str(made(tmp_path).check())


def test_a_voice_of_letters_is_refused(tmp_path):
    tiny_piper(tmp_path / "tiny.onnx", phoneme_type="text")
    assert "speaks `text`" in str(made(tmp_path).check())


def test_another_kind_of_model_is_refused(tmp_path):
    from onnx_kit import tiny_kokoro  # noqa: PLC0415 - only here

    tiny_piper(tmp_path / "tiny.onnx")
    model, _ = tiny_kokoro(tmp_path)
    model.replace(tmp_path / "tiny.onnx")
    assert "not a Piper voice" in str(made(tmp_path).check())


def test_a_speaker_that_is_not_there_is_named(tmp_path):
    tiny_piper(tmp_path / "tiny.onnx", speakers=2)
    assert made(tmp_path, speaker=1).check() is None
    assert "2 speakers" in str(made(tmp_path, speaker=2).check())


def test_diphthongs_of_newer_voices_are_one_symbol(tmp_path):
    symbols = PIPER_MAP | {"aʊ": [200]}
    tiny_piper(tmp_path / "tiny.onnx", phoneme_id_map=symbols, vowel_clusters=[["a", "ʊ"]])
    engine = made(tmp_path)
    assert "aʊ" in list(engine._symbols("nˈaʊ"))
    assert [mark.word for mark in engine.say(sentence("Rest now.")).marks] == [0, 1]
    engine.close()


def test_the_fingerprint_changes_with_either_file(tmp_path):
    seen = {made(tmp_path).fingerprint}
    tiny_piper(tmp_path / "tiny.onnx")
    seen.add(made(tmp_path).fingerprint)
    config = tmp_path / "tiny.onnx.json"
    config.write_text(config.read_text() + " ")
    seen.add(made(tmp_path).fingerprint)
    tiny_piper(tmp_path / "tiny.onnx", speakers=2)
    seen.add(made(tmp_path).fingerprint)
    assert len(seen) == 4


def test_exposing_adds_one_output_and_changes_nothing_else(tmp_path):
    import onnx  # noqa: PLC0415 - only here

    content = tiny_piper(tmp_path / "tiny.onnx").read_bytes()
    more = exposed(content, "Ceil")
    assert more.startswith(content)
    before, after = onnx.load_from_string(content), onnx.load_from_string(more)
    assert [output.name for output in after.graph.output] == ["output", "w_ceil"]
    del after.graph.output[1]
    assert after == before
    assert exposed(more, "Ceil") == more
    assert exposed(content, "Conv") == content


@pytest.mark.parametrize("content", [b"\x3a\xff", b"\x3a\x05ab", b"\xff" * 12, b"\x3a"])
def test_junk_is_no_graph(content):
    with pytest.raises(NoGraphError):
        exposed(content, "Ceil")


def test_the_path_may_be_absolute(tmp_path):
    path = tiny_piper(tmp_path / "tiny.onnx")
    assert Piper(PiperOptions(model=str(path)), Path("/nowhere")).check() is None
