"""What the tests of voices share: sounds made by hand, scripts and libraries."""

import io
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import soundfile

from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.recipes.model import Recipe
from undersong.voices.contract import EngineOptions, Mark, RawTake, Request
from undersong.voices.fake import Fake

Array = npt.NDArray[np.float64]


def wav(
    samples: Array, rate: int = 48_000, *, form: str = "WAV", subtype: str = "PCM_24", **more: Any
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=subtype, **more)
    return file.getvalue()


def raw(samples: Array, rate: int = 48_000, marks: tuple[Mark, ...] = ()) -> RawTake:
    return RawTake(audio=wav(samples, rate), marks=marks)


def speech(seconds: float, rate: int = 48_000, *, amplitude: float = 0.2, seed: int = 1) -> Array:
    """Return something that rises and falls like speech, abrupt at both ends: 4 syllables a second.

    It never falls below a fifth of its amplitude, so its true edges are its ends.
    """
    t: Array = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * t + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = np.zeros_like(t)
    for k in range(1, 12):
        voice += np.sin(k * phase) / k
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * t + seed)
    found: Array = amplitude * syllables * voice / 1.6
    return found


def rest(seconds: float, rate: int = 48_000) -> Array:
    return np.zeros(round(seconds * rate))


def noise(
    seconds: float, dbfs: float, rate: int = 48_000, *, seed: int = 5, slope: float = 0
) -> Array:
    """Return Gaussian noise at an RMS level; `slope` 0 is white, 1 pink, 2 brown."""
    n = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=n))
    frequency = np.maximum(np.fft.rfftfreq(n, 1 / rate), 20.0)
    found: Array = np.fft.irfft(spectrum / frequency ** (slope / 2), n)
    found *= 10 ** (dbfs / 20) / np.sqrt(np.mean(found**2))
    return found


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


FAKE = """\
title: Test voice
language: en-US
engines:
  - engine: fake
"""


def make_library(root: Path, **voices: str) -> Library:
    """Write voice files and open the library around them."""
    put(root / "undersong.yaml", "title: Test library\n")
    for name, text in ({"tone": FAKE} | voices).items():
        put(root / "voices" / f"{name}.yaml", text)
    return Library.find(root)


def make_recipe(library: Library, script: str, voice: str = "tone") -> Recipe:
    """Write a recipe and load it."""
    text = f"---\ntitle: Test\nvoice: {voice}\n---\n\n{script}\n"
    return load_recipe(put(library.root / "recipes" / "test.md", text), library)[0]


class Online(Fake):
    """A fake that needs the network, at another pitch, and counts what it is asked to say."""

    name = "online"
    draft = False
    online = True
    said: ClassVar[list[str]] = []
    open: ClassVar[list["Online"]] = []

    def __init__(self, options: EngineOptions, library: Path) -> None:
        super().__init__(options, library)
        self.open.append(self)

    def say(self, request: Request) -> RawTake:
        self.said.append(request.written)
        return super().say(request)

    def close(self) -> None:
        if self in self.open:
            self.open.remove(self)


ONLINE = EntryPoint(name="online", value="voices_kit:Online", group="undersong.voices")
