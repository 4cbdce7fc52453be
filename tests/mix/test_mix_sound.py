"""The duck as it is heard, measured on stems: bars as in docs/craft.md."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from mix_sources import (
    S,
    loudness,
    mixer,
    noise,
    phrases,
    planned,
    scene,
    swell,
    timeline,
    whole,
)
from msgspec import Struct
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from undersong.audio import Frames
from undersong.mix.curves import F64
from undersong.mix.survey import survey_joins
from undersong.timeline.model import Timeline

HOP = 480
SPANS = (
    (8, 11),
    (11.12, 13),
    (14, 17.5),
    (20.5, 24),
    (28.2, 33),
    (39, 42),
    (44.3, 47),
    (51.5, 52),
    (58, 64),
)
BREATHS = ((0, 1), *((k, k) for k in range(2, len(SPANS))))
"""First and last phrase of each passage: the second follows at once on the first."""
LEVELS = (-20, -21, -19, -20.5, -20, -18.5, -22, -20, -20)


class Heard(Struct, frozen=True):
    """Stems of a track and the gain of the duck every 10 ms."""

    track: Timeline
    voice: F64
    bed: F64
    ducked: F64

    @property
    def gain_db(self) -> F64:
        n = len(self.bed) // HOP * HOP
        over = (self.bed[:n] * self.ducked[:n]).sum(1).reshape(-1, HOP).sum(1)
        under = (self.bed[:n] ** 2).sum(1).reshape(-1, HOP).sum(1)
        return np.asarray(20 * np.log10(over / under))

    def difference_lu(self, first: int, last: int) -> float:
        span = slice(self.track.phrases[first].start, self.track.phrases[last].end)
        return loudness(self.voice[span]) - loudness(self.ducked[span])


def rolling(seconds: F64) -> F64:
    """Waves of 3 dB every 9 s, and one of 7 dB more under the last phrase."""
    return np.asarray(3 * np.sin(seconds * 2 * np.pi / 9) + swell(61, 7, 2.5)(seconds))


@cache
def heard(kind: str) -> Heard:
    said = phrases(*SPANS, levels=LEVELS)
    if kind == "scenes":
        scenes = (scene("one", 0, 36, fall=14), scene("two", 22, 75, rise=14))
        track = timeline(75, said, scenes)
        beds = {"one": noise(1, -30.0, rolling), "two": noise(2, -45.0)}
    else:
        track = timeline(75, said)
        beds = {"noise": noise(1, -33.0, rolling if kind == "waves" else None)}
    made = mixer(track, beds)
    voice, bed, ducked = (whole(made.stem(name), track) for name in ("voice", "bed", "bed-ducked"))
    return Heard(track=track, voice=voice, bed=bed, ducked=ducked)


kinds = pytest.mark.parametrize("kind", ["steady", "waves", "scenes"])


@kinds
def test_every_phrase_stands_as_far_above_the_bed_as_asked(kind: str) -> None:
    sound = heard(kind)
    differences = [sound.difference_lu(*breath) for breath in BREATHS]
    assert differences == pytest.approx([15] * len(BREATHS), abs=1)
    alone = [sound.difference_lu(k, k) for k in range(len(SPANS))]
    assert min(alone) >= 14, "in a breath one phrase may be clearer than asked, and none fainter"
    assert max(alone) <= 17


def test_a_wave_that_breaks_under_a_phrase_is_lowered_with_it() -> None:
    sound = heard("waves")
    last = sound.track.phrases[-1]
    under, before = sound.gain_db[last.start // HOP + 50], sound.gain_db[5 * 100]
    assert before == pytest.approx(0, abs=0.01)
    assert under < -6.5
    assert 14.7 <= sound.difference_lu(8, 8) <= 15.9


@kinds
def test_the_bed_is_down_before_the_first_word(kind: str) -> None:
    sound = heard(kind)
    gain = sound.gain_db
    ends = [-S, *(phrase.end for phrase in sound.track.phrases)]
    for phrase, end in zip(sound.track.phrases, ends, strict=False):
        if phrase.start - end < S // 2:
            continue  # said in the breath of the one before, where the bed follows its own swells
        early = gain[phrase.start // HOP - 10 : phrase.start // HOP + 10].mean()
        first = gain[phrase.start // HOP : phrase.start // HOP + 30].mean()
        assert early <= 0.98 * first


@kinds
def test_no_move_is_steep(kind: str) -> None:
    slope = np.abs(np.diff(heard(kind).gain_db)) * 100
    assert slope.max() <= 25.5


@kinds
def test_pauses_of_four_seconds_recover(kind: str) -> None:
    sound = heard(kind)
    pauses = [
        (a.end, b.start) for a, b in pairwise(sound.track.phrases) if b.start - a.end >= 4 * S
    ]
    assert len(pauses) == 4
    for start, end in pauses:
        assert sound.gain_db[start // HOP : end // HOP].max() >= -1


@kinds
def test_the_gain_does_not_pump_while_someone_speaks(kind: str) -> None:
    sound = heard(kind)
    band = butter(2, (0.5, 8), "band", fs=100, output="sos")
    pump = sosfiltfilt(band, sound.gain_db)
    inside = np.concatenate([pump[p.start // HOP + 30 : p.end // HOP] for p in sound.track.phrases])
    assert np.sqrt(np.mean(inside**2)) <= 0.15


@kinds
def test_the_bed_alone_stands_as_far_below_speech_as_pauses_ask(kind: str) -> None:
    sound = heard(kind)
    plan = planned(sound.track, {"noise": noise(1), "one": noise(1), "two": noise(2, -45.0)})
    for bed in plan.beds:
        assert bed.bed_lufs + bed.gain_db == pytest.approx(-30, abs=0.01)
    if kind == "steady":
        level = loudness(sound.bed[5 * S : 60 * S])
        assert level == pytest.approx(-30, abs=0.3)
        assert loudness(sound.ducked[36 * S : 38 * S]) == pytest.approx(level, abs=0.3)


@kinds
def test_joins_and_fades_make_no_step(kind: str) -> None:
    bed = heard(kind).ducked
    power = uniform_filter1d((bed**2).sum(1).reshape(-1, HOP).mean(1), 40, mode="nearest")
    levels = 10 * np.log10(power[600:-800])
    assert np.abs(np.diff(levels)).max() <= 0.5


@pytest.mark.parametrize("likeness", [1.0, 0.6, 0.0, -0.4])
def test_beds_cross_at_one_level_however_alike_they_are(likeness: float) -> None:
    share = abs(likeness)

    class Mixed:
        channels = 2

        def read(self, start: int, n: int) -> Frames:
            own, other = noise(8).read(start, n), noise(7).read(start, n)
            way = np.float32(np.sign(likeness))
            return other * way * np.float32(share) + own * np.float32((1 - share**2) ** 0.5)

    track = timeline(40, scenes=(scene("one", 0, 26, fall=12), scene("two", 14, 40, rise=12)))
    beds = {"one": noise(7), "two": Mixed()}
    assert survey_joins(track, beds) == pytest.approx((likeness,), abs=0.02)
    bed = whole(mixer(track, beds).stem("bed"), track)
    levels = [loudness(bed[at * S : (at + 2) * S]) for at in range(8, 32, 2)]
    assert max(levels) - min(levels) < 0.3
