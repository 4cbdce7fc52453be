import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from undersong.errors import VoiceError
from undersong.testing import check_engine
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.espeak import Espeak, EspeakOptions
from undersong.voices.espeak_ipa import mnemonics
from undersong.voices.espeak_pipe import WORKER, Pool

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


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["four, seven, eight", "now."], [0, 1]),
        (["one", "", "three."], [0, 2]),
        (["Dr", "Smith's", "l'eau", "über", "naïve."], [0, 1, 2, 3, 4]),
        (["in", "the", "of", "a", "it."], [0, 1, 2, 3, 4]),
    ],
)
def test_marks_belong_to_written_words(voice, texts, words):
    spoken = tuple(SpokenWord(text=text) for text in texts)
    take = voice.say(Request(words=spoken, written="x", language="en-US"))
    assert {mark.word for mark in take.marks} <= set(words)
    assert take.marks[0].word == words[0]


def test_phrases_are_bit_identical_in_any_order_and_in_parallel(voice):
    texts = phrases(120)
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
    engine = Espeak(EspeakOptions(), Path())
    with ThreadPoolExecutor(2) as pool:
        first = list(pool.map(lambda t: digest(voice.say(request(t))), texts))
        again = list(pool.map(lambda t: digest(engine.say(request(t))), reversed(texts)))
    engine.close()
    assert again[::-1] == first


def test_a_slower_rate_takes_longer(voice):
    usual, slow = (len(said(voice.say(request(rate=rate)))[0]) for rate in (1.0, 0.7))
    assert slow > 1.2 * usual


def test_options_reach_the_voice():
    takes = set()
    for options in ({}, {"voice": "en-us+f5"}, {"pitch": 60}, {"rate_wpm": 160}, {"gap": 6}):
        engine = Espeak(EspeakOptions(**options), Path())
        takes.add(digest(engine.say(request())))
        engine.close()
    assert len(takes) == 5


@pytest.mark.parametrize(
    "options",
    [{"voice": "en us"}, {"voice": "en;rm"}, {"voice": ""}, {"rate_wpm": 10}, {"pitch": 120}],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValidationError):
        EspeakOptions(**options)


@pytest.mark.parametrize("name", ["xx-yy", "en-us+nonexist", "en-us+F2", "en-gb"])
def test_unknown_voices_and_variants_are_named(name):
    engine = Espeak(EspeakOptions(voice=name), Path())
    with pytest.raises(VoiceError, match="espeak-ng has no v") as caught:
        engine.say(request())
    engine.close()
    assert name.split("+")[-1] in str(caught.value)


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


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [("/tʃiː/", "[[tSi:]]"), ("ˈwɔːtə", "[['wO:t@]]"), ("ǃxo", None), ("", None)],
)
def test_ipa_becomes_mnemonics_or_is_left(ipa, expected):
    assert mnemonics(ipa) == expected


def test_an_unknown_symbol_falls_back_to_the_text(voice):
    assert voice.say(request("Breathe qi now.", ipa={"qi": "ǃ"})).audio == (
        voice.say(request("Breathe qi now.")).audio
    )


def test_a_killed_worker_is_replaced_and_the_phrase_is_right(voice):
    expected = digest(voice.say(request()))
    engine = Espeak(EspeakOptions(), Path())
    engine.say(request("One."))
    worker = engine._pool._idle.get_nowait()
    os.kill(worker._process.pid, signal.SIGKILL)
    worker._process.wait()
    engine._pool._idle.put(worker)
    assert digest(engine.say(request())) == expected
    engine.close()


DYING = "import sys; sys.stdin.readline(); sys.exit(3)"
CUT = 'import sys; sys.stdin.readline(); print(\'{"ok": true, "bytes": 99}\'); sys.stdout.flush()'
HANGING = "import time; time.sleep(60)"
BABBLING = "import sys; sys.stdin.readline(); print('what?'); sys.stdout.flush()"


@pytest.mark.parametrize("code", [DYING, CUT, HANGING, BABBLING])
def test_workers_that_die_hang_or_babble_end_in_an_error(code):
    pool = Pool((sys.executable, "-c", code), timeout_s=0.6)
    with pytest.raises(VoiceError, match="stopped while speaking"):
        pool.ask({"text": "Rest."})
    pool.close()


def test_closing_ends_the_processes_and_can_be_done_twice():
    engine = Espeak(EspeakOptions(), Path())
    engine.say(request("One."))
    worker = engine._pool._idle.get_nowait()
    engine._pool._idle.put(worker)
    engine.close()
    engine.close()
    assert worker._process.returncode is not None
    assert engine.say(request("One.")).audio
    engine.close()


def test_the_worker_ends_when_its_parent_goes():
    process = subprocess.Popen(
        [sys.executable, "-I", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(json.dumps({"text": "Rest.", "voice": "en-us"}).encode() + b"\n")
    process.stdin.close()
    assert json.loads(process.stdout.readline())["ok"] is True
    process.stdout.read()
    assert process.wait(10) == 0
    process.stdout.close()


def test_our_process_never_loads_the_gpl_library(voice):
    voice.say(request())
    assert "espeakng_loader" not in sys.modules


def test_a_missing_package_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr("undersong.voices.espeak.importlib.util.find_spec", lambda _name: None)
    reason = Espeak(EspeakOptions(), Path()).check()
    assert reason == "the package espeakng-loader is not installed"


def test_check_tries_it_for_real(voice):
    assert voice.check() is None
    broken = Espeak(EspeakOptions(voice="xx-yy"), Path())
    assert "espeak-ng has no voice" in str(broken.check())
    broken.close()


def test_the_fingerprint_names_the_version(voice):
    assert voice.fingerprint.startswith("espeakng-loader 0.")
