"""Beds: generators and recordings layered into one place, as a bed file describes it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from undersong.ambience.bed_file import BedFile, LayerEntry, TimeOfDay
from undersong.ambience.contract import Generator, GeneratorOptions
from undersong.ambience.recorded import Recorded, RecordedOptions
from undersong.ambience.recorded.hear import VERSION as HEARD_VERSION
from undersong.ambience.recorded.hear import digest_of
from undersong.ambience.registry import generator_class
from undersong.ambience.scene import AS_IT_IS, Placing, placed
from undersong.ambience.scene import VERSION as SCENE_VERSION
from undersong.audio import BlockSource, Frames
from undersong.dsp.noise import Stream
from undersong.errors import AmbienceError
from undersong.files import digest_json
from undersong.recipes.document import load_yaml
from undersong.recipes.library import Library
from undersong.units import db_to_gain


class Layer(Struct, frozen=True, kw_only=True):
    """One generator or recording of a bed, with options that its own model has accepted.

    Attributes:
        generator: its name; `recording` for any recording.
        level_db: relative to the other layers; the whole bed is about -30 LUFS.
        seed: makes the layer sound otherwise than it would in its place.
        placing: where it is in the scene.
    """

    generator: str
    options: GeneratorOptions
    level_db: float
    seed: int
    placing: Placing = AS_IT_IS

    @property
    def is_recording(self) -> bool:
        """Whether it plays a recording."""
        return isinstance(self.options, RecordedOptions)

    @property
    def words(self) -> str:
        """What it is, for lists."""
        if isinstance(self.options, RecordedOptions):
            return self.options.file.name
        return self.generator


class Bed(Struct, frozen=True, kw_only=True):
    """A bed that recipes can name. Not yet: any sound.

    Attributes are those of `BedFile`; `name` is the file's.
    """

    name: str
    title: str
    layers: tuple[Layer, ...]
    about: str
    licence: str
    credit: str

    @property
    def recordings(self) -> tuple[Path, ...]:
        """Files of all recordings in it."""
        options = (layer.options for layer in self.layers)
        return tuple(each.file for each in options if isinstance(each, RecordedOptions))

    @property
    def kind(self) -> str:
        """`generated`, `recorded` or `mixed`."""
        kinds = {layer.is_recording for layer in self.layers}
        return "mixed" if len(kinds) > 1 else "recorded" if True in kinds else "generated"


def load_bed(name: str, library: Library) -> Bed:
    """Return a bed of the library, or of the starter library behind it.

    Raises:
        UnknownNameError: no such bed.
        FaultsError: every fault of the bed file and of all its layers' options.
        AmbienceError: its place has no layers of its own, or nothing sounds at its time of day.
    """
    file = _read(name, library)
    place = file if file.place is None else _read(file.place, library)
    if place.layers is None:
        raise AmbienceError(
            f"the bed `{name}` is a time of `{file.place}`, which is one of another place",
            hint="name the place that has the layers",
        )
    layers = [entry for entry in place.layers if entry.sounds_at(file.time)]
    if not layers:
        raise AmbienceError(
            f"nothing sounds in the bed `{name}` at {file.time}",
            hint="let a layer sound then: see its `times`",
        )
    return Bed(
        name=name,
        title=file.title,
        layers=tuple(_layer(entry, file.time) for entry in layers),
        about=file.about,
        licence=file.licence or place.licence,
        credit=file.credit or place.credit,
    )


def open_bed(bed: Bed, seed: int, cache: Path | None = None) -> BlockSource:
    """Return the endless sound of a bed, stereo; its course depends on `seed` and the bed's name.

    Layers that are as loud as each other by themselves (-30 LUFS) are balanced by their levels,
    and their sum is brought back to that, as sounds that know nothing of each other add up.

    Args:
        bed: what to open.
        seed: of all that is left to chance.
        cache: where what is known of recordings is kept; None listens to them anew.

    Raises:
        AmbienceError: a generator cannot be loaded, or a recording is missing or damaged.
    """
    power = sum(10.0 ** (layer.level_db / 10.0) for layer in bed.layers)
    together_db = 10.0 * float(np.log10(power))
    return _Sum(
        [
            (_opened(bed, index, seed, cache), db_to_gain(layer.level_db - together_db))
            for index, layer in enumerate(bed.layers)
        ]
    )


def bed_digest(bed: Bed) -> str:
    """Return a name for all that a bed sounds like: its layers and the generators' versions.

    Title, licence and credit do not count: they change no sample.

    Raises:
        AmbienceError: a recording is missing.
    """
    layers = [
        (
            layer.generator,
            _maker(layer).version,
            _sounding(layer),
            layer.level_db,
            layer.seed,
            repr(layer.placing),
        )
        for layer in bed.layers
    ]
    return digest_json([SCENE_VERSION, bed.name, layers])


def _read(name: str, library: Library) -> BedFile:
    path = library.bed_file(name)
    return load_yaml(path, BedFile, library.names(path.parent))


def _layer(entry: LayerEntry, time: TimeOfDay | None) -> Layer:
    return Layer(
        generator=entry.generator or Recorded.name,
        options=entry.options_at(time),
        level_db=entry.level_db,
        seed=entry.seed,
        placing=entry.placing,
    )


def _maker(layer: Layer) -> type[Generator]:
    return Recorded if layer.is_recording else generator_class(layer.generator)


def _opened(bed: Bed, index: int, seed: int, cache: Path | None) -> BlockSource:
    layer, own_seed = bed.layers[index], _seed(bed, index, seed)
    options = layer.options
    if isinstance(options, RecordedOptions):
        options = options.model_copy(update={"cache": cache})
    source = _maker(layer)(options, own_seed)
    return placed(source, layer.placing, Stream.of(own_seed, "placing"))


def _sounding(layer: Layer) -> Any:  # noqa: ANN401 - JSON
    """Return the options that reach the sound; of a recording its content, not where it lies."""
    if isinstance(layer.options, RecordedOptions):
        content = [digest_of(layer.options.file), HEARD_VERSION]
        return [content, layer.options.model_dump(mode="json", exclude={"file"})]
    return layer.options.model_dump(mode="json")


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
        first, *rest = self._parts
        out = _gained(*first, start, n)
        for part in rest:
            out += _gained(*part, start, n)
        return out


def _gained(source: BlockSource, gain: np.float32, start: int, n: int) -> Frames:
    frames = source.read(start, n)
    if gain != 1:
        frames *= gain
    return frames
