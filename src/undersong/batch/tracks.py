"""Finished tracks on disk: which of their files are as the manifest says, and taking them away."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from undersong.errors import UndersongError
from undersong.files import digest_file, unwritable
from undersong.manifest import MANIFEST, listed, read_manifest


class Flaw(Struct, frozen=True, kw_only=True):
    """Something that is not as a manifest says."""

    path: Path
    message: str


def manifest_in(folder: Path) -> dict[str, Any] | None:
    """Return the manifest in a folder of ours, or None when there is none that can be read."""
    found = read_manifest(folder / MANIFEST)
    whole = found is not None and {"slug", "deliverables", "companions"} <= found.keys()
    return found if whole else None


def flaws_in(folder: Path) -> Iterator[Flaw]:
    """Yield everything in a track's folder that is not as its manifest says: missing or changed."""
    manifest = manifest_in(folder)
    if manifest is None:
        yield Flaw(path=folder / MANIFEST, message="it cannot be read as a manifest")
        return
    for item in manifest["deliverables"]:
        path = folder / item["file"]
        if not path.is_file():
            yield Flaw(path=path, message="it is missing")
        elif digest_file(path) != item["sha256"]:
            yield Flaw(path=path, message="its bytes are not those that were made")
    for name in manifest["companions"]:
        if not (folder / name).is_file():
            yield Flaw(path=folder / name, message="it is missing")


def heard_flaws_in(folder: Path) -> Iterator[Flaw]:
    """Decode every deliverable and yield where it is not as long or as loud as its manifest says.

    Loudness may differ by 0.05 LU, true peak by 0.1 dB and length by a millisecond.
    """
    from undersong.decode import stream_sound  # noqa: PLC0415 - only who listens needs numpy
    from undersong.dsp.loudness import Meter  # noqa: PLC0415 - as above

    manifest = manifest_in(folder)
    for item in manifest["deliverables"] if manifest else ():
        path = folder / item["file"]
        try:
            sound = stream_sound(path)
            meter = Meter(sound.channels, sound.rate)
            for block in sound.blocks:
                meter.push(block)
        except UndersongError as error:
            yield Flaw(path=path, message=error.message)
            continue
        heard, said = meter.levels(), item["levels"]
        for name, tolerance in _TOLERANCES.items():
            found, wanted = getattr(heard, name), said[name]
            if wanted is None or not abs(found - wanted) <= tolerance:
                yield Flaw(path=path, message=f"its {name} is {found:.3f}, not {wanted}")


_TOLERANCES = {"integrated_lufs": 0.05, "true_peak_dbtp": 0.1, "length_s": 0.001}


def remove(folder: Path) -> tuple[Path, ...]:
    """Remove the files that a manifest lists, and the folder once it is empty.

    Returns:
        What was left because it is not ours.

    Raises:
        OutputError: a file could not be removed.
    """
    manifest = manifest_in(folder)
    try:
        for name in (*listed(manifest), MANIFEST) if manifest else ():
            (folder / name).unlink(missing_ok=True)
        for below in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
            with suppress(OSError):
                below.rmdir()
        left = tuple(sorted(path for path in folder.rglob("*") if not path.is_dir()))
        if not left:
            folder.rmdir()
    except OSError as error:
        raise unwritable(folder, error) from error
    return left
