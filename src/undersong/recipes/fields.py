"""Kinds of value in YAML: times, loudness differences, names, languages, pictures.

Each is a pydantic annotation, such as `Annotated[Fraction, Time("0s", "10m")]`: it reads what
stands in the file, says what is wrong with it, and knows its JSON Schema.
"""

import unicodedata
from abc import abstractmethod
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from undersong.errors import nearest
from undersong.files import is_there
from undersong.recipes.names import SAFE_WORDS, Names, is_safe
from undersong.recipes.values import (
    LANGUAGE_FORMS,
    LANGUAGE_PATTERN,
    NUMBER,
    TIME_PATTERN,
    WrongValueError,
    read_language,
    read_name,
    read_number,
    read_time,
)
from undersong.units import parse_seconds

PICTURES: Final = (".jpg", ".jpeg", ".png")
"""Suffixes of cover pictures."""


class Rule(Struct, frozen=True):
    """Base of our annotations: reads one value, and describes it to editors."""

    @property
    @abstractmethod
    def legal(self) -> str:
        """What is accepted, in words."""

    @abstractmethod
    def read(self, text: str, names: Names | None) -> object:
        """Return what the value means.

        Args:
            text: as written, without white space around it.
            names: what the library offers; None when that is not to be checked.

        Raises:
            WrongValueError: it means nothing here.
        """

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of what is accepted."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Let pydantic read values through `read`."""

        def validate(value: object, info: ValidationInfo) -> object:
            text = _written(value)
            if text is None:
                message = "this should be a single value"
                raise WrongValueError(message, legal=self.legal)
            return self.read(text, info.context if isinstance(info.context, Names) else None)

        return core_schema.with_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let pydantic describe values through `schema`."""
        return self.schema()


def _written(value: object) -> str | None:
    """Return text, or a number as it was written; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(getattr(value, "written", value)).strip()


class Time(Rule, Struct, frozen=True):
    """A time within [low, high], both written as makers do; or `word`, which means None."""

    low: str
    high: str
    word: str | None = None

    @property
    def legal(self) -> str:
        """The range in words."""
        return f"{self.low} to {self.high}" + (f", or `{self.word}`" if self.word else "")

    def read(self, text: str, names: Names | None) -> Fraction | None:  # noqa: ARG002 - as `Rule`
        """Return exact seconds."""
        if self.word is not None and text.lower() == self.word:
            return None
        return read_time(text, self.low, self.high, legal=self.legal)

    def schema(self) -> dict[str, Any]:
        """Return text of the known forms, or bare seconds."""
        low, high = (float(parse_seconds(end)) for end in (self.low, self.high))
        return {
            "anyOf": [
                {"type": "string", "pattern": TIME_PATTERN},
                {"type": "number", "minimum": low, "maximum": high},
                *([{"const": self.word}] if self.word else []),
            ]
        }


class Loudness(Rule, Struct, frozen=True):
    """A loudness difference within [low, high] LU: `15 LU` or `15`."""

    low: float
    high: float

    @property
    def legal(self) -> str:
        """The range in words."""
        return f"{self.low:g} to {self.high:g} LU"

    def read(self, text: str, names: Names | None) -> float:  # noqa: ARG002 - as `Rule`
        """Return LU."""
        return read_number(text, self.low, self.high, "LU", what="a loudness difference")

    def schema(self) -> dict[str, Any]:
        """Return a number, with or without its unit."""
        return {
            "anyOf": [
                {"type": "number", "minimum": self.low, "maximum": self.high},
                {"type": "string", "pattern": rf"^\s*\+?{NUMBER}\s*([lL][uU])?\s*$"},
            ]
        }


_NOT_TEXT = ("Cc", "Cs")  # control characters, and halves of characters


class Text(Rule, Struct, frozen=True):
    """Text of 1 to `limit` characters, white space collapsed; a number counts as written."""

    limit: int = 200

    @property
    def legal(self) -> str:
        """The length in words."""
        return f"text of 1 to {self.limit} characters"

    def read(self, text: str, names: Names | None) -> str:  # noqa: ARG002 - as `Rule`
        """Return the text on one line."""
        line = " ".join(text.split())
        if not 0 < len(line) <= self.limit:
            message = "this text is too long" if line else "this text is empty"
            raise WrongValueError(message, legal=self.legal)
        if any(unicodedata.category(sign) in _NOT_TEXT for sign in line):
            raise WrongValueError("a character that is not text", legal=self.legal)
        return line

    def schema(self) -> dict[str, Any]:
        """Return text or a number."""
        return {"type": ["string", "number"], "minLength": 1, "maxLength": self.limit}


class OneOf(Rule, Struct, frozen=True):
    """One name of a table."""

    what: str
    known: tuple[str, ...]

    @property
    def legal(self) -> str:
        """The table in words."""
        return ", ".join(self.known)

    def read(self, text: str, names: Names | None) -> str:  # noqa: ARG002 - as `Rule`
        """Return the name."""
        return read_name(text, self.what, self.known)

    def schema(self) -> dict[str, Any]:
        """Return the table."""
        return {"enum": list(self.known)}


class OfLibrary(Rule, Struct, frozen=True):
    """The name of a voice or an ambience of the library; `none`, where allowed, means None."""

    what: str
    optional: bool = False

    @property
    def legal(self) -> str:
        """What a name is made of."""
        return f"the name of a {self.what}: {SAFE_WORDS}"

    def read(self, text: str, names: Names | None) -> str | None:
        """Return the name."""
        if self.optional and text == "none":
            return None
        if not is_safe(text):
            message = f"this cannot be the name of a {self.what}"
            raise WrongValueError(message, legal=self.legal)
        if names is None:
            return text
        known = names.voices if self.what == "voice" else names.beds
        return read_name(text, self.what, (*known, "none") if self.optional else known)

    def schema(self) -> dict[str, Any]:
        """Return text that can be a file's stem, or a number that is one."""
        return {"type": ["string", "number"], "minLength": 1, "maxLength": 100}


class Language(Rule, frozen=True):
    """A BCP 47 language tag: language, optional script, optional region."""

    @property
    def legal(self) -> str:
        """Examples."""
        return LANGUAGE_FORMS

    def read(self, text: str, names: Names | None) -> str:  # noqa: ARG002 - as `Rule`
        """Return the tag in its usual case: `en-US`."""
        return read_language(text)

    def schema(self) -> dict[str, Any]:
        """Return the pattern of a tag."""
        return {"type": "string", "pattern": LANGUAGE_PATTERN}


class Picture(Rule, frozen=True):
    """A cover picture, its path relative to the file that names it."""

    @property
    def legal(self) -> str:
        """Kinds of picture."""
        return "a .jpg or .png file, its path relative to this file"

    def read(self, text: str, names: Names | None) -> str:
        """Return the path as it can be opened."""
        if Path(text).suffix.lower() not in PICTURES:
            message = "this is not a picture"
            raise WrongValueError(message, legal=self.legal)
        if names is None:
            return text
        path = names.folder / text
        if not is_there(path):
            near = nearest(path.name, _pictures(path.parent))
            beside = None if near is None else Path(text).with_name(near).as_posix()
            message = f"there is no picture at {path}"
            raise WrongValueError(message, legal=self.legal, near=beside)
        return str(path)

    def schema(self) -> dict[str, Any]:
        """Return the pattern of a picture's path."""
        return {"type": "string", "pattern": r"\.([jJ][pP][eE]?[gG]|[pP][nN][gG])\s*$"}


def _pictures(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [path.name for path in folder.iterdir() if path.suffix.lower() in PICTURES]
