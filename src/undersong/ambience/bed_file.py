"""What a bed file may hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from msgspec import Struct
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from undersong.ambience.air import FARTHEST_M
from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.recorded import Going, RecordedOptions
from undersong.ambience.registry import generator_class, generator_names
from undersong.ambience.scene import Placing, Wander
from undersong.errors import AmbienceError, UnknownNameError, nearest
from undersong.files import is_there
from undersong.recipes.fields import OfLibrary, Rule, Text
from undersong.recipes.names import Names
from undersong.recipes.values import WrongValueError
from undersong.recipes.verdicts import entry_with_options

Line = Annotated[str, Text(200)]
Prose = Annotated[str, Text(2000)]
TimeOfDay = Literal["dawn", "day", "dusk", "night"]

SOUNDS: Final = ("flac", "wav")
"""What a clean recording may be kept as: FLAC takes a third of the space, WAV no time to decode."""


class Recording(Rule, Struct, frozen=True):
    """A clean recording, its path relative to the bed file that names it."""

    @property
    def legal(self) -> str:
        """What it is."""
        return "a .flac or .wav file beside this file, as `undersong ambience add` writes it"

    def read(self, text: str, names: Names | None) -> str:
        """Return the path as it can be opened."""
        if Path(text).suffix.lower().removeprefix(".") not in SOUNDS:
            message = "this is not a recording of a library"
            raise WrongValueError(message, legal=self.legal)
        if names is None:
            return text
        path = names.folder / text
        if not is_there(path):
            beside = [found.name for kind in SOUNDS for found in names.folder.glob(f"*.{kind}")]
            message = f"there is no recording at {path}"
            raise WrongValueError(message, legal=self.legal, near=nearest(text, beside))
        return str(path)

    def schema(self) -> dict[str, Any]:
        """Return the pattern of its path."""
        return {"type": "string", "pattern": r"\.([fF][lL][aA][cC]|[wW][aA][vV])\s*$"}


class WanderChoice(BaseModel):
    """A slow course of a layer, within limits; it follows the seed and never comes back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level_db: float = Field(
        default=0.0, ge=0.0, le=9.0, description="Louder and quieter by up to so many dB."
    )
    width: float = Field(default=0.0, ge=0.0, le=0.5, description="Wider and narrower by up to it.")
    over_s: float = Field(
        default=90.0, ge=20.0, le=1800.0, description="How long it takes from one to another."
    )


class LayerEntry(BaseModel):
    """One layer of a bed file: a `generator` or a `recording`, and beside it its own options."""

    model_config = ConfigDict(extra="allow")

    generator: Line | None = Field(
        default=None, description="Name of a generator, such as waves; or else:"
    )
    recording: Annotated[str, Recording()] | None = Field(
        default=None, description="A recording beside this file, brought in by `ambience add`."
    )
    level_db: float = Field(
        default=0.0, ge=-40.0, le=20.0, description="Level relative to the other layers, in dB."
    )
    width: float = Field(
        default=1.0, ge=0.0, le=1.2, description="0 is mono, 1 as wide as the layer is by itself."
    )
    distance_m: float = Field(
        default=0.0,
        ge=0.0,
        le=FARTHEST_M,
        description="Metres of air before it: duller, softer and more diffuse; 0 as it is.",
    )
    wander: WanderChoice | None = Field(default=None, description="How it changes with time.")
    times: tuple[TimeOfDay, ...] | None = Field(
        default=None, description="Times of day at which it sounds; all when left out."
    )
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="Another number gives another course of it."
    )
    _options: GeneratorOptions = PrivateAttr()

    @property
    def placing(self) -> Placing:
        """Where the layer is."""
        wander = None if self.wander is None else Wander(**self.wander.model_dump())
        return Placing(width=self.width, distance_m=self.distance_m, wander=wander)

    def sounds_at(self, time: TimeOfDay | None) -> bool:
        """Tell whether it sounds at a time of day."""
        return time is None or self.times is None or time in self.times

    def options_at(self, time: TimeOfDay | None) -> GeneratorOptions:
        """Return its options at a time of day: a generator that knows the time is told.

        Raises:
            AmbienceError: it cannot sound then.
        """
        model = type(self._options)
        if time is None or "time" not in model.model_fields:
            return self._options
        try:
            return model.model_validate({**self._options.model_dump(), "time": time})
        except ValidationError as error:
            raise AmbienceError(
                f"the generator `{self.generator}` knows no {time}",
                hint="say at which `times` the layer sounds",
            ) from error

    @field_validator("generator")
    @classmethod
    def _expect_generator(cls, name: str | None) -> str | None:
        if name is None:
            return name
        try:
            generator_class(name)
        except UnknownNameError as error:
            known = generator_names()
            raise WrongValueError(
                error.message, legal=", ".join(known), near=nearest(name, known)
            ) from error
        except AmbienceError as error:
            raise WrongValueError(error.message) from error
        return name

    @model_validator(mode="wrap")
    @classmethod
    def _check_options(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        entry, options = entry_with_options(cls, value, handler, _options_model)
        if (entry.generator is None) == (entry.recording is None):
            message = "a layer is a `generator` or a `recording`, one of both"
            raise WrongValueError(message)
        if entry.recording is not None:
            options = RecordedOptions(file=Path(entry.recording), **options.model_dump())
        entry._options = options  # noqa: SLF001 - its own class
        return entry


def _options_model(entry: Mapping[str, object]) -> type[GeneratorOptions] | None:
    if "generator" not in entry:
        return Going
    try:
        return generator_class(str(entry["generator"])).Options
    except (UnknownNameError, AmbienceError):
        return None  # which is a fault of the key itself


class Origin(BaseModel):
    """Where a recording came from, as `undersong ambience add` writes it down."""

    model_config = ConfigDict(extra="forbid")

    file: Line = Field(description="Name of the file that was brought in.")
    sha256: Line = Field(description="Digest of that file.")
    intake: tuple[Prose, ...] = Field(default=(), description="What was found and done about it.")


class BedFile(BaseModel):
    """A bed as its file describes it: layers, or a place of another file at a time of day."""

    model_config = ConfigDict(extra="forbid")

    title: Line = Field(description="Name of the place for people.")
    layers: Annotated[tuple[LayerEntry, ...], Field(min_length=1)] | None = Field(
        default=None, description="What sounds there; or else:"
    )
    place: Annotated[str, OfLibrary("ambience")] | None = Field(
        default=None, description="Name of the bed whose layers sound here too."
    )
    time: TimeOfDay | None = Field(
        default=None, description="Time of day: chooses layers, and is told to generators."
    )
    about: Prose = Field(default="", description="One line for lists.")
    licence: Line = Field(default="", description="Under which it may be used.")
    credit: Line = Field(default="", description="Line to show wherever such a track is offered.")
    origin: Origin | None = Field(default=None, description="Of a recording that was brought in.")

    @model_validator(mode="after")
    def _expect_layers(self) -> Self:
        if (self.layers is None) == (self.place is None):
            message = "a bed has `layers`, or names the `place` that has them"
            raise WrongValueError(message)
        return self


def layer_options() -> Iterator[tuple[str, type[GeneratorOptions]]]:
    """Yield what a layer may say beside its own keys: of each generator, and of a recording."""
    for name in generator_names():
        yield name, generator_class(name).Options
    yield "recordings", Going
