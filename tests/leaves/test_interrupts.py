import os
import signal
import threading

import pytest

from undersong import lock
from undersong.interrupts import interrupt, unbroken
from undersong.lock import temporary_in


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def asked(request):
    """Ask this process to end, as `main` lets itself be asked."""
    before = signal.signal(request.param, interrupt)
    yield lambda: os.kill(os.getpid(), request.param)
    signal.signal(request.param, before)


def test_an_interrupt_comes_at_once_or_after_what_must_be_whole(asked):
    done = []
    with pytest.raises(KeyboardInterrupt):
        asked()

    @unbroken()
    def work():
        with unbroken():
            asked()
            done.append("inner")
        done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["inner", "outer"]
    with unbroken():
        done.append("uninterrupted")
    with pytest.raises(KeyboardInterrupt):
        asked()


def test_what_fails_while_it_is_interrupted_was_interrupted(asked):
    @unbroken()
    def work():
        asked()
        raise OSError

    with pytest.raises(KeyboardInterrupt) as ended:
        work()
    assert isinstance(ended.value.__context__, OSError)
    with unbroken():
        pass


def test_another_thread_puts_nothing_off(asked):
    held, enough = threading.Event(), threading.Event()

    def hold():
        with unbroken():
            held.set()
            enough.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    with pytest.raises(KeyboardInterrupt):
        asked()
    enough.set()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("step", ["_living", "_is_current", "_give_up"])
def test_an_interrupt_at_any_step_leaves_no_temporary_file(tmp_path, monkeypatch, asked, step):
    real = getattr(lock, step)

    def interrupted(*arguments):
        asked()
        try:
            return real(*arguments)
        finally:
            asked()

    monkeypatch.setattr(lock, step, interrupted)
    with pytest.raises(KeyboardInterrupt), temporary_in(tmp_path, ".undersong-", ".mp3") as path:
        path.write_bytes(b"sound")
    assert list(tmp_path.iterdir()) == []
