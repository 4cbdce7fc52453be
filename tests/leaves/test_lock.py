import errno
import os

import pytest

from undersong import lock
from undersong.errors import OutputError
from undersong.files import write_text
from undersong.lock import locked, remove_orphan


def test_a_lock_that_nobody_holds_is_an_orphan(tmp_path):
    path = tmp_path / "a.lock"
    with locked(path):
        assert not remove_orphan(path)
        assert path.exists()
    path.write_text("")
    assert remove_orphan(path)
    assert not path.exists()
    assert not remove_orphan(path)


def test_a_lock_of_the_same_name_that_was_made_meanwhile_stays(tmp_path, monkeypatch):
    path = tmp_path / "a.lock"
    path.write_text("of a process that ends just now")
    real = lock._lock

    def ended(descriptor):
        path.unlink()
        path.write_text("of a living process")
        real(descriptor)

    monkeypatch.setattr(lock, "_lock", ended)
    assert not remove_orphan(path)
    assert path.read_text() == "of a living process"


def test_a_temporary_that_cannot_be_locked_leaves_nothing(tmp_path, monkeypatch):
    def broken(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(lock, "_lock", broken)
    with pytest.raises(OutputError, match="Input/output error"):
        write_text(tmp_path / "b.txt", "wind")
    assert os.listdir(tmp_path) == []
