import errno
import json
import os
import stat

import pytest

from undersong.errors import OutputError
from undersong.files import atomic, digest_bytes, digest_file, digest_json, remembered, write_text


def test_a_file_appears_whole_with_its_folder(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "wind")
    assert (tmp_path / "a" / "b.txt").read_text() == "wind"
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "b.txt"
    write_text(path, "old")

    def interrupted():
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["b.txt"]


def test_a_full_disk_is_a_clear_error(tmp_path):
    def full():
        with atomic(tmp_path / "b.txt"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device") as caught:
        full()
    assert caught.value.hint is not None
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_way_is_a_clear_error(tmp_path):
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "b.txt", "wind")


def test_new_files_have_ordinary_permissions(tmp_path):
    write_text(tmp_path / "b.txt", "wind")
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b.txt", plain)}
    assert len(modes) == 1


def test_digests_agree_with_each_other(tmp_path):
    (tmp_path / "b").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_bytes(b"abc") == digest_file(tmp_path / "b") == known


def test_the_digest_of_json_does_not_depend_on_order():
    assert digest_json({"a": 1, "b": [2]}) == digest_json({"b": [2], "a": 1})
    assert digest_json({"a": 1}) != digest_json({"a": 2})


def test_a_value_is_made_once_and_remembered(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"gain_db": 1.5}

    path = tmp_path / "x" / "k.json"
    assert remembered(path, make) == remembered(path, make) == {"gain_db": 1.5}
    assert len(made) == 1


def test_a_damaged_memory_is_made_anew(tmp_path):
    path = tmp_path / "k.json"
    path.write_text('{"gain')
    assert remembered(path, lambda: 3) == 3
    assert json.loads(path.read_text()) == 3
