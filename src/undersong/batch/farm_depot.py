"""The store that a farm shares: a folder, or a bucket of object storage.

    files/ab/abcd…      bytes by their SHA-256: what tracks are made from, and tracks
    tracks/ab/abcd…     what came of a parcel, by the parcel's digest
    takes/ab/abcd…      what voices said, sealed, by the name of the take; so `locked/`

An object is written in one piece under a name that says what it holds, so it is whole or absent and
never changes. Whatever is read is verified; what is damaged counts as absent and is removed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from undersong.batch.farm_model import Delivery, delivery_from_json
from undersong.errors import FarmError
from undersong.files import atomic
from undersong.store.entry import seal, unseal
from undersong.store.kinds import Kind

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_UNSUPPORTED: Final = "501 Not Implemented"
"""How Swift, among others, answers a conditional put."""

HINT: Final = "pip install 'undersong[farm]' brings what a farm needs"


_KINDS: Final = ("files", "tracks", "takes", "locked")


class Depot:
    """The shared store. Safe between processes and machines; use from one thread."""

    def __init__(self, address: str) -> None:
        """Open a store: `s3://bucket/prefix`, `gs://…`, `az://…`, `memory://`, or a folder.

        Raises:
            FarmError: the extra is not installed, or the address is none.
        """
        self.address = address
        self._store = _opened(address)
        self._known: set[str] = set()
        self._knows_conditions = True

    def put(self, path: Path, sha256: str, *, afresh: bool = False) -> None:
        """Keep a file under its digest; one that is there already is not sent again.

        Args:
            path: the file.
            sha256: its digest.
            afresh: look whether it is there, even if it was a while ago.

        Raises:
            FarmError: the store cannot be used.
        """
        import obstore  # noqa: PLC0415 - only who has a farm has its extra

        name = _name("files", sha256)
        if not self._has(name, afresh=afresh):
            with _reaching(self.address):
                obstore.put(self._store, name, path)
        self._known.add(name)

    def get(self, sha256: str, path: Path) -> None:
        """Bring a file, verified, atomically to `path`.

        Raises:
            FarmError: the store cannot be used, or holds it no more, or only damaged.
            OutputError: `path` cannot be written.
        """
        import obstore  # noqa: PLC0415 - as above

        name = _name("files", sha256)
        digest = hashlib.sha256()
        try:
            with _reaching(self.address):
                stored = obstore.get(self._store, name)
        except FileNotFoundError as error:
            raise FarmError(f"{self.address}: {name} is gone") from error
        with atomic(path) as temporary, _reaching(self.address):
            with temporary.open("wb") as file:
                for chunk in stored.stream():
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                self._remove(name)
                raise FarmError(f"{self.address}: {name} was damaged; it is removed")

    def delivery(self, digest: str) -> Delivery | None:
        """Return what came of a parcel, or None; a track of which a file is gone counts as none.

        Raises:
            FarmError: the store cannot be used.
        """
        body = self._read(_name("tracks", digest))
        if body is None:
            return None
        try:
            found = delivery_from_json(json.loads(body))
        except (KeyError, TypeError, ValueError):
            return None
        whole = all(self._has(_name("files", sha256), afresh=True) for _, sha256 in found.files)
        return found if whole else None

    def keep_delivery(self, digest: str, delivery: Delivery) -> None:
        """Keep what came of a parcel, once all its files are kept.

        Raises:
            FarmError: the store cannot be used.
        """
        text = json.dumps(delivery.as_json(), ensure_ascii=False)
        self._write(_name("tracks", digest), text.encode(), mode="overwrite")

    def forget(self, digest: str) -> None:
        """Forget what came of a parcel.

        Raises:
            FarmError: the store cannot be used.
        """
        self._remove(_name("tracks", digest))

    def prune(self, before: datetime, *, dry: bool = False) -> tuple[int, int]:
        """Remove what was put here before a moment; return how many objects and bytes that were.

        Whatever a later build misses is sent, or made, again; a build under way may end with a
        message and is right when run again. Objects of others are not seen.

        Args:
            before: the moment, with its time zone.
            dry: only tell.

        Raises:
            FarmError: the store cannot be used.
        """
        import obstore  # noqa: PLC0415 - as above

        count = size_bytes = 0
        with _reaching(self.address):
            for kind in _KINDS:
                for listed in obstore.list(self._store, prefix=f"{kind}/"):
                    old = [each for each in listed if each["last_modified"] < before]
                    count += len(old)
                    size_bytes += sum(each["size"] for each in old)
                    if old and not dry:
                        obstore.delete(self._store, [each["path"] for each in old])
        if not dry:
            self._known.clear()
        return count, size_bytes

    def fetch(self, kind: Kind, key: str) -> bytes | None:
        """Return an entry of a cache, or None; see `store.behind`."""
        return self._read(_name(kind.name, key))

    def offer(self, kind: Kind, key: str, body: bytes) -> bytes:
        """Keep an entry of a cache unless one is there; return what is there then."""
        name = _name(kind.name, key)
        if self._write(name, body, mode="create"):
            return body
        found = self._read(name)
        if found is None:  # it was damaged and is gone
            self._write(name, body, mode="create")
        return found or body

    def _has(self, name: str, *, afresh: bool = False) -> bool:
        import obstore  # noqa: PLC0415 - as above

        if name in self._known and not afresh:
            return True
        try:
            with _reaching(self.address):
                obstore.head(self._store, name)
        except FileNotFoundError:
            self._known.discard(name)
            return False
        self._known.add(name)
        return True

    def _read(self, name: str) -> bytes | None:
        import obstore  # noqa: PLC0415 - as above

        try:
            with _reaching(self.address):
                entry = bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            return None
        body = unseal(entry)
        if body is None:
            self._remove(name)
        return body

    def _write(self, name: str, body: bytes, *, mode: str) -> bool:
        """Write an object and tell whether that was done: `create` leaves one that is there."""
        import obstore  # noqa: PLC0415 - as above
        from obstore.exceptions import AlreadyExistsError, NotSupportedError  # noqa: PLC0415

        if mode == "create" and not self._knows_conditions:  # looking first comes near
            if self._has(name, afresh=True):
                return False
            mode = "overwrite"
        sealed: Any = seal(body)
        options: dict[str, Any] = {"mode": mode, "use_multipart": False}
        try:
            with _reaching(self.address):
                obstore.put(self._store, name, sealed, **options)
        except AlreadyExistsError:
            return False
        except NotSupportedError:
            self._knows_conditions = False
            return self._write(name, body, mode=mode)
        return True

    def _remove(self, name: str) -> None:
        import obstore  # noqa: PLC0415 - as above

        self._known.discard(name)
        try:
            with _reaching(self.address):
                obstore.delete(self._store, name)
        except FileNotFoundError:
            return


def _name(kind: str, digest: str) -> str:
    return f"{kind}/{digest[:2]}/{digest}"


def _opened(address: str) -> "ObjectStore":
    try:
        from obstore.store import LocalStore, from_url  # noqa: PLC0415 - as above
    except ImportError as error:
        raise FarmError("a farm needs more than is installed here", hint=HINT) from error
    scheme, colon, rest = address.partition("://")
    openers: dict[str, Callable[[], ObjectStore]] = {
        "": lambda: LocalStore(Path(address), mkdir=True),
        "file": lambda: LocalStore(Path(rest), mkdir=True),
    }
    with _reaching(address):
        return openers.get(scheme if colon else "", lambda: from_url(address))()


@contextmanager
def _reaching(address: str) -> Iterator[None]:
    """Turn failures of the store into errors of ours; what callers look for passes."""
    from obstore.exceptions import (  # noqa: PLC0415 - as above
        AlreadyExistsError,
        BaseError,
        NotSupportedError,
    )

    try:
        yield
    except (AlreadyExistsError, NotSupportedError, FileNotFoundError):
        raise
    except BaseError as error:
        why = str(error).partition("\n")[0]
        if _UNSUPPORTED in why:
            raise NotSupportedError(why) from error
        raise FarmError(
            f"the farm's store {address} cannot be used: {why}",
            hint="is the address right, and may this machine use it?",
        ) from error
