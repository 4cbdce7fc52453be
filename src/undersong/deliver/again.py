"""Files whose sound is there already: tags are written anew, and nothing is encoded."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace
from mutagen import MutagenError

from undersong.audio import Tick
from undersong.deliver.codecs import unwritten
from undersong.deliver.encode import TAG_WRITERS, Order, deliver
from undersong.files import atomic, digest_file
from undersong.manifest import Deliverable, Levels

RETAGGED: Final = frozenset({"mp3", "flac", "opus"})
"""Formats in which the same sound with the same tags has the same bytes, whatever tags it had."""


def deliver_changed(
    order: Order, kept: Mapping[str, Any] | None, sound: str, stage: Callable[[int], Tick]
) -> tuple[Deliverable, ...]:
    """Make all files of a track, in the order of `order.formats`; the bytes are `deliver`'s.

    Args:
        order: what to make.
        kept: manifest of the track that is there, or None to encode all of it.
        sound: digest of all that reaches the sound of the files.
        stage: begins the encoding of so many samples, if there is any.

    Raises:
        LoudnessError, OutputError: as of `deliver`.
    """
    there = {item["format"]: item for item in _same_sound(order, kept, sound)}
    rest = replace(order, formats=tuple(name for name in order.formats if name not in there))
    made = deliver(rest, stage(rest.steps)) if rest.formats else ()
    found = {each.format: each for each in made}
    found |= {name: _retagged(order, item) for name, item in there.items()}
    return tuple(found[name] for name in order.formats)


def _same_sound(
    order: Order, kept: Mapping[str, Any] | None, sound: str
) -> Iterator[Mapping[str, Any]]:
    """Yield what is noted of files that are whole and sound as they should."""
    if kept is None or kept.get("sound") != sound:
        return
    for item in kept.get("deliverables", ()):
        name = item["format"]
        path = order.folder / f"{order.slug}.{name}"
        wanted = name in RETAGGED and name in order.formats and item["file"] == path.name
        if wanted and path.is_file() and digest_file(path) == item["sha256"]:
            yield item


def _retagged(order: Order, item: Mapping[str, Any]) -> Deliverable:
    path = order.folder / item["file"]
    levels = Levels(**item["levels"])
    with atomic(path) as temporary:
        try:
            shutil.copyfile(path, temporary)
            TAG_WRITERS[item["format"]](temporary, order.tags, levels)
        except (MutagenError, OSError) as error:
            raise unwritten(path, error) from error
        sized = {"size_bytes": temporary.stat().st_size, "sha256": digest_file(temporary)}
    return Deliverable(**{**item, **sized, "levels": levels})
