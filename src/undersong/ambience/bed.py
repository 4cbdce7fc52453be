"""Beds: generators layered into one place, as a bed file describes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.registry import generator_class, generator_names
from undersong.audio import BlockSource, Frames, silence
from undersong.dsp.noise import Stream
from undersong.errors import AmbienceError, UnknownNameError, nearest
from undersong.files import digest_json
from undersong.recipes.document import load_yaml
from undersong.recipes.fields import Text
from undersong.recipes.library import Library
from undersong.recipes.values import WrongValueError
from undersong.recipes.verdicts import entry_with_options
from undersong.units import db_to_gain

Line = Annotated[str, Text(200)]
Prose = Annotated[str, Text(2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One generator of a bed, with options that its own model has accepted.

    Attributes:
        level_db: relative to the other layers; 0 is about -30 LUFS.
        seed: makes the layer sound otherwise than it would in its place.
    """

    generator: str
    options: GeneratorOptions
    level_db: float
    seed: int


class LayerEntry(BaseModel):
    """One layer of a bed file: `generator: name`, and beside it that generator's own options."""

    model_config = ConfigDict(extra="allow")

    generator: Line = Field(description="Name of a generator, such as waves.")
    level_db: float = Field(
        default=0.0, ge=-40.0, le=20.0, description="Level relative to the other layers, in dB."
    )
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="Another number gives another course of it."
    )
    _options: GeneratorOptions = PrivateAttr()

    @property
    def layer(self) -> Layer:
        """The layer, its options checked."""
        return Layer(
            generator=self.generator,
            options=self._options,
            level_db=self.level_db,
            seed=self.seed,
        )

    @field_validator("generator")
    @classmethod
    def _expect_generator(cls, name: str) -> str:
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
        entry._options = options  # noqa: SLF001 - its own class
        return entry


def _options_model(entry: Mapping[str, object]) -> type[GeneratorOptions] | None:
    try:
        return generator_class(str(entry.get("generator"))).Options
    except (UnknownNameError, AmbienceError):
        return None  # which is a fault of the key itself


class BedFile(BaseModel):
    """A bed as its file describes it."""

    model_config = ConfigDict(extra="forbid")

    title: Line = Field(description="Name of the place for people.")
    layers: tuple[LayerEntry, ...] = Field(min_length=1, description="What sounds there.")
    about: Prose = Field(default="", description="One line for lists.")
    licence: Line = Field(default="", description="Under which it may be used.")
    credit: Line = Field(default="", description="Line to show wherever such a track is offered.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """A bed that recipes can name. Not yet: any sound.

    Attributes are those of `BedFile`; `name` is the file's.
    """

    name: str
    title: str
    layers: tuple[Layer, ...]
    about: str
    licence: str
    credit: str


def load_bed(name: str, library: Library) -> Bed:
    """Return a bed of the library, or of the starter library behind it.

    Raises:
        UnknownNameError: no such bed.
        FaultsError: every fault of the bed file and of all its layers' options.
    """
    file = load_yaml(library.bed_file(name), BedFile)
    return Bed(
        name=name,
        title=file.title,
        layers=tuple(entry.layer for entry in file.layers),
        about=file.about,
        licence=file.licence,
        credit=file.credit,
    )


def open_bed(bed: Bed, seed: int) -> BlockSource:
    """Return the endless sound of a bed, stereo; its course depends on `seed` and the bed's name.

    Raises:
        AmbienceError: a generator cannot be loaded.
    """
    return _Sum(
        [
            (
                generator_class(layer.generator)(layer.options, _seed(bed, index, seed)),
                db_to_gain(layer.level_db),
            )
            for index, layer in enumerate(bed.layers)
        ]
    )


def bed_digest(bed: Bed) -> str:
    """Return a name for all that a bed sounds like: its layers and the generators' versions.

    Title, licence and credit do not count: they change no sample.
    """
    layers = [
        (
            layer.generator,
            generator_class(layer.generator).version,
            layer.options.model_dump(mode="json"),
            layer.level_db,
            layer.seed,
        )
        for layer in bed.layers
    ]
    return digest_json([bed.name, layers])


def _seed(bed: Bed, index: int, seed: int) -> int:
    """Return the seed of a layer: 64 bits that no other layer of any bed shares."""
    return Stream.of(seed, bed.name, index, bed.layers[index].seed).key >> 64


class _Sum:
    """Stereo sources added up, each with its gain."""

    channels = 2

    def __init__(self, parts: Sequence[tuple[BlockSource, float]]) -> None:
        self._parts = [(source, np.float32(gain)) for source, gain in parts]

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        out = silence(n, 2)
        for source, gain in self._parts:
            out += source.read(start, n) * gain
        return out
