"""The nouns of a voice: what a voice file says, and the voice that comes of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from msgspec import Struct
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from undersong.errors import UnknownNameError, VoiceError, nearest
from undersong.recipes.fields import Language, Text
from undersong.recipes.values import WrongValueError
from undersong.recipes.verdicts import entry_with_options
from undersong.voices.contract import EngineOptions
from undersong.voices.plugins import engine_class, engine_names
from undersong.voices.tone import Tone

Line = Annotated[str, Text(200)]
Prose = Annotated[str, Text(2000)]

EVEN_DB: Final = 3.0
"""How far a phrase may be moved. Sentences of one voice differ by 2 to 4 dB for no reason."""


class EngineChoice(Struct, frozen=True, kw_only=True):
    """An engine of a voice, with options that its own model has accepted, and its tone."""

    engine: str
    options: EngineOptions
    tone: Tone | None = None


class EngineEntry(BaseModel):
    """One engine of a voice file: `engine: name`, and beside it that engine's own options."""

    model_config = ConfigDict(extra="allow")

    engine: Line = Field(description="Name of an engine; `undersong voices` lists them.")
    tone: Tone | None = Field(default=None, description="Its tone, instead of the voice's.")
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
            near = nearest(name, known)
            raise WrongValueError(error.message, legal=", ".join(known), near=near) from error
        except VoiceError as error:
            raise WrongValueError(error.message) from error
        return name

    @model_validator(mode="wrap")
    @classmethod
    def _check_options(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        entry, options = entry_with_options(cls, value, handler, _options_model)
        entry._choice = EngineChoice(engine=entry.engine, options=options, tone=entry.tone)  # noqa: SLF001 - its own class
        return entry


def _options_model(entry: Mapping[str, object]) -> type[EngineOptions] | None:
    try:
        return engine_class(str(entry.get("engine"))).Options
    except (UnknownNameError, VoiceError):
        return None  # which is a fault of the key itself


class VoiceFile(BaseModel):
    """A voice as its file describes it: who speaks, and how words want to be said."""

    model_config = ConfigDict(extra="forbid")

    title: Line = Field(description="Name of the voice for people.")
    language: Annotated[str, Language()] = Field(description="Language it speaks, such as en-GB.")
    engines: tuple[EngineEntry, ...] = Field(
        min_length=1, description="In order of preference; the first that can run here speaks."
    )
    lexicon: dict[Line, Line | dict[Line, Line]] = Field(
        default_factory=dict,
        description="How words are said: a respelling, `/IPA/`, both, or one for each language.",
    )
    tone: Tone | None = Field(default=None, description="What is done to its sound.")
    even_db: float = Field(
        default=EVEN_DB,
        ge=0,
        le=3,
        description="Phrases are moved at most this far towards the voice's usual level.",
    )
    about: Prose = Field(default="", description="One line for lists.")
    terms: Prose = Field(default="", description="What may be done with tracks it speaks.")
    credit: Line = Field(default="", description="Line to show wherever such a track is offered.")

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's own
        """Return the JSON Schema, with the options of every engine that is installed."""
        found = super().model_json_schema(*args, **kwargs)
        engines = {name.title(): _entry_schema(name) for name in engine_names()}
        for schema in engines.values():
            found["$defs"] |= schema.pop("$defs", {})
        found["$defs"] |= engines
        found["$defs"]["EngineEntry"] = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in engines]}
        return found


def _entry_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one engine's entry: its name and its options."""
    try:
        schema = engine_class(name).Options.model_json_schema()
    except VoiceError as error:
        schema = {"type": "object", "description": error.message}
    chosen = {
        "engine": {"enum": [name], "description": "Name of the engine."},
        "tone": {"$ref": "#/$defs/Tone", "description": "Its tone, instead of the voice's."},
    }
    schema["properties"] = chosen | schema.get("properties", {})
    schema["required"] = ["engine", *schema.get("required", ())]
    return schema


class Voice(Struct, frozen=True, kw_only=True):
    """A voice that recipes can name. Not yet: any engine that runs.

    Attributes:
        engines: in order of preference; the first that can run here speaks the whole track.
        lexicon: how words are said, as `voices.lexicon` reads it; it wins over the library's.
        tone: what is done to its sound, whatever engine speaks; an engine's own tone wins.
        even_db: how far a phrase may be moved towards the voice's usual level.
        about: one line for lists.
        terms: what may be done with tracks spoken by this voice.
        credit: line to show wherever such a track is offered.
    """

    name: str
    title: str
    language: str
    engines: tuple[EngineChoice, ...]
    lexicon: Mapping[str, str | Mapping[str, str]]
    about: str
    terms: str
    credit: str
    tone: Tone | None = None
    even_db: float = EVEN_DB
