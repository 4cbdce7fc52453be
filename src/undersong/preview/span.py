"""A span of a track, rendered through the same chain as the whole."""

from pathlib import Path

from msgspec import Struct

from undersong.audio import BlockSource, Shifted
from undersong.deliver.sound import write_sound
from undersong.errors import UsageError
from undersong.master.chain import Master
from undersong.prepare import prepare
from undersong.recipes.model import Recipe
from undersong.render import mastering_of
from undersong.studio import Session, Studio
from undersong.units import Samples, format_seconds, to_samples, to_seconds


class Span(Struct, frozen=True, kw_only=True):
    """Samples [start, start + length) of the mastered mix, or of one stem before mastering."""

    start: Samples
    length: Samples
    stem: str = "mix"


def write_span(recipe: Recipe, studio: Studio, span: Span, path: Path) -> None:
    """Write the span as a 24-bit WAV, its samples those of the full render's WAV there.

    Raises:
        UsageError: the span begins after the end of the track.
        OutputError: the file cannot be written.
    """
    if recipe.length is not None:
        _expect_within(to_samples(recipe.length), span)  # before anything is spoken
    session = prepare(recipe, studio)
    length = session.timeline.length
    _expect_within(length, span)
    count = min(span.length, length - span.start)
    source = _source(session, studio, span.stem)
    tick = studio.watch.stage("rendering the span", count)
    write_sound(path, Shifted(source, span.start), count, tick)


def _expect_within(length: Samples, span: Span) -> None:
    if span.start >= length:
        end = format_seconds(to_seconds(length))
        raise UsageError(f"the track ends at {end}", hint="choose an earlier --at")


def _source(session: Session, studio: Studio, stem: str) -> BlockSource:
    if stem != "mix":
        return session.mixer.stem(stem)
    mastering = mastering_of(session, studio)
    return Master(
        session.mixer.mix,
        session.timeline.length,
        gain_db=mastering.gain_db,
        ceiling_dbtp=session.profile.ceiling_dbtp,
        source_dbtp=mastering.mix_dbtp,
    )
