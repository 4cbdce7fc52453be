"""YAML 1.2 that a maker wrote: plain values, the place of each, and all faults at once.

`load_yaml` turns a whole file into any pydantic model; `read_document` serves front matter and
whoever needs places and words as written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from undersong.errors import Fault, FaultsError
from undersong.recipes.model import Position
from undersong.recipes.source import Source, brief, read_source
from undersong.recipes.verdicts import Slip, slips

M = TypeVar("M", bound=BaseModel)

Way = Sequence[int | str]
"""Way from the top of a document to a value: keys and indices."""

_TAG: Final = "tag:yaml.org,2002:"

_AS_TEXT: Final = ("str", "timestamp", "merge")
"""Kinds of scalar that are text here: YAML 1.2 core knows neither dates nor `<<`."""

_NUMBERS: Final = ("int", "float")

_WORDS: Final = (
    ("found character '\\t'", "a tab, which YAML forbids here; indent with spaces"),
    (
        "mapping values are not allowed",
        "a `: ` where no key can stand; put text that holds one in quotes",
    ),
    ("expected ',' or ']'", "this list is not closed by `]`, or a comma is missing"),
    ("expected ',' or '}'", "this mapping is not closed by `}`, or a comma is missing"),
    ("found unexpected end of stream", "this quote is never closed"),
    ("unknown escape character", "an unknown `\\` escape; write `\\\\` for a backslash"),
    ("could not find expected ':'", "a key without its `:`"),
    ("cannot start any token", "text that begins with this sign must be in quotes"),
    ("found undefined alias", "an alias (`*name`); put the text in quotes"),
    ("but found another document", "a second document (`---`); one file holds one"),
    ("expected <block end>", "the indentation does not fit the lines above"),
)
"""What ruamel.yaml says, and what a maker can do about it."""

_AT_CONTEXT: Final = ("expected ',' or", "unexpected end of stream", "expected ':'")
"""Problems whose cause lies where the thing began, not where the reader gave up."""


class Whole(int):
    """A whole number that remembers how it was written (`007`)."""

    written: str


class Real(float):
    """A decimal number that remembers how it was written (`1.50`)."""

    written: str


class Document(Struct, frozen=True, kw_only=True):
    """A YAML document: its values as dicts, lists, text, numbers, booleans and None.

    Attributes:
        value: the top value; None when the document is empty or not YAML.
        root: the node tree behind it.
        start: offset where the document begins, for faults of the whole.
        faults: everything wrong with it as YAML.
    """

    source: Source
    value: Any
    root: Node | None
    start: int
    faults: tuple[Fault, ...]

    def position(self, path: Way, *, key: bool = False) -> Position:
        """Return where a value stands, or its key."""
        return self.source.position(self.offset(path, key=key))

    def offset(self, path: Way, *, key: bool = False) -> int:
        """Return the offset of a value or its key; of the nearest thing above when it is absent.

        Parts that lead nowhere (names that pydantic puts into unions) are passed over.
        """
        node, name = self._find(path)
        found = name if key and name is not None else node
        return self.start if found is None else int(found.start_mark.index)

    def written(self, path: Way) -> str | None:
        """Return a value as it stands in the file, one line of it, or None when it is absent."""
        node, name = self._find(path)
        if node is None or (path and name is None and not isinstance(path[-1], int)):
            return None
        if isinstance(node, ScalarNode):
            return str(node.value) or None
        return brief(self.source.text[node.start_mark.index : node.end_mark.index])

    def lines(self) -> dict[str, Position]:
        """Return the positions of all keys, dotted: `fades.in`."""
        return {
            name: self.source.position(int(key.start_mark.index)) for name, key in _keys(self.root)
        }

    def validate(
        self, model: type[M], context: object = None
    ) -> tuple[M | None, tuple[Fault, ...]]:
        """Return the model, or None and every fault of the document.

        Args:
            model: what the document should be.
            context: handed to the model's validators.
        """
        if self.value is None and self.faults:
            return None, self.faults
        if not isinstance(self.value, dict):
            what = "nothing here" if self.value is None else "this is not a mapping"
            return None, (*self.faults, self._whole(what, model))
        try:
            found = model.model_validate(self.value, context=context)
        except ValidationError as error:
            return None, (*self.faults, *(self._fault(slip) for slip in slips(error, model)))
        return (None if self.faults else found), self.faults

    def salvage(
        self, model: type[M], context: object = None, *, otherwise: Mapping[str, Any]
    ) -> tuple[M, tuple[Fault, ...]]:
        """Return the model of whatever is right, and every fault of the document.

        Args:
            model: what the document should be.
            context: handed to the model's validators.
            otherwise: values of the keys that must be there, for when they are not.
        """
        found, faults = self.validate(model, context)
        value = self.value if isinstance(self.value, dict) else {}
        while found is None:
            value = {**otherwise, **value}
            try:
                found = model.model_validate(value, context=context)
            except ValidationError as error:
                value = _pruned(value, [slip["loc"] for slip in error.errors()])
        return found, faults

    def _fault(self, slip: Slip) -> Fault:
        return self.source.fault(
            self.offset(slip.path, key=slip.at_key),
            slip.message,
            seen=self.written(slip.path) if slip.shown else None,
            legal=slip.legal,
            nearest=slip.nearest,
        )

    def _whole(self, what: str, model: type[BaseModel]) -> Fault:
        keys = [field.alias or name for name, field in model.model_fields.items()]
        legal = f"lines of `key: value` with the keys {', '.join(keys)}"
        offset = self.start if self.root is None else self.offset(())
        return self.source.fault(offset, what, legal=legal)

    def _find(self, path: Way) -> tuple[Node | None, Node | None]:
        """Return the node at `path` and the node of its key; the key None where a part is absent.

        A part that is absent leaves the node where it is.
        """
        node, name = self.root, None
        for part in path:
            name = None
            if isinstance(node, SequenceNode) and isinstance(part, int):
                node = node.value[part] if part < len(node.value) else node
            elif isinstance(node, MappingNode):
                pairs = [(k, v) for k, v in node.value if k.value == str(part)]
                name, node = pairs[0] if pairs else (None, node)
        return node, name


def _pruned(value: Mapping[str, Any], paths: Iterable[Way]) -> dict[str, Any]:
    """Return a mapping without what `paths` lead to, or without the nearest key above that."""
    below: dict[str, list[Way]] = {}
    for path in paths:
        below.setdefault(str(path[0]), []).append(path[1:])
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        if key not in below:
            kept[key] = inner
        elif isinstance(inner, dict) and all(way and way[0] in inner for way in below[key]):
            kept[key] = _pruned(inner, below[key])
    return kept


def load_yaml(path: Path, model: type[M], context: object = None) -> M:
    """Read a YAML file as a pydantic model.

    Args:
        path: a UTF-8 file.
        model: what it should be; its validators may raise `Nested` for parts that another
            model rules, or `WrongValueError` with legal values and the nearest name.
        context: handed to the validators.

    Raises:
        FaultsError: every fault of the file, in file order.
    """
    source = read_source(path)
    document = read_document(source, 0, len(source.text))
    found, faults = document.validate(model, context)
    if found is None or source.faults:
        raise FaultsError(in_order((*source.faults, *faults)))
    return found


def in_order(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return faults by file, line and column, each once."""
    once = dict.fromkeys(faults)
    return tuple(sorted(once, key=lambda f: (f.file, f.line or 0, f.column or 0)))


@lru_cache(maxsize=64)
def read_document(source: Source, start: int, end: int) -> Document:
    """Read the YAML in [start, end) of a source; faults are kept in the document.

    The same text of the same file is read once: every track of a library asks for its settings,
    its voice and its bed again. Nobody may change the document's value.
    """
    text = _blanked(source.text[:start]) + source.text[start:end]
    root: Node | None = None
    faults: list[Fault] = []
    builder = _Builder(source)
    value: Any = None
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        value = None if root is None else builder.value(root)
    except MarkedYAMLError as error:
        faults.append(_yaml_fault(source, error))
    except (YAMLError, ValueError) as error:
        faults.append(source.fault(start, f"this is not YAML: {brief(str(error))}"))
    except RecursionError:
        root = None
        faults.append(source.fault(start, "lists and mappings are nested too deep"))
    return Document(
        source=source, value=value, root=root, start=start, faults=(*faults, *builder.faults)
    )


def _blanked(text: str) -> str:
    """Return `text` with everything but its line ends turned into spaces."""
    return "\n".join(" " * len(line) for line in text.split("\n"))


def _yaml_fault(source: Source, error: MarkedYAMLError) -> Fault:
    problem = str(error.problem or error.context)
    early = any(words in problem for words in _AT_CONTEXT)
    mark = (error.context_mark if early else None) or error.problem_mark or error.context_mark
    plain = [words for sign, words in _WORDS if sign in problem]
    message = plain[0] if plain else f"this is not YAML: {problem}"
    offset = min(int(mark.index), len(source.text)) if mark else 0
    return source.fault(offset, message)


def _keys(node: Node | None, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """Yield the dotted name and the node of every key, those in lists left out."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                yield f"{prefix}{key.value}", key
                yield from _keys(value, f"{prefix}{key.value}.")


class _Builder:
    """Turns nodes into plain values and gathers what YAML allows but we do not."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self._met: set[int] = set()

    def value(self, node: Node) -> Any:  # noqa: ANN401 - YAML is any nesting of plain values
        """Return the plain value of a node."""
        if id(node) in self._met:
            self._fault(node, "an alias (`*name`) uses this value again; write it out there")
            return None
        self._met.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node)
        if isinstance(node, SequenceNode):
            return [self.value(item) for item in node.value]
        return self._scalar(node)  # the only other kind

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._fault(key, "a key must be a word")
                continue
            name = str(key.value)
            if name in found:
                self._fault(key, f"the key `{name}` is here twice")
                continue
            found[name] = self.value(value)
        return found

    def _scalar(self, node: Node) -> Any:  # noqa: ANN401 - text, number, boolean or None
        kind = str(node.tag).removeprefix(_TAG)
        text = str(node.value)
        if kind in _AS_TEXT:
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind in _NUMBERS:
            return _number(kind, text)
        self._fault(node, f"an unknown tag `{node.tag}`; write the value without it")
        return text

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append(self.source.fault(node.start_mark.index, message))


def _number(kind: str, text: str) -> Whole | Real | str:
    """Return a number, or the text itself when Python cannot hold it."""
    bare = text.replace("_", "")
    bare = bare.replace(".inf", "inf").replace(".nan", "nan") if kind == "float" else bare
    number: Whole | Real
    with suppress(ValueError):
        number = Real(bare) if kind == "float" else Whole(bare, _base(bare))
        number.written = text
        return number
    return text


def _base(text: str) -> int:
    """Return the base in which YAML 1.2 reads a whole number: `0x` and `0o` are marked."""
    return {"0x": 16, "0o": 8, "0b": 2}.get(text.lstrip("+-")[:2].lower(), 10)
