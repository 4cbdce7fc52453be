"""The take cache: what engines said, kept by content, so that nothing is said twice.

An entry's body is a line of JSON, then the audio as it came. A locked take is kept once more, as
an entry of another kind, under the name that its pin gives it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from undersong import files
from undersong.errors import VoiceError
from undersong.files import plain
from undersong.lock import Stop, StoppedError
from undersong.store.entry import seal, unseal
from undersong.store.kinds import LOCKED, MEASURED, TAKES, Kind
from undersong.store.place import default_cache
from undersong.store.store import Store
from undersong.voices.contract import (
    Engine,
    EngineOptions,
    Mark,
    Piecewise,
    RawTake,
    Request,
)

__all__ = ["Origin", "TakeStore", "default_cache", "read_entry", "take_key"]

SCHEMA: Final = 2
"""Version of the key and of the entry's body. 2: a take tells whether it may hold a room."""


class Origin(Struct, frozen=True, kw_only=True):
    """Who says a request: all of a take's key that is not the request itself.

    Attributes:
        reads_written: it looks at the text as written too, not only at the words to be said.
        files_of: files that a phrase alone is said from; see `contract.Piecewise`.
    """

    engine: str
    fingerprint: str
    options: EngineOptions
    reads_written: bool = False
    files_of: Callable[[str], tuple[Path, ...]] | None = None

    @classmethod
    def of(cls, engine: Engine, options: EngineOptions) -> "Origin":
        """Describe an engine that was made with these options."""
        return cls(
            engine=engine.name,
            fingerprint=engine.fingerprint,
            options=options,
            reads_written=getattr(engine, "reads_written", False),
            files_of=engine.files_of if isinstance(engine, Piecewise) else None,
        )


def take_key(origin: Origin, request: Request, take: int = 1) -> str:
    """Return the name of a take: the digest of everything that reaches its bytes.

    No setting of trimming, levelling or mixing is part of it, nor is the text as written unless
    the engine reads it: the same words spoken are the same take. `take` counts up when a maker
    wants another try.

    Raises:
        VoiceError: a file that this phrase is said from cannot be read.
    """
    own = {"files": _digests(origin.files_of(request.written))} if origin.files_of else {}
    return files.digest_json(
        own
        | {
            "schema": SCHEMA,
            "engine": origin.engine,
            "fingerprint": origin.fingerprint,
            "options": origin.options.model_dump(mode="json"),
            "words": [[word.text, word.ipa] for word in request.words],
            "written": request.written if origin.reads_written else None,
            "language": request.language,
            "rate": request.rate,
            "take": take,
        }
    )


def _digests(paths: tuple[Path, ...]) -> list[str]:
    """Return the digests of files, "" for one that is not there."""
    try:
        return [files.digest_file(path) if files.is_there(path) else "" for path in paths]
    except OSError as error:
        raise VoiceError(f"cannot read a take: {error}") from error


class TakeStore:
    """Raw takes by key: verified whenever read, whole or absent, made by one process at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use `folder`, or `default_cache()`; it is made when the first take is kept."""
        self._store = Store(folder if folder is not None else default_cache())

    @property
    def folder(self) -> Path:
        """The cache folder."""
        return self._store.folder

    @property
    def damaged(self) -> tuple[Path, ...]:
        """Entries that this store has set aside since it was opened."""
        return self._store.damaged

    def get(self, key: str) -> RawTake | None:
        """Return the take, or None when there is none; a damaged entry is set aside first.

        Raises:
            OutputError: the cache folder cannot be read.
        """
        body = self._body(key)
        return _take(body) if body is not None else None

    def has(self, key: str) -> bool:
        """Whether there is an entry, unverified."""
        return self._store.has(LOCKED, key) or self._store.has(TAKES, key)

    def entry(self, key: str) -> bytes | None:
        """Return a whole entry, for keeping elsewhere, or None as for `get`.

        Raises:
            OutputError: the cache folder cannot be read.
        """
        body = self._body(key)
        return seal(body) if body is not None else None

    def put_entry(self, key: str, content: bytes, *, locked: bool = False) -> None:
        """Keep an entry that `entry` gave, here or elsewhere; one that is there stays.

        Args:
            key: the take's, or for a locked take the name that its pin gives it.
            content: the entry.
            locked: it is never removed to save space.

        Raises:
            VoiceError: the entry is damaged.
            OutputError: the cache folder cannot be written, or is full.
        """
        body = unseal(content)
        if body is None:
            raise VoiceError(f"the take {key[:12]}… is damaged")
        kind = LOCKED if locked else TAKES
        if self._store.read(kind, key) is None:
            self._store.keep(kind, key, body)

    def put(self, key: str, take: RawTake, origin: Origin) -> RawTake:
        """Keep a take under its key, replacing what was there, and return what is kept.

        That is `take`, unless another machine of a farm was quicker.

        Raises:
            OutputError: the cache folder cannot be written, or is full.
        """
        return _take(self._store.keep(TAKES, key, _body(take, origin)))

    def get_or_make(
        self, key: str, make: Callable[[], RawTake], origin: Origin, stop: Stop | None = None
    ) -> RawTake:
        """Return the take, made now if need be; others who want it meanwhile wait for it.

        Raises:
            OutputError: the cache folder cannot be used.
            VoiceError: from `make`, or because `stop` was set while waiting for another process.
        """
        take = self.get(key)
        if take is not None:
            return take
        try:
            with self._store.making(key, stop):
                take = self.get(key)
                if take is None:
                    take = self.put(key, make(), origin)
        except StoppedError as error:
            raise VoiceError(error.message) from error
        return take

    @contextmanager
    def turn(self, engine: Engine, stop: Stop | None = None) -> Iterator[None]:
        """Hold a place at an online engine: all who use this cache share `parallel` of them.

        What speaks on this computer needs no place. Without file locks only threads are counted.

        Raises:
            OutputError: the cache folder cannot be used.
            StoppedError: `stop` was set while waiting for one.
        """
        with ExitStack() as held:
            if engine.online:
                held.enter_context(self._store.turn(engine.name, max(1, engine.parallel), stop))
            yield

    def measured(self, key: str) -> Mapping[str, Any] | None:
        """Return what `keep_measured` kept, or None; damage counts as nothing kept.

        Raises:
            OutputError: the cache folder cannot be read.
        """
        found: Mapping[str, Any] | None = self._store.numbers(MEASURED, key)
        return found

    def keep_measured(self, key: str, numbers: Mapping[str, Any]) -> None:
        """Keep numbers measured on a take, to spare the next run from decoding it.

        Raises:
            OutputError: the cache folder cannot be written, or is full.
        """
        self._store.keep_numbers(MEASURED, key, numbers)

    def _body(self, key: str) -> bytes | None:
        kinds: tuple[Kind, ...] = (LOCKED, TAKES)
        bodies = (self._store.read(kind, key) for kind in kinds)
        return next((body for body in bodies if body is not None), None)


def read_entry(content: bytes) -> RawTake | None:
    """Return the take of an entry, or None when a single bit of it is not as it was written."""
    body = unseal(content)
    return _take(body) if body is not None else None


def _body(take: RawTake, origin: Origin) -> bytes:
    head = {
        "engine": origin.engine,
        "fingerprint": origin.fingerprint,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "marks": [plain(mark) for mark in take.marks],
        "room": take.room,
    }
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + take.audio


def _take(body: bytes) -> RawTake:
    head, _, audio = body.partition(b"\n")
    told = json.loads(head)
    marks = tuple(Mark(**mark) for mark in told["marks"])
    room = told.get("room", True)  # locked takes of schema 1 do not tell
    return RawTake(audio=audio, marks=marks, room=room)
