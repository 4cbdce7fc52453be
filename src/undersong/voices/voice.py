"""The nouns of a voice: what a voice file says, and the voice that comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from undersong.errors import UnknownNameError, VoiceError, nearest
from undersong.recipes.fields import Language, Text
from undersong.recipes.verdicts import Nested, wrong
from undersong.voices.contract import EngineOptions
from undersong.voices.plugins import engine_class, engine_names

Line = Annotated[str, Text(200)]
Prose = Annotated[str, Text(2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """An engine of a voice, with options that its own model has accepted."""

    engine: str
    options: EngineOptions


class EngineEntry(BaseModel):
    """One engine of a voice file: `engine: name`, and beside it that engine's own options."""

    model_config = ConfigDict(extra="allow")

    engine: Line = Field(description="Name of an engine; `undersong voices` lists them.")
    _choice: EngineChoice = PrivateAttr()

    @property
    def choice(self) -> EngineChoice:
        """The engine with its options, checked."""
        return self._choice

    @field_validator("engine")
    @classmethod
    def _expect_engine(cls, name: str) -> str:
        try:
            engine_class(name)
        except UnknownNameError as error:
            known = engine_names()
            raise wrong(error.message, legal=", ".join(known), near=nearest(name, known)) from error
        except VoiceError as error:
            raise wrong(error.message) from error
        return name

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        model = engine_class(self.engine).Options
        try:
            options = model.model_validate(self.__pydantic_extra__ or {})
        except ValidationError as error:
            raise Nested(model, error) from error
        self._choice = EngineChoice(engine=self.engine, options=options)
        return self


class VoiceFile(BaseModel):
    """A voice as its file describes it.

    Attributes:
        engines: in order of preference; the first that can run here speaks the whole track.
        lexicon: respellings by word, for every engine.
        about: one line for lists.
        terms: what may be done with tracks spoken by this voice.
        credit: line to show wherever such a track is offered.
    """

    model_config = ConfigDict(extra="forbid")

    title: Line = Field(description="Name of the voice for people.")
    language: Annotated[str, Language()] = Field(description="Language it speaks, such as en-GB.")
    engines: tuple[EngineEntry, ...] = Field(
        min_length=1, description="In order of preference; the first that can run here speaks."
    )
    lexicon: dict[Line, Line] = Field(
        default_factory=dict, description="How to spell words so that they are said right."
    )
    about: Prose = Field(default="", description="One line for lists.")
    terms: Prose = Field(default="", description="What may be done with tracks it speaks.")
    credit: Line = Field(default="", description="Line to show wherever such a track is offered.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice that recipes can name. Not yet: any engine that runs.

    Attributes are those of `VoiceFile`; `name` is the file's.
    """

    name: str
    title: str
    language: str
    engines: tuple[EngineChoice, ...]
    lexicon: Mapping[str, str]
    about: str
    terms: str
    credit: str
