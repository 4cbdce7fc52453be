"""What holds for one track: variant over destination over recipe over library over the usual.

Keys are dotted (`fades.in`), so that nested mappings are overridden key by key.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from msgspec import Struct, field

from undersong.errors import Fault
from undersong.recipes.document import Document
from undersong.recipes.model import Position
from undersong.recipes.schema import Variants

MAX_TRACKS = 500
"""More variants than these are surely a mistake."""


class Layer(Struct, frozen=True, kw_only=True):
    """Values that one place chose.

    Attributes:
        values: by dotted key.
        file: where they are written; None for what is usual.
        lines: positions of those keys.
        written: how a variant's values are written, in order of the front matter.
    """

    values: Mapping[str, Any]
    file: str | None = None
    lines: Mapping[str, Position] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)


class Settings(Struct, frozen=True, kw_only=True):
    """Layers, the last one the strongest."""

    layers: tuple[Layer, ...]

    def get(self, key: str) -> Any:  # noqa: ANN401 - whatever the schema gives
        """Return the strongest value of a dotted key; None when nobody chose one."""
        layer = self._owner(key)
        return None if layer is None else layer.values[key]

    def under(self, key: str) -> dict[str, Any]:
        """Return everything below a key: `about` gives its facts by name."""
        start = f"{key}."
        return {
            name.removeprefix(start): self.get(name)
            for layer in self.layers
            for name in layer.values
            if name.startswith(start)
        }

    def strongest(self, *keys: str) -> str:
        """Return which of some keys was chosen last: the one that a maker would change."""
        return max(keys, key=lambda key: max(self._ranks(key), default=-1))

    def fault(self, key: str, message: str, **words: str | None) -> Fault:
        """Return a fault at the place where a key was chosen; else at the top of the recipe."""
        layer = self._owner(key)
        if layer is None or layer.file is None:
            top = self.layers[-1]
            return Fault(file=str(top.file), line=1, column=1, message=message, **words)
        place = layer.lines.get(key)
        return Fault(
            file=layer.file,
            line=place.line if place else None,
            column=place.column if place else None,
            message=message,
            **words,
        )

    def _ranks(self, key: str) -> list[int]:
        return [rank for rank, layer in enumerate(self.layers) if key in layer.values]

    def _owner(self, key: str) -> Layer | None:
        ranks = self._ranks(key)
        return self.layers[ranks[-1]] if ranks else None


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one with dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def layers_of(document: Document, variants: Variants | None) -> Iterator[Layer]:
    """Yield one layer for every combination of variant values, in order of the front matter.

    Without variants there is one empty layer.
    """
    file = document.source.file
    axes = [] if variants is None else list(document.value["variants"])
    chosen = {} if variants is None else variants.chosen()
    for indices in product(*(range(len(chosen[key])) for key in axes)):
        paths = {key: ("variants", key, k) for key, k in zip(axes, indices, strict=True)}
        yield Layer(
            file=file,
            values={key: chosen[key][path[2]] for key, path in paths.items()},
            lines={key: document.position(path) for key, path in paths.items()},
            written={key: document.written(path) or "" for key, path in paths.items()},
        )


def variant_faults(document: Document, variants: Variants) -> Iterator[Fault]:
    """Yield what is wrong with variants as a whole: a value twice, too many tracks."""
    count = 1
    for key, values in variants.chosen().items():
        count *= len(values)
        for k, value in enumerate(values):
            if value in values[:k]:
                path = ("variants", key, k)
                yield document.source.fault(
                    document.offset(path), "this variant is here twice", seen=document.written(path)
                )
    if count > MAX_TRACKS:
        yield document.source.fault(
            document.offset(("variants",), key=True),
            "too many variants",
            seen=f"{count} tracks",
            legal=f"up to {MAX_TRACKS} tracks",
        )
