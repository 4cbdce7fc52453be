"""Digests of large files: read once, and again whenever the file may be another."""

import hashlib
import os

import pytest

from undersong.store import digests
from undersong.store.digests import digest_once
from undersong.store.entries import MAKING
from undersong.store.kinds import DIGESTS

LONG_AGO_NS = 1_000_000_000_000_000_000


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "sea.flac"
    path.write_bytes(b"waves")
    return path


@pytest.fixture
def settled(monkeypatch):
    """As if it were a minute later."""
    now_ns = digests.time.time_ns
    monkeypatch.setattr(digests.time, "time_ns", lambda: now_ns() + 60_000_000_000)


@pytest.fixture
def read(monkeypatch):
    """Files read so far; what was known before is forgotten."""
    monkeypatch.setattr(digests, "_known", {})
    seen = []

    def digest_file(path):
        seen.append(path.name)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(digests, "digest_file", digest_file)
    return seen


def test_a_file_is_read_once_and_not_by_the_next_run_either(recording, settled, read, tmp_path):
    expected = hashlib.sha256(b"waves").hexdigest()
    for _ in range(2):
        assert digest_once(recording, tmp_path / "cache") == expected
    digests._known.clear()
    assert digest_once(recording, tmp_path / "cache") == expected
    assert read == ["sea.flac"]


def test_another_content_of_the_same_size_and_time_is_seen(recording, settled, read, tmp_path):
    os.utime(recording, ns=(LONG_AGO_NS, LONG_AGO_NS))
    first = digest_once(recording, tmp_path / "cache")
    recording.write_bytes(b"winds")
    os.utime(recording, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert digest_once(recording, tmp_path / "cache") != first


def test_what_changed_a_moment_ago_is_read_again_by_the_next_run(recording, read, tmp_path):
    digest_once(recording, tmp_path / "cache")
    digests._known.clear()
    digest_once(recording, tmp_path / "cache")
    assert read == ["sea.flac"] * 2
    assert not (tmp_path / "cache").exists()


def test_a_damaged_entry_is_made_again(recording, settled, read, tmp_path):
    digest = digest_once(recording, tmp_path / "cache")
    (entry,) = (tmp_path / "cache" / DIGESTS.name).rglob("*.json")
    entry.write_bytes(entry.read_bytes().replace(digest.encode(), digest[::-1].encode()))
    digests._known.clear()
    assert digest_once(recording, tmp_path / "cache") == digest


def test_a_cache_that_cannot_be_written_is_no_obstacle(recording, settled, read, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / MAKING).write_text("in the way")
    assert digest_once(recording, tmp_path / "cache") == hashlib.sha256(b"waves").hexdigest()
    assert not (tmp_path / "cache" / DIGESTS.name).is_file()
