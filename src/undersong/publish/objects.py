"""Object storage as a target: S3 and what is like it, Google Cloud Storage, Azure.

An object is there whole or not at all, and what is there is told by one listing.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from undersong.errors import PublishError
from undersong.publish.model import Piece
from undersong.publish.partsums import PartSums, md5_of
from undersong.publish.reaching import UnsupportedError, reaching
from undersong.publish.target import Target, Tick, blocks, cache_control

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode, PutResult, UpdateVersion
    from obstore.store import ObjectStore

PART_BYTES: Final = 8 << 20
"""Larger files travel in parts of this size; S3 takes 10,000 of at least 5 MiB."""

PARTS_AT_ONCE: Final = 4
"""So that 32 MiB are held in memory at most."""

AT_ONCE: Final = 6
"""Small files on their way at the same time: each takes a round trip, few bytes."""

MANY: Final = 20
"""From so many files on, one list is less to ask than each of them."""

_MD5: Final = re.compile(r'"?([0-9a-f]{32}(?:-[0-9]+)?)"?')


class ObjectTarget(Target):
    """A folder of a bucket. Use from one thread.

    What may change under its name, feeds and the note, is replaced only while it is what was there
    when this began, so that of two who publish at once the second is told.
    """

    def __init__(self, name: str, host: str, asking: "ObjectStore", sending: "ObjectStore") -> None:
        """Publish below the prefix of a store.

        Args:
            name: what messages call it.
            host: which answers.
            asking: the store, for short requests.
            sending: the same, for long ones.
        """
        self._name = name
        self._host = host
        self._asking = asking
        self._sending = sending
        self._listed: dict[str, int] | None = None
        self._seen: dict[str, str | None] = {}
        self._changed: set[str] = set()
        self._relisted: dict[str, ObjectMeta] | None = None
        self._knows_conditions = True

    @property
    def name(self) -> str:
        """The address, without settings."""
        return self._name

    def size(self, path: str) -> int | None:
        """Return the length of a file, None when there is none.

        Raises:
            PublishError: the host does not tell.
        """
        if path not in self._changed:
            return self._sizes.get(path)
        found = self._anew(path) or self._head(path)
        return None if found is None else found["size"]

    def read(self, path: str) -> bytes | None:
        """Return a small file, None when there is none.

        Raises:
            PublishError: the host does not give it.
        """
        _ = self._sizes  # listed before anything is read: no change is overlooked
        found = self._get(path)
        if found is None:
            self._seen.pop(path, None)
            return None
        self._seen[path] = _etag(found[1])
        return found[0]

    def write(self, piece: Piece, tick: Tick) -> None:
        """Send a piece, with type and Cache-Control, and look whether the host has the same.

        Raises:
            PublishError: the host does not take it, or somebody else has replaced it meanwhile.
        """
        self._relisted = None
        if piece.size_bytes > PART_BYTES:
            self._send_parts(piece, tick)
        else:
            content = b"".join(blocks(piece))
            send = self._send if piece.immutable else self._replace
            self._must_be(piece, send(piece, content), md5_of(content).hexdigest())
            tick(len(content))
        self._changed.add(piece.path)

    def write_all(self, pieces: Sequence[Piece], tick: Tick) -> None:
        """Send pieces as `write` does: what is small and lasting several at once, then the rest.

        Raises:
            PublishError: as `write`.
        """
        several = [one for one in pieces if _is_light(one)]
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for _ in pool.map(lambda piece: self.write(piece, tick), several):
                pass
        finally:
            pool.shutdown(cancel_futures=True)
        for piece in pieces:
            if not _is_light(piece):
                self.write(piece, tick)

    def delete(self, path: str) -> None:
        """Take a file away; that it is not there is no fault.

        Raises:
            PublishError: the host does not.
        """
        import obstore  # noqa: PLC0415 - only who publishes elsewhere has it

        self._changed.add(path)
        self._relisted = None
        try:
            with reaching(self._host, f"delete {path}"):
                obstore.delete(self._asking, path)
        except FileNotFoundError:
            return

    def close(self) -> None:
        """Have nothing to end: connections belong to the store."""

    @property
    def _sizes(self) -> dict[str, int]:
        """Lengths in bytes of what was there when this began, by path."""
        if self._listed is None:
            found = self._list()
            self._listed = {one["path"]: one["size"] for one in found}
            self._seen = {one["path"]: _etag(one) for one in found}
        return self._listed

    def _anew(self, path: str) -> "ObjectMeta | None":
        """Return what was written in this run from a list; None where that lags behind."""
        if len(self._changed) < MANY:
            return None
        if self._relisted is None:
            self._relisted = {one["path"]: one for one in self._list()}
        found, sent = self._relisted.get(path), self._seen.get(path)
        return found if sent is not None and _etag(found) == sent else None

    def _list(self) -> "Sequence[ObjectMeta]":
        import obstore  # noqa: PLC0415 - as above

        try:
            with reaching(self._host, f"list {self._name}"):
                return obstore.list(self._asking).collect()
        except FileNotFoundError as error:
            raise self._no_bucket() from error

    def _head(self, path: str) -> "ObjectMeta | None":
        import obstore  # noqa: PLC0415 - as above

        try:
            with reaching(self._host, f"tell of {path}"):
                return obstore.head(self._asking, path)
        except FileNotFoundError:
            return None

    def _get(self, path: str) -> "tuple[bytes, ObjectMeta] | None":
        import obstore  # noqa: PLC0415 - as above

        try:
            with reaching(self._host, f"give {path}"):
                found = obstore.get(self._asking, path)
                return bytes(found.bytes()), found.meta
        except FileNotFoundError:
            return None

    def _send(self, piece: Piece, content: bytes) -> str | None:
        """Send in one request, and return the ETag."""
        return self._put(self._sending, piece, content, use_multipart=False)

    def _send_parts(self, piece: Piece, tick: Tick) -> None:
        """Send part by part; it is there when all are, and given up as a whole."""
        sums = PartSums(PART_BYTES)

        def parts() -> Iterator[bytes]:
            for block in blocks(piece):
                sums.add(block)
                yield block
                tick(len(block))

        how = {"chunk_size": PART_BYTES, "max_concurrency": PARTS_AT_ONCE}
        etag = self._put(self._sending, piece, parts(), **how)
        self._must_be(piece, etag, sums.etag())

    def _replace(self, piece: Piece, content: bytes) -> str | None:
        """Send what may change under its name, unless somebody else has, and return the ETag."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415

        now = self._head(piece.path)
        if _etag(now) != self._seen.get(piece.path):
            raise self._overtaken(piece.path)
        if not self._knows_conditions:  # having looked comes near
            return self._send(piece, content)
        mode = _condition(now)
        try:
            return self._put(self._asking, piece, content, mode=mode, use_multipart=False)
        except UnsupportedError:
            self._knows_conditions = False
            return self._send(piece, content)
        except (AlreadyExistsError, PreconditionError):
            back = self._get(piece.path)
            if back is not None and back[0] == content:  # ours: only the answer was lost
                return back[1]["e_tag"]
            raise self._overtaken(piece.path) from None

    def _put(
        self,
        store: "ObjectStore",
        piece: Piece,
        content: bytes | Iterator[bytes],
        **how: Any,  # noqa: ANN401 - obstore's own options
    ) -> str | None:
        """Put, and return the ETag."""
        import obstore  # noqa: PLC0415 - as above

        attributes = {"Content-Type": piece.mime, "Cache-Control": cache_control(piece)}
        try:
            with reaching(self._host, f"take {piece.path}"):
                put = obstore.put(store, piece.path, content, attributes=attributes, **how)
        except FileNotFoundError as error:
            raise self._no_bucket() from error
        self._seen[piece.path] = _etag(put)
        return put["e_tag"]

    def _must_be(self, piece: Piece, etag: str | None, md5: str) -> None:
        """Refuse what is not what was sent.

        The ETag proves it where it is MD5. One that looks so but differs, as with keys of the
        service's own, is no proof of the contrary: the file is read back. So is what is small where
        ETags say nothing; of what is large, the length has to do there.
        """
        found = _MD5.fullmatch(etag or "")
        if found is None and piece.size_bytes > PART_BYTES:
            return
        if (found is None or found[1] != md5) and self._digest(piece.path) != piece.sha256:
            raise PublishError(
                f"{piece.path} did not arrive whole at {self._host}", hint="publish again"
            )

    def _digest(self, path: str) -> str:
        """Read a file back, block by block, and return its SHA-256."""
        import obstore  # noqa: PLC0415 - as above

        sha256 = hashlib.sha256()
        with suppress(FileNotFoundError), reaching(self._host, f"give {path}"):
            for block in obstore.get(self._sending, path).stream():
                sha256.update(block)
        return sha256.hexdigest()

    def _overtaken(self, path: str) -> PublishError:
        return PublishError(
            f"somebody else publishes to {self._name}: {path} has just changed there",
            hint="run publish again; it compares everything anew",
        )

    def _no_bucket(self) -> PublishError:
        return PublishError(
            f"{self._host} has no bucket for {self._name}",
            hint="is its name right? Make it first; it is not made here",
        )


def _is_light(piece: Piece) -> bool:
    """Whether a piece may travel beside others: it is small, and nobody else replaces it."""
    return piece.immutable and piece.size_bytes <= PART_BYTES


def _etag(there: "ObjectMeta | PutResult | None") -> str | None:
    """Return what changes with a file; Azure lists it without the quotes it has elsewhere."""
    return there["e_tag"].strip('"') if there is not None and there["e_tag"] else None


def _condition(there: "ObjectMeta | None") -> "PutMode":
    """Return what must still hold when a file is replaced; Google goes by versions."""
    if there is None:
        return "create"
    known: UpdateVersion = {}
    if there["e_tag"]:
        known["e_tag"] = there["e_tag"]
    if there["version"]:
        known["version"] = there["version"]
    return known or "overwrite"
