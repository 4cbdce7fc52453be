"""Does an ambience generator keep its contract? See `undersong.ambience.contract.Generator`."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.ambience.contract import Generator, GeneratorOptions
from undersong.audio import Frames
from undersong.dsp.loudness import Energies, gated_lufs, lufs
from undersong.units import SAMPLE_RATE

Spectrum = npt.NDArray[np.complex128]

_SECOND: Final = int(SAMPLE_RATE)
_HOUR: Final = 3600 * _SECOND
_FAR: Final = 3 * _HOUR
_SPOTS: Final = (0, _HOUR, 6 * _HOUR, 12 * _HOUR)
_SPOT_S: Final = 12

_SEEK_S: Final = 5.0
_LUFS: Final = (-36.0, -24.0)
_CREST_LU: Final = 12.0
_DC: Final = 1e-4  # -80 dBFS
_SILENT_FRAMES: Final = 48
_ALIKE: Final = 0.5  # far above chance
_STEP: Final = 10.0
_STEP_WINDOW: Final = 2_400
_SMALLEST: Final = float(np.finfo(np.float32).tiny)
_WIDTH: Final = (0.1, 0.7)
_WIDTH_HZ: Final = ((300.0, 1000.0), (1000.0, 4000.0), (4000.0, 12000.0))
_FOLD_DB: Final = 3.0


def check_generator(
    generator_class: type[Generator],
    options: GeneratorOptions | None = None,
    seeds: tuple[int, ...] = (1, 2),
) -> None:
    """Prove that a generator keeps the contract of `ambience.contract.Generator`.

    Checked for every seed: shape, type and ownership of blocks; samples that depend on their
    position only, whatever the cut, the order and the instance; a seek to 3 h that costs no more
    than a read; level, crest, DC, clicks, denormals, silence, stereo width and mono fold-down,
    12 s each at 0, 1, 6 and 12 h. Takes some seconds.

    Args:
        generator_class: as registered.
        options: to make it with; its defaults when None.
        seeds: at least two different ones, which must sound different.

    Raises:
        AssertionError: a sentence that says what is wrong.
    """
    chosen = generator_class.Options() if options is None else options
    for seed in seeds:
        subject = _Subject(generator_class=generator_class, options=chosen, seed=seed)
        for check in _CHECKS:
            check(subject)
    first, *others = (
        _Subject(generator_class=generator_class, options=chosen, seed=seed) for seed in seeds
    )
    for other in others:
        alike = _alike(first.new().read(0, _SECOND), other.new().read(0, _SECOND))
        _expect(alike < _ALIKE, f"seeds {first.seed} and {other.seed} sound alike ({alike:.2f})")


class _Subject(Struct, frozen=True, kw_only=True):
    generator_class: type[Generator]
    options: GeneratorOptions
    seed: int

    def new(self) -> Generator:
        return self.generator_class(self.options, self.seed)

    @property
    def words(self) -> str:
        return f"`{self.generator_class.name}` with seed {self.seed}"


def _expect(condition: bool, sentence: str) -> None:  # noqa: FBT001 - an assertion
    if not condition:
        raise AssertionError(sentence)


def _alike(one: Frames, other: Frames) -> float:
    """Correlation of two sounds, 0 to 1."""
    product = float(np.abs(np.vdot(one, other)))
    return product / float(np.linalg.norm(one) * np.linalg.norm(other) + 1e-30)


def _same(one: Frames, other: Frames) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def _check_name(subject: _Subject) -> None:
    maker = subject.generator_class
    _expect(bool(maker.name), "a generator needs a name")
    _expect(isinstance(maker.version, int), f"the version of {subject.words} is no whole number")
    _expect(issubclass(maker.Options, GeneratorOptions), "Options must be GeneratorOptions")
    _expect(subject.new().channels == 2, f"{subject.words} is not stereo")  # noqa: PLR2004 - stereo


def _check_blocks(subject: _Subject) -> None:
    source = subject.new()
    for n in (0, 1, 1000):
        block = source.read(0, n)
        _expect(block.shape == (n, 2), f"read(0, {n}) of {subject.words} has shape {block.shape}")
        _expect(block.dtype == np.float32, f"{subject.words} gives {block.dtype}, not float32")
        _expect(block.flags.c_contiguous, f"blocks of {subject.words} are not in C order")
        _expect(block.flags.writeable, f"blocks of {subject.words} cannot be written into")
    kept = source.read(0, 1000).copy()
    source.read(0, 1000)[:] = 7.0
    _expect(
        _same(source.read(0, 1000), kept),
        f"writing into a block of {subject.words} changes what is read later",
    )
    early = source.read(-100, 200)
    _expect(not early[:100].any(), f"{subject.words} sounds before position 0")
    _expect(_same(early[100:], kept[:100]), f"{subject.words} is late after position 0")


def _check_cuts(subject: _Subject) -> None:
    whole = subject.new().read(_SECOND // 3, 6 * _SECOND)
    rng = np.random.default_rng(subject.seed)
    cuts = [0, *np.sort(rng.integers(0, len(whole), 12)).tolist(), len(whole)]
    pieces = list(pairwise(cuts))
    source = subject.new()
    for i in rng.permutation(len(pieces)):
        start, end = pieces[i]
        piece = source.read(_SECOND // 3 + start, end - start)
        _expect(
            _same(piece, whole[start:end]),
            f"{subject.words}: samples {start} to {end} change when they are read alone",
        )


def _check_seek(subject: _Subject) -> None:
    source = subject.new()
    source.read(0, _SECOND)
    started = time.process_time()
    there = source.read(_FAR, _SECOND)
    cost = time.process_time() - started
    _expect(cost < _SEEK_S, f"{subject.words} takes {cost:.1f} s to be read at 3 h")
    fresh = subject.new().read(_FAR - _SECOND, 2 * _SECOND)[_SECOND:]
    _expect(_same(there, fresh), f"{subject.words} at 3 h depends on how one got there")


def _check_sound(subject: _Subject) -> None:
    source = subject.new()
    spots = [source.read(start, _SPOT_S * _SECOND) for start in _SPOTS]
    for start, sound in zip(_SPOTS, spots, strict=True):
        place = f"{subject.words} at {start // _HOUR} h"
        _expect(bool(np.isfinite(sound).all()), f"{place} holds values that are not numbers")
        small = np.abs(sound[sound != 0.0])
        _expect(bool((small >= _SMALLEST).all()), f"{place} holds denormal numbers")
        _check_silence(sound, place)
        _check_steps(sound, place)
        _check_width(sound, place)
    for i, one in enumerate(spots[:-1]):
        for other in spots[i + 1 :]:
            alike = _alike(one, other)
            _expect(alike < _ALIKE, f"{subject.words} repeats itself ({alike:.2f})")
    _check_level(np.concatenate(spots), subject.words)


def _check_silence(sound: Frames, place: str) -> None:
    loud = np.flatnonzero(sound.any(axis=1))
    gaps = np.diff(np.concatenate([[-1], loud, [len(sound)]])) - 1
    _expect(int(gaps.max()) < _SILENT_FRAMES, f"{place} holds {gaps.max()} frames of silence")


def _check_steps(sound: Frames, place: str) -> None:
    """No step from sample to sample stands out of the steps around it."""
    steps = np.diff(sound, axis=0).astype(np.float64) ** 2
    summed = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    first = np.clip(np.arange(len(steps)) - _STEP_WINDOW // 2, 0, len(steps) - _STEP_WINDOW)
    usual = (summed[first + _STEP_WINDOW] - summed[first]) / _STEP_WINDOW
    worst = float(np.sqrt((steps / (usual + 1e-18)).max()))
    _expect(worst < _STEP, f"{place} clicks: a step {worst:.0f} times the usual")


def _check_width(sound: Frames, place: str) -> None:
    segments = sound[: len(sound) // 4096 * 4096].reshape(-1, 4096, 2)
    spectra = np.fft.rfft(segments * np.hanning(4096)[None, :, None], axis=1)
    cross = np.real(spectra[:, :, 0] * np.conj(spectra[:, :, 1])).sum(axis=0)
    left, right = (np.abs(spectra) ** 2).sum(axis=0).T
    hz = np.fft.rfftfreq(4096, 1.0 / _SECOND)
    for low, high in _WIDTH_HZ:
        band = (hz >= low) & (hz < high)
        width = float(cross[band].sum() / np.sqrt(left[band].sum() * right[band].sum()))
        _expect(
            _WIDTH[0] <= width <= _WIDTH[1],
            f"{place}: left and right correlate by {width:.2f} from {low:.0f} to {high:.0f} Hz",
        )
    folded = np.mean(sound.mean(axis=1) ** 2) / np.mean(sound**2)
    loss_db = float(-10.0 * np.log10(folded))
    _expect(loss_db < _FOLD_DB, f"{place} loses {loss_db:.1f} dB when it is folded to mono")


def _check_level(sound: Frames, words: str) -> None:
    offset = float(np.abs(sound.mean(axis=0, dtype=np.float64)).max())
    _expect(offset < _DC, f"{words} has a DC offset of {offset:.1e}")
    energies = Energies(channels=2)
    energies.push(sound)
    loudness = gated_lufs(energies.hops)
    _expect(_LUFS[0] <= loudness <= _LUFS[1], f"{words} is {loudness:.1f} LUFS, far from -30")
    momentary = np.convolve(energies.hops, np.full(4, 0.25), "valid")
    crest = lufs(float(momentary.max())) - lufs(float(np.median(momentary)))
    _expect(crest < _CREST_LU, f"{words} startles: a moment {crest:.1f} LU above its median")


_CHECKS: Final[tuple[Callable[[_Subject], None], ...]] = (
    _check_name,
    _check_blocks,
    _check_cuts,
    _check_seek,
    _check_sound,
)
