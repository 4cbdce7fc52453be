"""Gather docs/beds/*.md and the beds of the starter library into docs/beds.md; see `make docs`."""  # noqa: INP001 - a tool, run by its path

import re
from pathlib import Path

from undersong.ambience.bed import Bed, load_bed
from undersong.recipes.library import Library

ROOT = Path(__file__).parents[1]

HEAD = """\
# Beds

<!-- Made by `make docs` from docs/beds/*.md and the bed files; edit those, not this page. -->

Every bed is endless, made as it is heard, and the same for the same seed. Hear one with
`undersong ambience play waves`, see one with `undersong ambience show waves`, write one to a file
with `undersong ambience render waves --length 10m --out waves.flac`.

A bed of your own is a file in `ambience/`: copy one and change it ([keys](reference-bed.md)), or
bring in [a recording](recordings.md). Layers, distance, slow changes and times of day are told of
[there](recordings.md#scenes).
"""


def main() -> None:
    """Write the page."""
    library = Library.find(ROOT)
    beds = [load_bed(name, library) for name in library.bed_names()]
    pages = sorted((ROOT / "docs" / "beds").glob("*.md"))
    parts = [HEAD, table(beds), *(section(page.read_text(encoding="utf-8")) for page in pages)]
    text = "\n".join(part.rstrip() + "\n" for part in parts)
    (ROOT / "docs" / "beds.md").write_text(text, encoding="utf-8")


def table(beds: list[Bed]) -> str:
    """Return the beds as a table."""
    rows = ["## The starter library", "", "| bed | layers | what it is |", "|---|---|---|"]
    for bed in beds:
        layers = ", ".join(dict.fromkeys(layer.words for layer in bed.layers))
        rows.append(f"| `{bed.name}` | {layers} | {bed.about} |")
    return "\n".join(rows)


def section(text: str) -> str:
    """Return a page as a section: headings one deeper, pictures found from one folder up."""
    deeper = re.sub(r"^#", "##", text, flags=re.MULTILINE)
    return re.sub(r"\]\((?!https?:|#|\.\./)", "](beds/", deeper).replace("](../", "](")


if __name__ == "__main__":
    main()
