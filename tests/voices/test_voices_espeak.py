import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from undersong.errors import VoiceError
from undersong.testing import check_engine
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.espeak import Espeak, EspeakOptions
from undersong.voices.espeak_home import WORKER, folder
from undersong.voices.espeak_pipe import Answer

SENTENCE = "Let the breath come and go, as it likes."


@pytest.fixture(scope="module")
def voice():
    engine = Espeak(EspeakOptions(), Path())
    yield engine
    engine.close()


def request(text=SENTENCE, *, language="en-US", rate=1.0, ipa=None):
    words = tuple(
        SpokenWord(text=word, ipa=(ipa or {}).get(word.strip(".,"))) for word in text.split()
    )
    return Request(words=words, written=text, language=language, rate=rate)


def said(take):
    frames, rate = soundfile.read(io.BytesIO(take.audio), dtype="float32")
    return frames, rate


def digest(take):
    return hashlib.sha256(take.audio + repr(take.marks).encode()).hexdigest()


def phrases(count):
    words = (
        "rest",
        "soft",
        "and",
        "slow",
        "the",
        "sea",
        "comes",
        "in",
        "goes",
        "out",
        "light",
        "air",
    )
    chance = random.Random(7)  # noqa: S311 - the same phrases every time
    return [" ".join(chance.choices(words, k=chance.randint(1, 9))) + "." for _ in range(count)]


def test_it_keeps_the_contract_of_engines(tmp_path):
    check_engine(Espeak, EspeakOptions(), tmp_path)


def test_it_speaks_mono_at_its_own_rate(voice):
    frames, rate = said(voice.say(request()))
    assert (rate, frames.ndim) == (22_050, 1)
    assert 2 < len(frames) / rate < 5
    assert 0.1 < np.abs(frames).max() <= 1


def test_every_word_has_a_mark_in_order_inside_the_sound(voice):
    take = voice.say(request())
    frames, rate = said(take)
    assert [mark.word for mark in take.marks] == list(range(9))
    starts = [mark.start_s for mark in take.marks]
    assert starts == sorted(starts)
    last = take.marks[-1]
    assert last.start_s + last.length_s <= len(frames) / rate + 1e-9
    assert all(mark.length_s > 0 for mark in take.marks)


def test_phrases_are_bit_identical_in_any_order_and_in_parallel(voice):
    texts = phrases(240)
    first = {text: digest(voice.say(request(text))) for text in texts}
    shuffled = sorted(texts, key=lambda text: text[::-1])
    with ThreadPoolExecutor(4) as pool:
        again = dict(
            zip(shuffled, pool.map(lambda t: digest(voice.say(request(t))), shuffled), strict=True)
        )
    assert again == first


@pytest.mark.slow
def test_ten_thousand_phrases_are_bit_identical_over_orders_and_workers(voice):
    texts = phrases(10_000)
    with ThreadPoolExecutor(2) as pool, closing(Espeak(EspeakOptions(), Path())) as engine:
        first = list(pool.map(lambda t: digest(voice.say(request(t))), texts))
        again = list(pool.map(lambda t: digest(engine.say(request(t))), reversed(texts)))
    assert again[::-1] == first


def test_a_slower_rate_takes_longer(voice):
    usual, slow = (len(said(voice.say(request(rate=rate)))[0]) for rate in (1.0, 0.7))
    assert slow > 1.2 * usual


def test_options_reach_the_voice():
    takes = set()
    changed = ({"voice": "en-us+f5"}, {"pitch": 60}, {"range": 80}, {"rate_wpm": 160}, {"gap": 6})
    for options in ({}, *changed):
        with closing(Espeak(EspeakOptions(**options), Path())) as engine:
            takes.add(digest(engine.say(request())))
    assert len(takes) == 6


def test_a_rate_beyond_what_it_can_is_the_most_that_it_can():
    with closing(Espeak(EspeakOptions(rate_wpm=450), Path())) as engine:
        assert engine.say(request(rate=2)) == engine.say(request())


@pytest.mark.parametrize(
    "options",
    [{"voice": "en us"}, {"voice": "en;rm"}, {"voice": ""}, {"rate_wpm": 10}, {"pitch": 120}],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValidationError):
        EspeakOptions(**options)


@pytest.mark.parametrize(
    ("name", "message", "legal"),
    [
        ("xx-yy", "no voice `xx-yy`", "en-us"),
        ("en-us+nonexist", "no variant `nonexist`", "f2"),
        ("en-us+F2", "no variant `F2`; did you mean", "f2"),
        ("en-us+f9", "no variant `f9`", "f5"),
    ],
)
def test_unknown_voices_and_variants_are_named_with_legal_ones(name, message, legal):
    with (
        closing(Espeak(EspeakOptions(voice=name), Path())) as engine,
        pytest.raises(VoiceError) as caught,
    ):
        engine.say(request(language=name.partition("+")[0]))
    assert message in caught.value.message
    assert f" {legal}," in caught.value.hint


@pytest.mark.parametrize(
    ("voice", "language", "same"),
    [
        (None, "en-US", "en-us+f2"),
        (None, "en-GB", "en+f2"),
        (None, "", "en-us+f2"),
        (None, "pt-PT", "pt+f2"),
        (None, "no", "nb+f2"),
        ("en-us+f5", "de-AT", "de+f5"),
        ("en-us", "zh-Hans", "cmn"),
        ("gmw/en-US+f2", "en", "en-us+f2"),
        ("en-gb", "en", "en"),
        ("de+m3", "de_DE", "de+m3"),
    ],
)
def test_another_language_is_said_by_its_voice_with_the_same_variant(voice, language, same):
    with (
        closing(Espeak(EspeakOptions(voice=voice), Path())) as engine,
        closing(Espeak(EspeakOptions(voice=same), Path())) as plain,
    ):
        mine = engine.say(request("Sol, la, mi.", language=language))
        assert mine == plain.say(request("Sol, la, mi.", language=same.partition("+")[0]))


def test_a_language_that_it_does_not_speak_is_named(voice):
    with pytest.raises(VoiceError, match="no voice `xx`"):
        voice.say(request(language="xx"))


def test_voices_can_be_listed_by_language(voice):
    everything, portuguese = voice.voices(), voice.voices("pt")
    assert len(everything) > 100
    assert {one.name for one in portuguese} == {"roa/pt", "roa/pt-BR"}
    assert voice.voices("pt-BR")[0].languages[0] == "pt-br"
    assert voice.voices("tlh-xx") == ()
    assert {"f2", "f5", "m3"} <= set(voice.variants())


def test_a_phrase_of_another_language_is_said_by_that_language(voice):
    german, english = (
        digest(voice.say(request("Die warme Luft.", language=language)))
        for language in ("de-DE", "en-US")
    )
    assert german != english


@pytest.mark.parametrize("text", ["", " ", "…", ", ."])
def test_nothing_to_say_is_an_error(voice, text):
    with pytest.raises(VoiceError, match="nothing to say"):
        voice.say(Request(words=(SpokenWord(text=text),), written=text, language="en-US"))


def test_a_nul_does_not_cut_the_phrase(voice):
    words = (SpokenWord(text="Rest\0here"), SpokenWord(text="now."))
    take = voice.say(Request(words=words, written="x", language="en-US"))
    assert take.marks[-1].word == 1


def test_long_text_is_said_whole(voice):
    take = voice.say(request(" ".join(["slowly"] * 400) + "."))
    assert take.marks[-1].word == 399


def test_a_pronunciation_in_ipa_is_said(voice):
    respelt = digest(voice.say(request("Breathe qi now.", ipa={"qi": "tʃiː"})))
    assert respelt != digest(voice.say(request("Breathe qi now.")))
    chee = voice.say(request("Breathe qi now.", ipa={"qi": "tʃiː"}))
    assert chee.marks[0].word == 0


def test_an_unknown_symbol_falls_back_to_the_text(voice):
    assert voice.say(request("Breathe qi now.", ipa={"qi": "ǃ"})).audio == (
        voice.say(request("Breathe qi now.")).audio
    )


def test_a_voice_that_says_no_sound_is_an_error(voice, monkeypatch):
    silent = Answer(header={"rate_hz": 22_050, "bytes": 4, "marks": []}, payload=bytes(4))
    monkeypatch.setattr(voice._pool, "ask", lambda *_: silent)
    with pytest.raises(VoiceError, match=r"said nothing for 'Rest\.'"):
        voice.say(request("Rest."))


def test_a_refusal_without_a_name_is_said_as_it_is(voice, monkeypatch):
    refusal = Answer(header={"error": "it will not", "no": "", "bytes": 0}, payload=b"")
    monkeypatch.setattr(voice._pool, "ask", lambda *_: refusal)
    with pytest.raises(VoiceError, match=r"^it will not$"):
        voice.say(request())


def test_a_killed_worker_is_replaced_and_the_phrase_is_right(voice):
    expected = digest(voice.say(request()))
    with closing(Espeak(EspeakOptions(), Path())) as engine:
        engine.say(request("One."))
        (worker,) = engine._pool._idle
        os.kill(worker.pid, signal.SIGKILL)
        assert digest(engine.say(request())) == expected
        assert engine._pool._idle != [worker]


def test_a_hung_worker_is_killed_and_the_next_phrase_is_right(voice, monkeypatch):
    expected = digest(voice.say(request()))
    with closing(Espeak(EspeakOptions(), Path())) as engine:
        engine.say(request("One."))
        (worker,) = engine._pool._idle
        os.kill(worker.pid, signal.SIGSTOP)
        monkeypatch.setattr(engine, "_timeout_s", 0.3)
        with pytest.raises(VoiceError, match="no answer within"):
            engine.say(request())
        monkeypatch.undo()
        assert digest(engine.say(request())) == expected


def test_closing_ends_the_processes_and_it_may_speak_again():
    engine = Espeak(EspeakOptions(), Path())
    engine.say(request("One."))
    (worker,) = engine._pool._idle
    engine.close()
    engine.close()
    assert worker._process.returncode is not None
    assert engine.say(request("One.")).audio
    engine.close()


def test_the_worker_ends_when_its_parent_goes():
    with subprocess.Popen(
        [sys.executable, "-I", WORKER, folder()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(b'{"do": "list"}\n')
        process.stdin.close()
        assert len(json.loads(process.stdout.readline())["voices"]) > 100
        assert process.stdout.read() == b""
        assert process.wait(20) == 0


def test_our_process_never_loads_the_gpl_library(voice):
    voice.say(request())
    assert "espeakng_loader" not in sys.modules


def test_a_missing_package_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr("undersong.voices.espeak_home.LOADER", "espeakng_loader_that_is_not_there")
    engine = Espeak(EspeakOptions(), Path())
    assert engine.check() == "the package espeakng-loader is not installed"
    with pytest.raises(VoiceError, match="not installed"):
        _ = engine.fingerprint


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (["__init__.py"], "no library for this platform"),
        (["__init__.py", "libespeak-ng.so"], "data of espeakng-loader is missing"),
        (
            ["__init__.py", "libespeak-ng.so", "espeak-ng-data/phontab"],
            "espeak-ng cannot be loaded",
        ),
    ],
)
def test_a_damaged_package_is_said_in_a_sentence(tmp_path, monkeypatch, files, reason):
    for name in files:
        file = tmp_path / "espeak_of_ours" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("undersong.voices.espeak_home.LOADER", "espeak_of_ours")
    with closing(Espeak(EspeakOptions(), Path())) as engine:
        assert reason in engine.check()


def test_it_speaks_from_a_folder_with_a_very_long_name(tmp_path, monkeypatch, voice):
    deep = tmp_path / ("long" * 30) / ("name" * 30)
    deep.mkdir(parents=True)
    (deep / "espeak_far_away").symlink_to(folder(), target_is_directory=True)
    expected = digest(voice.say(request()))
    monkeypatch.syspath_prepend(deep)
    monkeypatch.setattr("undersong.voices.espeak_home.LOADER", "espeak_far_away")
    with closing(Espeak(EspeakOptions(), Path())) as engine:
        assert len(str(folder())) > 240
        assert digest(engine.say(request())) == expected


def test_check_tries_it_for_real(voice):
    assert voice.check() is None
    with closing(Espeak(EspeakOptions(voice="xx-yy"), Path())) as broken:
        assert "espeak-ng has no voice `xx-yy`" in broken.check()


def test_the_fingerprint_names_version_and_digest_without_speaking():
    engine = Espeak(EspeakOptions(), Path())
    version, digest_, protocol = engine.fingerprint.split(", ")
    assert version.startswith("espeakng-loader 0.")
    assert len(digest_) == 16
    assert protocol.isdecimal()
    assert not engine._pool._idle
