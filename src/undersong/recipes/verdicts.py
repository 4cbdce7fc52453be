"""What pydantic found wrong, in the words of a maker: place, message, legal values, nearest name.

A validator of our own raises `WrongValueError`, or `Nested` for a part that another model rules.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar, get_args

from annotated_types import Ge, Gt, Le, Lt
from msgspec import Struct
from msgspec.structs import replace
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from undersong.errors import nearest
from undersong.recipes.values import WrongValueError

M = TypeVar("M", bound=BaseModel)
O = TypeVar("O", bound=BaseModel)  # noqa: E741 - options

_KEYS_SHOWN: Final = 30
"""More legal keys than these are not listed."""

_ITEM = "an item"

_PLAIN: Final = {
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "dict_type": "should be a mapping of `key: value`",
    "finite_number": "should be a finite number",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "is too large",
    "int_type": "should be a whole number",
    "list_type": "should be a list",
    "model_type": "should be a mapping of `key: value`",
    "model_attributes_type": "should be a mapping of `key: value`",
    "string_type": "should be text; write it in quotes",
    "tuple_type": "should be a list",
    "union_tag_not_found": "should be a mapping of `key: value`",
}
"""Message by pydantic's kind of error, where its own words would not help a maker."""

_LISTED = ("enum", "literal_error", "union_tag_invalid")
_BOUNDED = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_BOUNDS: Final = ((Ge, "ge"), (Gt, "gt"), (Le, "le"), (Lt, "lt"))


class Slip(Struct, frozen=True, kw_only=True):
    """One thing that a model does not accept.

    Attributes:
        path: keys and indices that lead to it.
        at_key: the key is at fault rather than its value.
        shown: the value found helps the message.
    """

    path: tuple[int | str, ...]
    message: str
    at_key: bool = False
    shown: bool = True
    legal: str | None = None
    nearest: str | None = None


Verdict = tuple[type[BaseModel], ValidationError]
"""A model, and what it does not accept."""


class Nested(ValueError):  # noqa: N818 - raised by validators, never seen by a maker
    """A part of a document did not fit the models that rule it; its faults join the others."""

    def __init__(self, *verdicts: Verdict) -> None:
        """Keep what is needed to find places and nearest names."""
        super().__init__("; ".join(str(error) for _, error in verdicts))
        self.verdicts = verdicts


def entry_with_options(
    entry: type[M],
    value: object,
    handler: Callable[[object], M],
    rules: Callable[[Any], type[O] | None],
) -> tuple[M, O]:
    """Read a mapping whose further keys are the options of whatever one of its own keys names.

    Args:
        entry: the model of its own keys, which allows others.
        value: as a wrapping validator of that model gets it.
        handler: likewise.
        rules: returns the model of the options, given the mapping; None when that is not known.

    Raises:
        ValidationError: faults of the mapping's own keys, when its options hold none.
        Nested: all faults of its own keys and of its options.
    """
    options, found = None, None
    verdicts: list[Verdict] = []
    ruling = rules(value) if isinstance(value, dict) else None
    if ruling is not None and isinstance(value, dict):
        further = {key: value[key] for key in value if key not in entry.model_fields}
        try:
            options = ruling.model_validate(further)
        except ValidationError as error:
            verdicts.append((ruling, error))
    try:
        found = handler(value)
    except ValidationError as error:
        if not verdicts:
            raise
        verdicts.append((entry, error))
    if found is None or options is None:
        raise Nested(*verdicts)
    return found, options


def slips(
    error: ValidationError, model: type[BaseModel], beside: Iterable[str] = ()
) -> Iterator[Slip]:
    """Yield everything that `error` found, in its order.

    Args:
        error: what validating gave.
        model: the model that was asked for; tells legal keys and ranges.
        beside: further keys that are legal at its top, ruled by another model.
    """
    for details in error.errors(include_url=False):
        inner = details.get("ctx", {}).get("error")
        path = details["loc"]
        if isinstance(inner, Nested):
            keys = [key for owner in _owners(model, path) for key in _keys(owner)]
            for ruling, part in inner.verdicts:
                yield from (_under(path, slip) for slip in slips(part, ruling, keys))
        elif details["type"] == "extra_forbidden":
            yield _unknown_key(path, model, beside if len(path) == 1 else ())
        elif not _echo(details):
            yield _slip(details, model)


def _echo(details: ErrorDetails) -> bool:
    """Tell whether pydantic counts a list as too short only because its items are wrong."""
    found = details["input"]
    return (
        details["type"] == "too_short"
        and isinstance(found, list | dict)
        and len(found) >= details["ctx"]["min_length"]
    )


def _under(path: tuple[int | str, ...], slip: Slip) -> Slip:
    return Slip(
        path=(*path, *slip.path),
        message=slip.message,
        at_key=slip.at_key,
        shown=slip.shown,
        legal=slip.legal,
        nearest=slip.nearest,
    )


def _slip(details: ErrorDetails, model: type[BaseModel]) -> Slip:
    kind, path = details["type"], details["loc"]
    name = _name(path)
    if kind == "missing":
        return Slip(path=path, message=f"{name} is missing", shown=False)
    if kind == "union_tag_not_found" and isinstance(details["input"], dict):
        tag = details["ctx"]["discriminator"].strip("'")
        return Slip(path=path, message=f"`{tag}` is missing", shown=False)
    if path[-1:] == ("[key]",):
        message = f"this key {_plain(kind, details['msg'])}"
        refused = _refused(path[:-1], details.get("ctx", {}).get("error"), message)
        return replace(refused, at_key=True, shown=False)
    if details["input"] is None:
        return Slip(path=path, at_key=True, message=f"{name} has no value", shown=False)
    return _value_slip(details, model)


def _value_slip(details: ErrorDetails, model: type[BaseModel]) -> Slip:
    kind, path, ctx = details["type"], details["loc"], details.get("ctx", {})
    name = _name(path)
    if kind in _LISTED:
        return _not_listed(path, ctx, str(details["input"]))
    if kind in _BOUNDED:
        legal = _range(path, model) or _range_of(ctx.items())
        return Slip(path=path, message=f"{name} is out of range", legal=legal)
    return _refused(path, ctx.get("error"), f"{name} {_plain(kind, details['msg'])}")


def _refused(path: tuple[int | str, ...], error: object, message: str) -> Slip:
    """Return what a validator said, or `message` when none did."""
    if isinstance(error, WrongValueError):
        return Slip(path=path, message=error.message, legal=error.legal, nearest=error.near)
    return Slip(path=path, message=str(error) if isinstance(error, ValueError) else message)


def _name(path: Sequence[int | str]) -> str:
    """Return what to call the value at `path`: its key, or "an item" of a list."""
    words = [part for part in path if isinstance(part, str)]
    if not path or not words:
        return "this"
    return f"`{words[-1]}`" if path[-1] == words[-1] else f"{_ITEM} of `{words[-1]}`"


def _plain(kind: str, message: str) -> str:
    if kind in _PLAIN:
        return _PLAIN[kind]
    words = re.sub(r"^(Input|Value|String|List|Tuple|Dictionary) ", "", message)
    return words[:1].lower() + words[1:]


def _unknown_key(
    path: tuple[int | str, ...], model: type[BaseModel], beside: Iterable[str]
) -> Slip:
    key = str(path[-1])
    own = (name for owner in _owners(model, path[:-1]) for name in _keys(owner))
    known = sorted({*own, *beside})
    return Slip(
        path=path,
        at_key=True,
        shown=False,
        message=f"unknown key `{key}`",
        legal=", ".join(known) if 0 < len(known) <= _KEYS_SHOWN else None,
        nearest=nearest(key, known),
    )


def _not_listed(path: tuple[int | str, ...], ctx: dict[str, Any], seen: str) -> Slip:
    listed = str(ctx.get("expected", ctx.get("expected_tags", "")))
    known = re.findall(r"'([^']*)'", listed)
    if "discriminator" in ctx:
        path, seen = (*path, str(ctx["discriminator"]).strip("'")), str(ctx["tag"])
    return Slip(
        path=path,
        message=f"{_name(path)} is none of the known values",
        legal=", ".join(known) or listed,
        nearest=nearest(seen, known),
    )


def _range(path: Sequence[int | str], model: type[BaseModel]) -> str | None:
    """Return the legal range of a number from its field, both ends."""
    field = _field(model, path)
    if field is None:
        return None
    rules = [*field.metadata, *_annotations(field.annotation)]
    return _range_of(
        (key, getattr(rule, key))
        for rule in rules
        for kind, key in _BOUNDS
        if isinstance(rule, kind)
    )


def _range_of(bounds: Iterable[tuple[str, object]]) -> str | None:
    found = dict(bounds)
    if "ge" in found and "le" in found:
        return f"{found['ge']} to {found['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return " and ".join(f"{words[key]} {found[key]}" for key in words if key in found) or None


def _keys(model: type[BaseModel]) -> Iterator[str]:
    yield from (field.alias or name for name, field in model.model_fields.items())


def _owners(model: type[BaseModel], path: Sequence[int | str]) -> list[type[BaseModel]]:
    """Return the models that may rule the mapping at `path`."""
    owners = [model]
    for part in path:
        field = _member(owners, part)
        owners = _models(field.annotation) if field else _tagged(owners, part)
    return owners


def _field(model: type[BaseModel], path: Sequence[int | str]) -> FieldInfo | None:
    """Return the field that rules the value at `path`, or the list that it is an item of."""
    owners, found = [model], None
    for part in path:
        if field := _member(owners, part):
            owners, found = _models(field.annotation), field
        else:
            owners = _tagged(owners, part)
    return found


def _tagged(owners: list[type[BaseModel]], part: int | str) -> list[type[BaseModel]]:
    """Return the members of a union that a tag chooses; all of them when `part` is none."""
    chosen = [
        owner
        for owner in owners
        if any(part in get_args(field.annotation) for field in owner.model_fields.values())
    ]
    return chosen or owners


def _member(owners: Sequence[type[BaseModel]], part: int | str) -> FieldInfo | None:
    for owner in owners:
        for name, field in owner.model_fields.items():
            if part in (name, field.alias):
                return field
    return None


def _models(annotation: object) -> list[type[BaseModel]]:
    """Return every model that an annotation names, at any depth."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [found for part in get_args(annotation) for found in _models(part)]


def _annotations(annotation: object) -> list[object]:
    """Return every piece of metadata within an annotation."""
    own = list(getattr(annotation, "__metadata__", ()))
    return own + [found for part in get_args(annotation) for found in _annotations(part)]
