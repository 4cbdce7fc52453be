"""What lives in a wood and can be heard: song grammars of birds, and wood that creaks.

Each kind draws a new phrase from its own small grammar, in the manner of a species, never one of
its phrases twice: great tit, chaffinch, willow warbler, robin, blackbird, song thrush, wren, wood
pigeon, cuckoo and tawny owl. docs/craft.md says where pitches, tempi and rates of song come from.
"""

import numpy as np
from msgspec import Struct

from undersong.ambience.grove import Kind
from undersong.ambience.place import PHRASE_RATE_HZ
from undersong.dsp.noise import Values

Rng = np.random.Generator


class Note(Struct, frozen=True, kw_only=True):
    """One whistled sound.

    Attributes:
        start_s: from the start of the phrase.
        length_s: from silence to silence.
        glide_hz: pitches evenly spread over the note, joined by a smooth curve; at least two.
        level_db: relative to the loudest of the phrase.
        trill_hz: how fast the pitch wavers, `trill_share` how far, as a share of it.
        attack: share of the note in which it rises.
        overtones_db: levels of the octave and the twelfth.
    """

    start_s: float
    length_s: float
    glide_hz: tuple[float, ...]
    level_db: float = 0.0
    trill_hz: float = 0.0
    trill_share: float = 0.0
    attack: float = 0.3
    overtones_db: tuple[float, float] = (-24.0, -34.0)


def sing(notes: list[Note]) -> Values:
    """Render notes into one dry mono array at `PHRASE_RATE_HZ`; the loudest note has RMS 1."""
    length_s = max(note.start_s + note.length_s for note in notes)
    out = np.zeros(int(length_s * PHRASE_RATE_HZ) + 1)
    for note in notes:
        sound = _whistle(note)
        start = int(note.start_s * PHRASE_RATE_HZ)
        out[start : start + len(sound)] += sound
    return out


def _whistle(note: Note) -> Values:
    n = int(note.length_s * PHRASE_RATE_HZ)
    u = (np.arange(n) + 0.5) / n
    eased = u * (len(note.glide_hz) - 1)
    whole = np.floor(eased)
    step = eased - whole
    place = whole + step * step * (3.0 - 2.0 * step)
    hz = np.interp(place, np.arange(len(note.glide_hz)), note.glide_hz)
    if note.trill_share:
        waver = np.sin(2.0 * np.pi * note.trill_hz * note.length_s * u)
        hz *= 1.0 + note.trill_share * waver
    turns = np.cumsum(hz) / PHRASE_RATE_HZ
    phase = (2.0 * np.pi * (turns - np.floor(turns))).astype(np.float32)
    octave, twelfth = (10.0 ** (level_db / 20.0) for level_db in note.overtones_db)
    sine = np.sin(phase)
    wave = sine * (1.0 + 3.0 * twelfth + 2.0 * octave * np.cos(phase))
    wave -= 4.0 * twelfth * sine * sine * sine
    rise = np.clip(u / note.attack, 0.0, 1.0)
    fall = np.clip((1.0 - u) / (1.0 - note.attack), 0.0, 1.0)
    envelope = (np.sin((0.5 * np.pi * rise * fall).astype(np.float32))) ** 2
    return np.asarray(np.sqrt(2.0) * 10.0 ** (note.level_db / 20.0) * envelope * wave)


def _tit(rng: Rng) -> Values:
    high = rng.uniform(4100.0, 5000.0)
    low = high * rng.uniform(0.72, 0.8)
    beat = rng.uniform(0.28, 0.36)
    return sing(
        [
            note
            for i in range(rng.integers(3, 7))
            for note in (
                Note(
                    start_s=i * beat,
                    length_s=0.4 * beat,
                    glide_hz=(high * 1.02, high),
                    level_db=-2,
                ),
                Note(start_s=(i + 0.48) * beat, length_s=0.45 * beat, glide_hz=(low, low * 0.98)),
            )
        ]
    )


def _chaffinch(rng: Rng) -> Values:
    pitch, at, notes = rng.uniform(4700.0, 5400.0), 0.0, []
    for _ in range(3):
        step = rng.uniform(0.085, 0.12)
        for _ in range(rng.integers(3, 6)):
            glide = (pitch * 1.2, pitch, pitch * 0.72)
            notes.append(Note(start_s=at, length_s=step * 0.75, glide_hz=glide, level_db=-3))
            at += step
        pitch *= rng.uniform(0.84, 0.92)
    end = (pitch * 0.9, pitch * 1.5, pitch * 1.1, pitch * 0.75)
    return sing([*notes, Note(start_s=at + 0.02, length_s=rng.uniform(0.24, 0.34), glide_hz=end)])


def _warbler(rng: Rng) -> Values:
    count = int(rng.integers(9, 15))
    start, end = rng.uniform(5000.0, 5700.0), rng.uniform(2700.0, 3200.0)
    notes, at = [], 0.0
    for i in range(count):
        way = i / (count - 1)
        pitch = start * (end / start) ** way * rng.uniform(0.97, 1.03)
        length = 0.07 + 0.09 * way
        glide = (pitch * 1.12, pitch, pitch * 0.94)
        level = -8.0 + 8.0 * np.sin(np.pi * (0.2 + 0.6 * way))
        notes.append(Note(start_s=at, length_s=length, glide_hz=glide, level_db=level))
        at += length + rng.uniform(0.04, 0.07)
    return sing(notes)


def _robin(rng: Rng) -> Values:
    notes, at = [], 0.0
    for _ in range(rng.integers(5, 10)):
        pitch = rng.uniform(2900.0, 6500.0)
        turns = rng.uniform(0.75, 1.3, size=int(rng.integers(2, 5)))
        manner = rng.choice(["quick", "drawn", "trilled"], p=[0.4, 0.39, 0.21])
        length = rng.uniform(0.07, 0.14) if manner == "quick" else rng.uniform(0.16, 0.34)
        notes.append(
            Note(
                start_s=at,
                length_s=length,
                glide_hz=tuple(pitch * turns),
                level_db=rng.uniform(-7.0, 0.0),
                trill_hz=rng.uniform(22.0, 34.0),
                trill_share=0.06 if manner == "trilled" else 0.0,
            )
        )
        at += length + rng.uniform(0.02, 0.13)
    return sing(notes)


def _blackbird(rng: Rng) -> Values:
    notes, at = [], 0.0
    for _ in range(rng.integers(3, 6)):
        pitch, length = rng.uniform(1650.0, 2600.0), rng.uniform(0.14, 0.42)
        glide = tuple(pitch * rng.uniform(0.86, 1.16, size=int(rng.integers(2, 4))))
        notes.append(
            Note(
                start_s=at,
                length_s=length,
                glide_hz=glide,
                level_db=rng.uniform(-3.0, 0.0),
                trill_hz=rng.uniform(9.0, 14.0),
                trill_share=rng.uniform(0.0, 0.02),
                overtones_db=(-21.0, -30.0),
            )
        )
        at += length + rng.uniform(0.02, 0.12)
    for _ in range(rng.integers(2, 6)):
        pitch, length = rng.uniform(3800.0, 6200.0), rng.uniform(0.05, 0.1)
        glide = tuple(pitch * rng.uniform(0.8, 1.25, size=3))
        notes.append(Note(start_s=at, length_s=length, glide_hz=glide, level_db=-13))
        at += length + 0.02
    return sing(notes)


def _thrush(rng: Rng) -> Values:
    notes, at = [], 0.0
    for _ in range(2):
        motif = [
            (rng.uniform(0.09, 0.2), rng.uniform(2200.0, 4200.0) * rng.uniform(0.85, 1.2, size=3))
            for _ in range(rng.integers(1, 4))
        ]
        for _ in range(rng.integers(2, 4)):
            for length, glide in motif:
                notes.append(Note(start_s=at, length_s=length, glide_hz=tuple(glide), level_db=-1))
                at += length + 0.03
            at += rng.uniform(0.06, 0.1)
        at += rng.uniform(0.12, 0.25)
    return sing([note for note in notes if note.start_s < _LONGEST_S - 0.3])


def _wren(rng: Rng) -> Values:
    notes, at = [], 0.0
    for _ in range(rng.integers(3, 6)):
        pitch = rng.uniform(4200.0, 6400.0)
        shape = rng.uniform(0.8, 1.25, size=3)
        rate_hz = rng.choice([11.0, 14.0, 24.0]) * rng.uniform(0.85, 1.15)
        for _ in range(int(rate_hz * rng.uniform(0.35, 0.7))):
            notes.append(
                Note(
                    start_s=at,
                    length_s=0.7 / rate_hz,
                    glide_hz=tuple(pitch * shape),
                    level_db=rng.uniform(-5.0, -1.0),
                )
            )
            at += 1.0 / rate_hz
        at += 0.03
    return sing([note for note in notes if note.start_s < _LONGEST_S - 0.2])


def _cuckoo(rng: Rng) -> Values:
    high = rng.uniform(640.0, 700.0)
    low = high * rng.uniform(0.78, 0.84)
    return sing(
        [
            Note(
                start_s=start,
                length_s=length,
                glide_hz=(pitch * 0.97, pitch, pitch * 0.99),
                level_db=level,
                attack=0.25,
                overtones_db=(-20.0, -30.0),
            )
            for call in range(rng.integers(1, 4))
            for start, length, pitch, level in (
                (1.15 * call, 0.16, high, 0.0),
                (1.15 * call + 0.34, 0.24, low, -2.0),
            )
        ]
    )


def _pigeon(rng: Rng) -> Values:
    pitch, beat = rng.uniform(460.0, 520.0), rng.uniform(0.9, 1.05)
    rhythm = ((0.0, 0.3, -5.0), (0.38, 0.6, 0.0), (1.12, 0.52, -1.0), (1.8, 0.26, -4.0))
    return sing(
        [
            Note(
                start_s=beat * start,
                length_s=beat * length,
                glide_hz=(pitch * 0.95, pitch * 1.04, pitch),
                level_db=level,
                attack=0.4,
                overtones_db=(-15.0, -28.0),
            )
            for start, length, level in (*rhythm, (2.14, 0.28, -6.0))
        ]
    )


def _owl(rng: Rng) -> Values:
    pitch, waver_hz = rng.uniform(680.0, 800.0), rng.uniform(10.0, 13.0)
    first = (pitch * 0.94, pitch * 1.03, pitch)
    hoots = (
        (0.0, 0.8, first, -3.0, 0.0),
        (1.5, 0.2, (pitch * 0.96, pitch), -9.0, 0.0),
        (1.75, 1.3, (*first, pitch * 0.9), 0.0, 0.022),
    )
    return sing(
        [
            Note(
                start_s=start,
                length_s=length,
                glide_hz=glide,
                level_db=level,
                trill_hz=waver_hz,
                trill_share=waver,
                attack=0.35,
                overtones_db=(-22.0, -32.0),
            )
            for start, length, glide, level, waver in hoots
        ]
    )


def _creak(rng: Rng) -> Values:
    """Two branches rub: they stick and slip at a wandering rate, and the wood rings."""
    length_s = rng.uniform(0.5, 1.3)
    n = int(length_s * PHRASE_RATE_HZ)
    u = np.arange(n) / n
    rate = np.interp(u, np.linspace(0.0, 1.0, 4), rng.uniform(22.0, 60.0, size=4))
    turns = np.cumsum(rate) / PHRASE_RATE_HZ
    slips = np.flatnonzero(np.diff(np.floor(turns + 0.15 * np.sin(17.0 * turns))) > 0)
    t = np.arange(int(0.08 * PHRASE_RATE_HZ)) / PHRASE_RATE_HZ
    modes = rng.uniform((180.0, 380.0, 700.0), (260.0, 560.0, 1100.0))
    ring = sum(
        np.exp(-t / decay_s) * np.sin(2.0 * np.pi * hz * t)
        for hz, decay_s in zip(modes, (0.022, 0.014, 0.008), strict=True)
    )
    out = np.zeros(n + len(t))
    swell = np.sin(np.pi * u) ** 2
    for slip in slips:
        out[slip : slip + len(t)] += swell[slip] * rng.uniform(0.5, 1.0) * ring
    return np.asarray(out)


_LONGEST_S = 3.2
"""No phrase is longer."""

KINDS = {
    "tit": Kind(phrase=_tit, period_s=6.0, length_s=2.2),
    "chaffinch": Kind(phrase=_chaffinch, period_s=9.0, length_s=2.4),
    "warbler": Kind(phrase=_warbler, period_s=11.0, length_s=3.3),
    "robin": Kind(phrase=_robin, period_s=8.0),
    "blackbird": Kind(phrase=_blackbird, period_s=8.0),
    "thrush": Kind(phrase=_thrush, near=0.35, period_s=9.0),
    "wren": Kind(phrase=_wren, near=0.3, period_s=13.0, share=0.7),
    "pigeon": Kind(phrase=_pigeon, level_db=-1.0, near=0.4, share=0.6, period_s=13.0),
    "cuckoo": Kind(phrase=_cuckoo, level_db=-1.0, near=0.6, share=0.5, period_s=9.0),
    "owl": Kind(phrase=_owl, level_db=-1.0, near=0.6, share=0.5, period_s=21.0),
    "creak": Kind(phrase=_creak, level_db=-5.0, near=0.3, period_s=31.0, length_s=1.5),
}

_WOODLAND = ("wren", "cuckoo", "pigeon")

CHOIRS = {
    "dawn": ("blackbird", "robin", "warbler", "thrush", "tit", "robin", "blackbird", *_WOODLAND),
    "day": ("chaffinch", "tit", "warbler", "chaffinch", "robin", "warbler", "tit", *_WOODLAND),
    "dusk": ("blackbird", "robin", "pigeon", "owl", "blackbird", "thrush"),
}
"""Who sings when."""
