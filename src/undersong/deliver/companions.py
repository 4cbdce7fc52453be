"""Files beside the deliverables: captions, transcript, and on request stems and a picture."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from undersong.audio import BlockSource, Tick, spans
from undersong.deliver.captions import sound_notes, srt, transcript, vtt
from undersong.deliver.kept import Keeping
from undersong.deliver.label import chapter_marks
from undersong.deliver.picture import CueMark, PictureOrder, draw
from undersong.deliver.sound import write_stem
from undersong.dsp.loudness import Energies
from undersong.files import write_text
from undersong.manifest import Levels
from undersong.recipes.model import Recipe
from undersong.recipes.profiles import Profile
from undersong.timeline.model import STEMS, Timeline
from undersong.units import to_seconds

PICTURE = "picture.png"
STEMS_FOLDER = "stems"
"""Stems have a folder of their own, for a track may be called `voice` too."""


class Companions(Struct, frozen=True, kw_only=True):
    """What to write beside a track.

    Attributes:
        sources: `mix` and all STEMS, as mixed, before the master.
        gain_db, levels: of the master.
        stems, picture: what was asked for besides captions and transcript.
    """

    recipe: Recipe
    timeline: Timeline
    sources: Mapping[str, BlockSource]
    gain_db: float
    levels: Levels
    profile: Profile
    stems: bool
    picture: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all files that will be written."""
        return companion_names(self.recipe.slug, stems=self.stems, picture=self.picture)

    @property
    def steps(self) -> int:
        """Sum of all ticks: samples read."""
        passes = (len(STEMS) if self.stems else 0) + (1 if self.picture else 0)
        return self.timeline.length * passes


def companion_names(slug: str, *, stems: bool, picture: bool) -> tuple[str, ...]:
    """Return the names of the files beside a track's deliverables."""
    texts = (f"{slug}.vtt", f"{slug}.srt", f"{slug}.txt")
    drawn = (PICTURE,) if picture else ()
    return (*texts, *drawn, *(map(_stem, STEMS) if stems else ()))


def _stem(name: str) -> str:
    return f"{STEMS_FOLDER}/{name}.wav"


def write_companions(order: Companions, folder: Path, tick: Tick, keeping: Keeping) -> bool:
    """Write all companions into `folder`, or bring them; `tick` counts `order.steps`.

    Returns:
        Whether any sound was mixed for it.

    Raises:
        OutputError: no space, no permission, no such folder.
    """
    captions, notes = order.timeline.captions, sound_notes(order.timeline)
    slug = order.recipe.slug
    write_text(folder / f"{slug}.vtt", vtt(captions, notes))
    write_text(folder / f"{slug}.srt", srt(captions, notes))
    write_text(folder / f"{slug}.txt", transcript(order.timeline))
    fresh = False
    for name, make in _mixed(order, folder, tick):
        if keeping.bring_or_make(name, folder / name, make):
            fresh = True
        else:
            tick(order.timeline.length)
    return fresh


def _mixed(order: Companions, folder: Path, tick: Tick) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the companions that take a pass over the sound, and how each is made."""
    for name in STEMS if order.stems else ():
        path, source = folder / _stem(name), order.sources[name]
        yield _stem(name), partial(write_stem, path, source, order.timeline.length, tick)
    if order.picture:
        yield PICTURE, lambda: draw(_picture(order, tick), folder / PICTURE)


def _picture(order: Companions, tick: Tick) -> PictureOrder:
    timeline, recipe = order.timeline, order.recipe
    voice, bed, ducked, sounds = _hops(order, STEMS, tick)
    return PictureOrder(
        title=recipe.title,
        subtitle=" · ".join(part for part in (recipe.author, recipe.album) if part),
        length=timeline.length,
        sound=order.sources["mix"],
        voice=voice,
        bed=bed,
        ducked=ducked,
        sounds=sounds,
        gain_db=order.gain_db,
        target_lufs=order.profile.integrated_lufs,
        levels=order.levels,
        chapters=chapter_marks(timeline),
        phrases=tuple(
            (float(to_seconds(p.start)), float(to_seconds(p.end))) for p in timeline.phrases
        ),
        cues=tuple(
            CueMark(name=cue.sound, start_s=float(to_seconds(cue.start))) for cue in timeline.cues
        ),
    )


def _hops(order: Companions, names: tuple[str, ...], tick: Tick) -> list[tuple[float, ...]]:
    """Return the K-weighted mean square of every 100 ms of some stems, read side by side."""
    energies = {name: Energies(order.sources[name].channels) for name in names}
    for start, n in spans(order.timeline.length):
        for name, energy in energies.items():
            energy.push(order.sources[name].read(start, n))
        tick(n)
    return [tuple(energy.hops.tolist()) for energy in energies.values()]
