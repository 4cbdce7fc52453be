"""The conformance checks find what they are there to find."""

from typing import Any, ClassVar

import numpy as np
import pytest

from undersong.ambience.contract import GeneratorOptions
from undersong.audio import GRID, Frames, Gridded
from undersong.dsp.noise import Stream
from undersong.testing import check_generator


class Hiss(Gridded):
    """A generator that keeps the contract, and no more."""

    name: ClassVar[str] = "hiss"
    version: ClassVar[int] = 1
    Options: ClassVar[type[GeneratorOptions]] = GeneratorOptions
    gain: ClassVar[float] = 0.016

    def __init__(self, options: GeneratorOptions, seed: int) -> None:
        self._stream = Stream.of(seed, "hiss")
        assert isinstance(options, GeneratorOptions)
        super().__init__(self.second, channels=2)

    def second(self, k: int) -> Frames:
        noise = self._stream.rng(k).standard_normal((GRID, 3), np.float32)
        both = noise[:, :2] + np.float32(0.8) * noise[:, 2:]
        return np.ascontiguousarray(both * np.float32(self.gain))


class Faulty(Hiss):
    """Base of hisses with one thing wrong."""

    def second(self, k: int) -> Frames:
        return self.spoil(k, super().second(k).copy())

    def spoil(self, _k: int, sound: Frames) -> Frames:
        raise NotImplementedError


class Loud(Hiss):
    gain = 0.2


class Mono(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        sound[:, 1] = sound[:, 0]
        return sound


class Opposed(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        # wide enough at high tones, but a strong low tone is opposed
        tone = 0.1 * np.sin(2 * np.pi * 60.0 * np.arange(GRID) / GRID)
        sound[:, 0] += tone.astype(np.float32)
        sound[:, 1] -= tone.astype(np.float32)
        return sound


class Offset(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        return sound + np.float32(0.001)


class Silent(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        sound[1000:1100] = 0.0
        return sound


class NotNumbers(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        sound[7] = np.nan
        return sound


class Denormal(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        sound[7] = 1e-42
        return sound


class Clicking(Faulty):
    def spoil(self, _k: int, sound: Frames) -> Frames:
        sound[0] += 0.4
        return sound


class Startling(Faulty):
    def spoil(self, k: int, sound: Frames) -> Frames:
        swell = np.sin(np.pi * np.arange(GRID) / GRID) ** 2 if k % 20 == 7 else np.zeros(GRID)
        return sound * (1.0 + 4.5 * swell[:, None]).astype(np.float32)


class Looping(Hiss):
    def second(self, k: int) -> Frames:
        return super().second(k % 20)


class Deaf(Hiss):
    def __init__(self, options: GeneratorOptions, seed: int) -> None:
        super().__init__(options, 0 * seed)


class Double(Hiss):
    def read(self, start: int, n: int) -> Any:
        return super().read(start, n).astype(np.float64)


class Fortran(Hiss):
    def read(self, start: int, n: int) -> Frames:
        return np.asfortranarray(super().read(start, n))


class Fixed(Hiss):
    def read(self, start: int, n: int) -> Frames:
        block = super().read(start, n)
        block.flags.writeable = False
        return block


class Short(Hiss):
    def read(self, start: int, n: int) -> Frames:
        return super().read(start, max(n - 1, 0))


class Shared(Hiss):
    def read(self, start: int, n: int) -> Frames:
        if (start, n) == (0, 1000):
            return self.at(0)[:1000]
        return super().read(start, n)


class Early(Hiss):
    def read(self, start: int, n: int) -> Frames:
        return super().read(abs(start), n)


class Cut(Hiss):
    def read(self, start: int, n: int) -> Frames:
        block = super().read(start, n)
        if n and start > 0:
            block[0] *= 0.5
        return block


class Remembering(Hiss):
    _read = 0

    def second(self, k: int) -> Frames:
        self._read += k > 3 * 3600 - 2
        return super().second(k) * np.float32(1.0 + 0.1 * self._read)


class Late(Hiss):
    def read(self, start: int, n: int) -> Frames:
        block = super().read(start, n)
        if start < 0:
            block[-start : -start + 10] = 0.0
        return block


def test_a_generator_that_keeps_the_contract_passes():
    check_generator(Hiss)
    check_generator(Hiss, GeneratorOptions(), seeds=(5,))


@pytest.mark.parametrize(
    ("maker", "sentence"),
    [
        (Loud, "far from -30"),
        (Mono, "left and right correlate by 1.00"),
        (Opposed, "folded to mono"),
        (Offset, "DC offset"),
        (Silent, "100 frames of silence"),
        (NotNumbers, "not numbers"),
        (Denormal, "denormal"),
        (Clicking, "clicks"),
        (Startling, "startles"),
        (Looping, "repeats itself"),
        (Deaf, "seeds 1 and 2 sound alike"),
        (Double, "gives float64"),
        (Fortran, "not in C order"),
        (Fixed, "cannot be written into"),
        (Short, "has shape"),
        (Shared, "changes what is read later"),
        (Early, "sounds before position 0"),
        (Late, "late after position 0"),
        (Cut, "change when they are read alone"),
        (Remembering, "depends on how one got there"),
    ],
)
def test_each_fault_is_found_and_named(maker: type[Hiss], sentence: str):
    with pytest.raises(AssertionError, match=sentence):
        check_generator(maker)
