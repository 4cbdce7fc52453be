"""Sounds and orders for the tests of deliver/: short, seeded, with a limiter as in the product."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from undersong.audio import BlockSource, Frames, Gridded, silence, spans
from undersong.deliver.encode import Order
from undersong.deliver.tags import Tags
from undersong.dsp.limiter import AFTER, BEFORE, limiter_gain
from undersong.dsp.loudness import Meter
from undersong.recipes.profiles import PROFILES, goal_of
from undersong.units import db_to_gain

RATE = 48_000
LENGTH = 6 * RATE + 137
TAGS = Tags(title="Shore", artist="A. Author", album="Starter", language="en")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size`: writing then fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Held:
    """A whole short array as a source, counting how often each sample was read."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.read_frames = 0

    @property
    def channels(self) -> int:
        return int(self.frames.shape[1])

    def read(self, start: int, n: int) -> Frames:
        out = silence(n, self.channels)
        first, last = max(start, 0), min(start + n, len(self.frames))
        if last > first:
            out[first - start : last - start] = self.frames[first:last]
            self.read_frames += last - first
        return out


@lru_cache
def narrated(length: int = LENGTH) -> Frames:
    """Syllables of a low voice with breaks over soft noise, stereo, deterministic."""
    rng = np.random.default_rng(7)
    t = np.arange(length) / RATE
    pitch = 2 * np.pi * np.cumsum(115 + 18 * np.sin(2 * np.pi * 0.7 * t)) / RATE
    buzz = sum(np.cos(k * pitch + 0.04 * k**2) / k for k in range(1, 18))
    syllables = np.clip(np.sin(2 * np.pi * 2.7 * t), 0, 1) * (np.sin(2 * np.pi * 0.3 * t) > -0.5)
    noise = rng.standard_normal((length, 2))
    smooth = np.apply_along_axis(np.convolve, 0, noise, np.hanning(24) / 6, "same")
    voice = np.stack([buzz * syllables] * 2, axis=1)
    return (0.1 * voice + 0.004 * smooth).astype(np.float32)


class Mastered:
    """What `Order.master` asks for: gain and a true-peak limiter over one shared source."""

    def __init__(self, source: BlockSource) -> None:
        self.source = source
        self.asked: list[tuple[float, float]] = []

    def __call__(self, gain_db: float, ceiling_dbtp: float) -> BlockSource:
        self.asked.append((gain_db, ceiling_dbtp))

        def render(k: int) -> Frames:
            around = self.source.read(k * RATE - BEFORE, RATE + BEFORE + AFTER)
            around *= np.float32(db_to_gain(gain_db))
            gain = limiter_gain(around, db_to_gain(ceiling_dbtp))
            block = around[BEFORE : BEFORE + RATE]
            return block if gain is None else block * gain[:, np.newaxis]

        return Gridded(render, channels=2)


@lru_cache
def solved_gain_db(profile: str, length: int = LENGTH) -> float:
    """The gain at which `narrated` meets a profile after the limiter."""
    master, gain_db = Mastered(Held(narrated(length))), 0.0
    target = PROFILES[profile]
    for _ in range(6):
        meter = Meter(2)
        source = master(gain_db, target.ceiling_dbtp)
        for start, n in spans(length):
            meter.push(source.read(start, n))
        gain_db += target.integrated_lufs - meter.levels().integrated_lufs
    return gain_db


def make_order(  # noqa: PLR0913 - an order has as many parts
    folder: Path,
    formats: tuple[str, ...] = ("mp3", "flac", "wav", "opus"),
    *,
    profile: str = "podcast",
    length: int = LENGTH,
    gain_db: float | None = None,
    master: Mastered | None = None,
    tags: Tags = TAGS,
) -> Order:
    return Order(
        folder=folder,
        slug="shore",
        formats=formats,
        length=length,
        goal=goal_of(PROFILES[profile], "programme"),
        gain_db=solved_gain_db(profile, length) if gain_db is None else gain_db,
        masters=(master or Mastered(Held(narrated(length))),),
        tags=tags,
    )
