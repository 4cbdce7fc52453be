"""The take cache: what engines said, kept by content, so that nothing is said twice.

Layout of the folder, safe to share between processes and to delete at any time:

    takes/ab/abcd….take     one entry: a digest, a line of JSON, the audio as it came
    measured/ab/abcd….json  what was measured on that entry (`keep_measured`)
    quarantine/…            entries whose digest no longer holds
    locks/abcd….lock        held while one process makes that entry
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from undersong import files
from undersong.errors import OutputError
from undersong.voices.contract import Engine, EngineOptions, Mark, RawTake, Request
from undersong.voices.lock import Stop, locked

SCHEMA: Final = 1
"""Version of the key and of the entry's layout."""

_MAGIC: Final = b"undersong take 1\n"
_HINT: Final = "free some space, check permissions, or name another folder in $UNDERSONG_CACHE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who says a request: all of a take's key that is not the request itself."""

    engine: str
    fingerprint: str
    options: EngineOptions

    @classmethod
    def of(cls, engine: Engine, options: EngineOptions) -> "Origin":
        """Describe an engine that was made with these options."""
        return cls(engine=engine.name, fingerprint=engine.fingerprint, options=options)


def take_key(origin: Origin, request: Request, take: int = 1) -> str:
    """Return the name of a take: the digest of everything that reaches its bytes.

    No setting of trimming, levelling or mixing is part of it, nor is the text as written: the
    same words spoken are the same take. `take` counts up when a maker wants another try.
    """
    return files.digest_json(
        {
            "schema": SCHEMA,
            "engine": origin.engine,
            "fingerprint": origin.fingerprint,
            "options": origin.options.model_dump(mode="json"),
            "words": [[word.text, word.ipa] for word in request.words],
            "language": request.language,
            "rate": request.rate,
            "take": take,
        }
    )


def default_cache() -> Path:
    """Return the cache folder: $UNDERSONG_CACHE, or where this platform keeps caches."""
    if named := os.environ.get("UNDERSONG_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "undersong" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "undersong"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "undersong"


class TakeStore:
    """Raw takes by key: verified whenever read, whole or absent, made by one process at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use `folder`, or `default_cache()`; it is made when the first take is kept."""
        self.folder = folder if folder is not None else default_cache()
        self._damaged: list[Path] = []

    @property
    def damaged(self) -> tuple[Path, ...]:
        """Entries that this store has set aside since it was opened."""
        return tuple(self._damaged)

    def get(self, key: str) -> RawTake | None:
        """Return the take, or None when there is none; a damaged entry is set aside first.

        Raises:
            OutputError: the cache folder cannot be read.
        """
        try:
            content = self._entry(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        take = _unpack(content)
        if take is None:
            self.set_aside(key)
        return take

    def put(self, key: str, take: RawTake, origin: Origin) -> None:
        """Keep a take under its key, replacing what was there.

        Raises:
            OutputError: the cache folder cannot be written, or is full.
        """
        self._write(self._entry(key), _pack(take, origin))

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
        with self._locked(key, stop):
            take = self.get(key)
            if take is None:
                take = make()
                self.put(key, take, origin)
        return take

    def set_aside(self, key: str) -> None:
        """Move an entry that cannot be trusted out of the way."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        target = self.folder / "quarantine" / f"{key}.{stamp}.take"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._entry(key).replace(target)
        except FileNotFoundError:
            return  # another process was quicker
        except OSError as error:
            raise self._unusable(error) from error
        self._damaged.append(target)

    def measured(self, key: str) -> Mapping[str, Any] | None:
        """Return what `keep_measured` kept for a take, or None; damage counts as nothing kept."""
        try:
            digest, _, text = self._measured(key).read_bytes().partition(b"\n")
        except OSError:
            return None
        if files.digest_bytes(text).encode() != digest:
            return None
        found: Mapping[str, Any] = json.loads(text)
        return found

    def keep_measured(self, key: str, numbers: Mapping[str, Any]) -> None:
        """Keep numbers measured on a take, to spare the next run from decoding it.

        Raises:
            OutputError: the cache folder cannot be written, or is full.
        """
        text = json.dumps(numbers, separators=(",", ":"), sort_keys=True).encode()
        self._write(self._measured(key), files.digest_bytes(text).encode() + b"\n" + text)

    def _entry(self, key: str) -> Path:
        return self.folder / "takes" / key[:2] / f"{key}.take"

    def _measured(self, key: str) -> Path:
        return self.folder / "measured" / key[:2] / f"{key}.json"

    def _write(self, path: Path, content: bytes) -> None:
        try:
            files.write_bytes(path, content)
        except OutputError as error:
            raise OutputError(
                f"the take cache is not usable: {error.message}", hint=_HINT
            ) from error

    def _unusable(self, error: OSError) -> OutputError:
        return OutputError(
            f"the take cache {self.folder} is not usable: {error.strerror or error}", hint=_HINT
        )

    @contextmanager
    def _locked(self, key: str, stop: Stop | None) -> Iterator[None]:
        with ExitStack() as held:
            try:
                held.enter_context(locked(self.folder / "locks" / f"{key}.lock", stop))
            except OSError as error:
                raise self._unusable(error) from error
            yield


def _pack(take: RawTake, origin: Origin) -> bytes:
    head = {
        "engine": origin.engine,
        "fingerprint": origin.fingerprint,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "marks": [asdict(mark) for mark in take.marks],
        "room": take.room,
    }
    body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + take.audio
    return _MAGIC + files.digest_bytes(body).encode() + b"\n" + body


def _unpack(content: bytes) -> RawTake | None:
    """Return the take of an entry, or None when a single bit of it is not as it was written."""
    if not content.startswith(_MAGIC):
        return None
    digest, _, body = content[len(_MAGIC) :].partition(b"\n")
    if files.digest_bytes(body).encode() != digest:
        return None
    head, _, audio = body.partition(b"\n")
    told = json.loads(head)
    marks = tuple(Mark(**mark) for mark in told["marks"])
    return RawTake(audio=audio, marks=marks, room=told.get("room", True))
