"""The pool with workers that misbehave in every way, in place of espeak-ng."""

import gc
import sys
import threading
from contextlib import closing

import pytest

from undersong.errors import VoiceError
from undersong.voices.espeak_pipe import Pool

START = "import sys, json, os, time\n"
ECHO = START + (
    "for line in sys.stdin:\n"
    "    body = json.loads(line)['text'].encode()\n"
    "    print(json.dumps({'bytes': len(body), 'pid': os.getpid()}), flush=True)\n"
    "    sys.stdout.buffer.write(body)\n"
    "    sys.stdout.flush()\n"
)
DYING = START + "sys.stdin.readline(); sys.exit(3)"
CUT = START + "sys.stdin.readline(); print('{\"bytes\": 99}', flush=True)"
BABBLING = START + "sys.stdin.readline(); print('what?', flush=True); time.sleep(60)"
SHORT_OF_BYTES = START + "sys.stdin.readline(); print('{}', flush=True); time.sleep(60)"
HANGING = START + "time.sleep(60)"


def pool_of(code, size=1):
    return closing(Pool(lambda: (sys.executable, "-c", code), size))


@pytest.mark.parametrize("code", [DYING, CUT, BABBLING, SHORT_OF_BYTES, "syntax error"])
def test_workers_that_die_or_babble_end_in_an_error_after_two_tries(code):
    with pool_of(code) as pool, pytest.raises(VoiceError, match="crashed 2 times over one phrase"):
        pool.ask({"text": "rest"}, 20)


def test_a_worker_that_hangs_is_ended_and_not_tried_again():
    with pool_of(HANGING) as pool:
        with pytest.raises(VoiceError, match=r"no answer within 0\.2 s"):
            pool.ask({"text": "rest"}, 0.2)
        assert not pool._idle
        assert not pool._busy


def test_a_worker_that_cannot_start_is_an_error():
    with (
        closing(Pool(lambda: ("/nowhere/python",), 1)) as pool,
        pytest.raises(VoiceError, match="cannot be started: No such file"),
    ):
        pool.ask({"text": "rest"}, 20)


def test_a_worker_is_used_again():
    with pool_of(ECHO) as pool:
        pids = {pool.ask({"text": "rest"}, 20).header["pid"] for _ in range(5)}
    assert len(pids) == 1


def test_never_more_workers_than_places():
    pids = set()
    with pool_of(ECHO, size=2) as pool:

        def ask(name):
            answer = pool.ask({"text": name}, 20)
            assert answer.payload == name.encode()
            pids.add(answer.header["pid"])

        threads = [threading.Thread(target=ask, args=(f"word {i}",)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(pids) <= 2


def test_closing_ends_a_request_under_way_with_an_error():
    errors = []
    with pool_of(HANGING) as pool:

        def ask():
            try:
                pool.ask({"text": "rest"}, 50)
            except VoiceError as error:
                errors.append(error.message)

        thread = threading.Thread(target=ask)
        thread.start()
        while not pool._busy:
            thread.join(0.01)
        pool.close()
        thread.join(20)
    assert errors == ["espeak-ng was stopped while it spoke"]


def test_an_interrupted_request_does_not_leave_its_answer_to_the_next(monkeypatch):
    with pool_of(ECHO) as pool:
        pool.ask({"text": "first"}, 20)
        (worker,) = pool._idle

        def interrupt(line):
            worker._process.stdin.write(line)
            worker._process.stdin.flush()
            raise KeyboardInterrupt

        monkeypatch.setattr(worker, "_exchange", interrupt)
        with pytest.raises(KeyboardInterrupt):
            pool.ask({"text": "second"}, 20)
        assert pool.ask({"text": "third"}, 20).payload == b"third"


def test_a_forgotten_pool_leaves_no_process():
    pool = Pool(lambda: (sys.executable, "-c", ECHO), 1)
    pool.ask({"text": "rest"}, 20)
    (worker,) = pool._idle
    del pool
    gc.collect()
    assert worker._process.returncode is not None
