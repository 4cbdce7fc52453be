"""Waiting for a maker to save a file of the library."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from undersong.batch.state import FOLDER


def changes(root: Path, outs: Sequence[Path]) -> Iterator[set[Path]]:
    """Yield the files that were saved, whenever some were; what we write ourselves is left out.

    Several saved within 50 ms come together. Ends on Ctrl-C.
    """
    from watchfiles import watch  # noqa: PLC0415 - only who watches needs it

    def counts(_change: object, path: str) -> bool:
        name = Path(path)
        hidden = any(part.startswith(".") for part in name.relative_to(root).parts)
        made = any(name.is_relative_to(out) for out in outs)
        return not hidden and not made and FOLDER not in name.parts

    for found in watch(root, watch_filter=counts, raise_interrupt=True, debounce=400, step=50):
        yield {Path(path) for _, path in found}
