"""Speech as the duck sees it: passages said in one breath, and the bed under them."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from undersong.dsp.loudness import lufs, mean_square
from undersong.mix.curves import F64, GainCurve
from undersong.mix.power import BedPower
from undersong.mix.survey import HOP
from undersong.timeline.model import Phrase
from undersong.units import SAMPLE_RATE, SPEECH_LUFS, Lufs

JOINED: Final = round(0.65 * SAMPLE_RATE)
"""Phrases with shorter gaps between them are ducked for as one: the bed does not move in commas."""

CELL: Final = 2 * SAMPLE_RATE
"""A longer passage is looked at in parts of about this length, so that the bed can follow its
own swells, slower than anything a listener takes for pumping (below 0.3 Hz)."""

UNHEARD_LUFS: Final = Lufs(-60.0)
"""A take that measures less than this was too short to be measured: speech level is assumed."""

FRAME: Final = HOP // 10


class Cell(Struct, frozen=True, kw_only=True):
    """Part of a passage.

    Attributes:
        middle: sample in its middle.
        needs_db: gain that would bring the bed in it to the asked difference; inf for no bed.
    """

    middle: int
    needs_db: float


class Talk(Struct, frozen=True, kw_only=True):
    """Phrases said in one breath, over [start, end), and the bed under them.

    Attributes:
        name: `phrase 3`, or `phrases 3 to 5`.
        level_lufs: of the speech while it sounds.
        frames: middles of frames of 10 ms, as samples.
        power: of all beds in each frame.
        needs_db: gain that would bring the bed to the asked difference; inf for no bed.
        doubt_lu: how far off that may be, because a sound in the bed that is cut by the first
            or the last word may lie on either side of it.
    """

    start: int
    end: int
    name: str
    level_lufs: Lufs
    frames: F64
    power: BedPower
    needs_db: float
    doubt_lu: float
    cells: tuple[Cell, ...]

    @property
    def bed_lufs(self) -> Lufs:
        """Loudness of the beds under it before the duck."""
        return Lufs(self.power.lufs)

    def difference_lu(self, duck: GainCurve) -> float:
        """Return speech minus ducked beds; inf where no bed sounds."""
        return self.level_lufs - self.power.ducked_lufs(duck.at_db(self.frames))


def talks(phrases: Sequence[Phrase], power: BedPower, difference_lu: float) -> tuple[Talk, ...]:
    """Return all passages, given the power of the beds in every hop of the track."""
    found = list(_breaths(phrases))
    return tuple(_talk(phrases, span, power, difference_lu) for span in found)


def talk_of(phrases: Sequence[Phrase], k: int, power: BedPower, difference_lu: float) -> Talk:
    """Return phrase k alone."""
    return _talk(phrases, range(k, k + 1), power, difference_lu)


def level_of(phrase: Phrase) -> Lufs:
    """Return the level of a phrase, or that of speech where it could not be measured."""
    return phrase.level_lufs if phrase.level_lufs > UNHEARD_LUFS else SPEECH_LUFS


def _breaths(phrases: Sequence[Phrase]) -> Iterator[range]:
    first = 0
    for k in range(1, len(phrases) + 1):
        if k == len(phrases) or phrases[k].start - phrases[k - 1].end >= JOINED:
            yield range(first, k)
            first = k


def _talk(phrases: Sequence[Phrase], span: range, power: BedPower, difference_lu: float) -> Talk:
    said = [phrases[k] for k in span]
    start, end = said[0].start, said[-1].end
    lengths = np.array([phrase.end - phrase.start for phrase in said], np.float64)
    levels = np.array([mean_square(level_of(phrase)) for phrase in said])
    level = lufs(float(lengths @ levels / lengths.sum()))
    frames = _frames(start, end)
    under = power.at((frames // HOP).astype(np.int64))
    return Talk(
        start=start,
        end=end,
        name=_name(span),
        level_lufs=level,
        frames=frames,
        power=under,
        needs_db=under.needs_db(level - difference_lu),
        doubt_lu=_doubt_lu(frames, power.whole),
        cells=tuple(_cells(said, power, difference_lu)),
    )


def _doubt_lu(frames: F64, whole: F64) -> float:
    """Return half of what lies between the loudest and the faintest bed that the frames may hold.

    A hop that begins before the first word, or ends after the last, is told as one mean. What of
    it stands out of the hops beside it may be all within the speech, or all without.
    """
    hops = (frames // HOP).astype(np.int64)
    heard = float(whole[hops].sum())
    least = most = heard
    for hop in {int(hops[0]), int(hops[-1])}:
        inside = int(np.count_nonzero(hops == hop))
        beside = whole[max(hop - 1, 0) : hop + 2]
        event = float(whole[hop] - beside.min()) if inside < HOP // FRAME else 0.0
        least, most = least - inside * event, most + (HOP // FRAME - inside) * event
    return 5 * math.log10(most / least) if least > 0 else math.inf if most else 0.0


def _cells(said: Sequence[Phrase], power: BedPower, difference_lu: float) -> Iterator[Cell]:
    for phrase in said:
        frames = _frames(phrase.start, phrase.end)
        for part in np.array_split(frames, max(1, round((phrase.end - phrase.start) / CELL))):
            under = power.at((part // HOP).astype(np.int64))
            yield Cell(
                middle=int(part[0] + part[-1]) // 2,
                needs_db=under.needs_db(level_of(phrase) - difference_lu),
            )


def _frames(start: int, end: int) -> F64:
    """Return the middles of all frames that begin in [start, end)."""
    return np.arange(start, end, FRAME, dtype=np.float64) + FRAME / 2


def _name(span: range) -> str:
    if len(span) == 1:
        return f"phrase {span[0] + 1}"
    return f"phrases {span[0] + 1} to {span[-1] + 1}"
