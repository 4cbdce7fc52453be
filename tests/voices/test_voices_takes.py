import errno
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from msgspec.structs import replace
from voices_kit import raw, speech

from undersong import files, lock
from undersong.errors import OutputError, VoiceError
from undersong.testing.engines import sentence
from undersong.voices.contract import Mark, RawTake, Request, SpokenWord
from undersong.voices.fake import Fake, FakeOptions
from undersong.voices.takes import Origin, TakeStore, default_cache, take_key

ORIGIN = Origin(engine="fake", fingerprint="fake 1", options=FakeOptions())
KEY = take_key(ORIGIN, sentence("Let go."))
TAKE = raw(speech(0.2), marks=(Mark(word=0, start_s=0.1, length_s=0.25),))


def no_take() -> RawTake:
    raise AssertionError("nothing should have been said")


def entries(store: TakeStore, folder: str) -> list[Path]:
    return sorted(path for path in (store.folder / folder).rglob("*") if path.is_file())


def test_a_take_comes_back_as_it_was(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, TAKE, ORIGIN)
    assert TakeStore(tmp_path).get(KEY) == TAKE
    dry = replace(TAKE, room=False)
    store.put(KEY, dry, ORIGIN)
    assert store.get(KEY) == dry
    assert len(entries(store, "takes")) == 1


def test_a_key_is_64_hex_digits_and_stays_the_same_for_ever() -> None:
    assert KEY == "26d0093cd43948a5049481fec3bff2f51ccb55ea70b037bab5031b3b66e96d81"
    origin = Origin.of(Fake(FakeOptions(), Path()), FakeOptions())
    assert take_key(origin, sentence("Let go.")) == KEY


def test_all_that_reaches_the_bytes_is_in_the_key_and_nothing_else() -> None:
    request = sentence("Let go.")
    ipa = Request(
        words=(SpokenWord(text="Let", ipa="lɛt"), SpokenWord(text="go.")),
        written="Let go.",
        language="en-US",
    )
    other = FakeOptions(pitch_hz=200.0)
    keys = [
        KEY,
        take_key(ORIGIN, sentence("Let it go.")),
        take_key(ORIGIN, ipa),
        take_key(ORIGIN, sentence("Let go.", rate=0.9)),
        take_key(ORIGIN, sentence("Let go.", language="de-DE")),
        take_key(ORIGIN, request, take=2),
        take_key(Origin(engine="fake", fingerprint="fake 2", options=FakeOptions()), request),
        take_key(Origin(engine="faux", fingerprint="fake 1", options=FakeOptions()), request),
        take_key(Origin(engine="fake", fingerprint="fake 1", options=other), request),
    ]
    assert len(set(keys)) == len(keys)
    written = Request(words=request.words, written="LET GO!", language="en-US")
    assert take_key(ORIGIN, written) == KEY


def test_the_text_as_written_is_in_the_key_of_engines_that_read_it() -> None:
    reader = replace(ORIGIN, reads_written=True)
    said = sentence("ten breaths.")
    texts = ("10 breaths.", "Ten breaths.", "10 breaths.")
    one, two, again = (take_key(reader, replace(said, written=text)) for text in texts)
    assert one == again != two
    assert one != take_key(ORIGIN, said)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content.replace(b'"word":0', b'"word":1'),
        lambda _content: b"",
        lambda content: content[:40],
        lambda content: b"X" + content[1:],
    ],
    ids=["cut", "one bit", "a mark", "empty", "head only", "other magic"],
)
def test_a_damaged_entry_is_set_aside_and_made_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    store = TakeStore(tmp_path)
    store.put(KEY, TAKE, ORIGIN)
    path = entries(store, "takes")[0]
    path.write_bytes(damage(path.read_bytes()))
    assert store.get_or_make(KEY, lambda: TAKE, ORIGIN) == TAKE
    assert store.get_or_make(KEY, no_take, ORIGIN) == TAKE
    assert list(store.damaged) == entries(store, "quarantine")
    assert len(store.damaged) == 1


def test_an_entry_moves_whole_to_another_store_and_replaces_nothing(tmp_path: Path) -> None:
    here, there = TakeStore(tmp_path / "here"), TakeStore(tmp_path / "there")
    here.put(KEY, TAKE, ORIGIN)
    entry = here.entry(KEY)
    assert entry is not None
    assert (there.has(KEY), there.entry(KEY)) == (False, None)
    there.put_entry(KEY, entry)
    assert (there.has(KEY), there.get(KEY), there.entry(KEY)) == (True, TAKE, entry)
    other = raw(speech(0.1))
    there.put(KEY, other, ORIGIN)
    there.put_entry(KEY, entry)
    assert there.get(KEY) == other
    with pytest.raises(VoiceError, match="damaged"):
        there.put_entry("0" * 64, entry[:-1])
    assert not there.has("0" * 64)


def test_a_take_kept_before_takes_told_of_rooms_is_still_read(tmp_path: Path) -> None:
    body = b'{"engine":"fake","fingerprint":"fake 1","made":"","marks":[]}\n' + TAKE.audio
    old = b"undersong take 1\n" + files.digest_bytes(body).encode() + b"\n" + body
    store = TakeStore(tmp_path)
    store.put_entry(KEY, old, locked=True)
    assert store.get(KEY) == RawTake(audio=TAKE.audio, room=True)


def test_no_lock_and_no_half_written_file_is_left(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    store.get_or_make(KEY, lambda: TAKE, ORIGIN)

    def fail() -> RawTake:
        raise VoiceError("busy")

    with pytest.raises(VoiceError, match="busy"):
        store.get_or_make("0" * 64, fail, ORIGIN)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{KEY}.take"]


def test_threads_that_want_the_same_take_say_it_once(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    barrier = threading.Barrier(6)
    made: list[int] = []
    got: list[RawTake] = []

    def make() -> RawTake:
        made.append(1)
        return TAKE

    def want() -> None:
        barrier.wait()
        got.append(store.get_or_make(KEY, make, ORIGIN))

    threads = [threading.Thread(target=want) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), got) == (1, [TAKE] * 6)


def _hold(folder: str, line: Connection) -> None:
    def make() -> RawTake:
        line.send("making")
        line.recv()
        return TAKE

    TakeStore(Path(folder)).get_or_make(KEY, make, ORIGIN)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[BaseProcess, Connection]]:
    """Start another process that is making the take until it is told to go on, or is killed."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold, args=(str(tmp_path), theirs))
    process.start()
    theirs.close()
    assert ours.recv() == "making"
    yield process, ours
    ours.close()
    process.join()
    process.close()


def test_a_take_that_another_process_is_making_is_waited_for(
    tmp_path: Path, holder: tuple[BaseProcess, Connection]
) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(VoiceError, match="another process"):
        TakeStore(tmp_path).get_or_make(KEY, no_take, ORIGIN, stopped)
    holder[1].send("go on")
    assert TakeStore(tmp_path).get_or_make(KEY, no_take, ORIGIN) == TAKE


def test_a_dead_process_holds_nothing_up(
    tmp_path: Path, holder: tuple[BaseProcess, Connection]
) -> None:
    holder[0].kill()
    holder[0].join()
    other = raw(speech(0.1))
    assert TakeStore(tmp_path).get_or_make(KEY, lambda: other, ORIGIN) == other
    assert entries(TakeStore(tmp_path), "locks") == []


def test_a_file_system_without_locks_is_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("undersong.lock._lock", none)
    assert TakeStore(tmp_path).get_or_make(KEY, lambda: TAKE, ORIGIN) == TAKE


def test_a_lock_that_fails_otherwise_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("undersong.lock._lock", broken)
    with pytest.raises(OutputError, match=r"not usable: .*Input/output error"):
        TakeStore(tmp_path).get_or_make(KEY, lambda: TAKE, ORIGIN)


def test_a_lock_file_that_vanished_while_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "locks" / f"{KEY}.lock"
    real, tries = lock._lock, []

    def slow(descriptor: int) -> None:
        tries.append(1)
        if len(tries) == 1:
            path.unlink()
        real(descriptor)

    monkeypatch.setattr(lock, "_lock", slow)
    with lock.locked(path):
        assert len(tries) == 2


def test_a_cache_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    store = TakeStore(tmp_path / "cache")
    with pytest.raises(OutputError, match=r"cache .* not usable") as caught:
        store.get_or_make(KEY, lambda: TAKE, ORIGIN)
    assert "UNDERSONG_CACHE" in (caught.value.hint or "")
    with pytest.raises(OutputError, match="cache"):
        store.keep_measured(KEY, {})


def test_a_full_cache_is_a_clear_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = TakeStore(tmp_path)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        store.put(KEY, TAKE, ORIGIN)
    assert entries(store, "takes") == []


def test_an_entry_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    (tmp_path / "takes" / KEY[:2] / f"{KEY}.take").mkdir(parents=True)
    with pytest.raises(OutputError, match="not usable"):
        store.get(KEY)


def test_a_quarantine_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    store.put(KEY, TAKE, ORIGIN)
    (tmp_path / "quarantine").write_text("a file")
    path = entries(store, "takes")[0]
    path.write_bytes(b"damaged")
    with pytest.raises(OutputError, match="not usable"):
        store.get(KEY)


def test_measured_numbers_come_back_and_damage_counts_as_none(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    assert store.measured(KEY) is None
    store.keep_measured(KEY, {"gain_db": 3.5, "hops": [0.1, 0.2]})
    assert store.measured(KEY) == {"gain_db": 3.5, "hops": [0.1, 0.2]}
    path = entries(store, "measured")[0]
    files.write_bytes(path, path.read_bytes().replace(b"3.5", b"9.5"))
    assert store.measured(KEY) is None


@pytest.mark.parametrize(
    ("platform", "variables", "ending"),
    [
        ("linux", {"UNDERSONG_CACHE": "/somewhere"}, "/somewhere"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/undersong"),
        ("linux", {}, "/home/maker/.cache/undersong"),
        ("darwin", {"XDG_CACHE_HOME": "/xdg"}, "/home/maker/Library/Caches/undersong"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/undersong/cache"),
        ("win32", {}, "/home/maker/AppData/Local/undersong/cache"),
    ],
)
def test_the_cache_lies_where_the_platform_keeps_caches(
    platform: str, variables: dict[str, str], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UNDERSONG_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/maker"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert default_cache().as_posix() == ending
    assert TakeStore().folder == default_cache()
