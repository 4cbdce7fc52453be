"""Listening to a clean recording once; what was heard is kept under the digest of the file."""

import io
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from undersong.ambience.recorded.heard import (
    BANDS,
    F32,
    MOMENT,
    MOMENTS_PER_S,
    Bytes,
    Flags,
    Heard,
    Passage,
    decibels,
    kept,
    marked,
    runs,
)
from undersong.ambience.recorded.loops import loop_s
from undersong.ambience.recorded.standout import standouts
from undersong.audio import Frames, Tick
from undersong.dsp.loudness import HOPS_PER_S, Energies, gated_lufs, lufs, range_lu
from undersong.errors import AmbienceError
from undersong.files import digest_json
from undersong.store.digests import digest_once
from undersong.store.kinds import RECORDINGS
from undersong.store.store import Store
from undersong.units import SAMPLE_RATE

Values = npt.NDArray[np.float64]

VERSION: Final = 1
"""Rises whenever the same recording would be heard otherwise."""

WINDOW: Final = 2048
LOWEST_HZ: Final = 60.0
HIGHEST_HZ: Final = 14_000.0

STARTLE_LU: Final = 10.0
"""What rises so far above the median is left out: a bed never startles (docs/craft.md)."""

_STARTLE_MARGIN_S: Final = 0.6
_DROPOUT_PEAK: Final = 2.0**-15
_EDGE: Final = WINDOW // 2
_AT_ONCE: Final = 500  # moments, ten seconds


_MEMORY_MOST: Final = 4
_memory: OrderedDict[str, Heard] = OrderedDict()


def heard(path: Path, cache: Path | None = None, tick: Tick | None = None) -> Heard:
    """Return what is known of a recording: kept before, or listened to now and kept.

    Args:
        path: a clean recording, stereo at 48 kHz.
        cache: folder of what is worth remembering; None keeps it in memory only.
        tick: called with samples listened to.

    Raises:
        AmbienceError: the file is missing, damaged, or not what intake makes.
        OutputError: the cache cannot be written.
    """
    digest = digest_of(path, cache)
    known = _memory.get(digest)
    if known is None:
        store, key = Store(cache) if cache else None, digest_json([digest, VERSION])
        known = _unpacked(store.read(RECORDINGS, key), digest) if store else None
        if known is None:
            known = listen(path, digest, tick)
            if store:
                store.keep(RECORDINGS, key, _packed(known))
        _memory[digest] = known
        if len(_memory) > _MEMORY_MOST:
            _memory.popitem(last=False)
    return known


def digest_of(path: Path, cache: Path | None = None) -> str:
    """Return the SHA-256 of a recording, read once for as long as the file does not change.

    Raises:
        AmbienceError: there is no such file, or it cannot be read.
        OutputError: the cache cannot be written.
    """
    try:
        return digest_once(path, cache)
    except OSError as error:
        raise AmbienceError(
            f"cannot read the recording {path}: {error.strerror}",
            hint="bring the file back, or add it again with `undersong ambience add`",
        ) from error


def listen(path: Path, digest: str, tick: Tick | None = None) -> Heard:
    """Listen to a clean recording from its start to its end; memory is 1.2 kB per second.

    Raises:
        AmbienceError: the file is damaged, or not what intake makes.
    """
    energies = Energies(channels=2)
    levels, lost = [], []
    length = 0
    for block, moments in _looks(path):
        own = block[_EDGE : _EDGE + moments * MOMENT]
        energies.push(own)
        levels.append(_levels(block, moments))
        peaks = np.abs(own).reshape(moments, -1).max(axis=1)
        lost.append(peaks < _DROPOUT_PEAK)
        length += len(own)
        if tick is not None:
            tick(len(own))
    kept_levels, dropouts = np.concatenate(levels), np.concatenate(lost)
    again_s = loop_s(decibels(kept_levels))
    count = len(kept_levels) if again_s is None else round(again_s * MOMENTS_PER_S)
    return _judged(kept_levels[:count], dropouts[:count], energies, (digest, length, again_s))


def _judged(
    kept_levels: Bytes, dropouts: Flags, energies: Energies, known: tuple[str, int, float | None]
) -> Heard:
    digest, length, again_s = known
    startling, crest_lu = _startling(energies.hops, len(kept_levels))
    closed = marked(runs(dropouts), len(kept_levels)) | marked(startling, len(kept_levels))
    return Heard(
        digest=digest,
        length=length,
        loudness_lufs=float(gated_lufs(energies.hops)),
        range_lu=float(range_lu(energies.hops)),
        crest_lu=crest_lu,
        loop_s=again_s,
        levels=kept_levels,
        closed=closed,
        events=standouts(kept_levels, closed),
        startling=tuple(startling),
    )


def _startling(hops: Values, count: int) -> tuple[list[Passage], float]:
    """Return the passages that rise far above the median, and the highest rise in LU."""
    momentary = np.convolve(hops, np.full(4, 0.25), "valid")
    if not momentary.size or not momentary.max() > 0:
        return [], 0.0
    median = lufs(float(np.median(momentary)))
    rise = np.array([lufs(float(value)) - median for value in momentary])
    margin = round(_STARTLE_MARGIN_S * HOPS_PER_S)
    high = np.convolve(rise > STARTLE_LU, np.ones(2 * margin + 4), "full")[margin:] > 0
    per_hop = MOMENTS_PER_S // HOPS_PER_S
    found = [Passage(run.start * per_hop, run.end * per_hop) for run in runs(high)]
    return [run for run in found if run.start < count], float(rise.max())


def _looks(path: Path) -> Iterator[tuple[Frames, int]]:
    """Yield frames of ten seconds with what lies around them, and how many moments they are."""
    try:
        with soundfile.SoundFile(path) as file:
            if (file.samplerate, file.channels) != (SAMPLE_RATE, 2):
                raise AmbienceError(
                    f"{path} is not stereo at 48 kHz",
                    hint="let `undersong ambience add` bring it into the library",
                )
            carried, position = np.zeros((_EDGE, 2), np.float32), 0
            while True:
                new = file.read(_AT_ONCE * MOMENT + _EDGE, dtype="float32", always_2d=True)
                block = np.concatenate([carried, new])
                moments = min((len(block) - _EDGE) // MOMENT, _AT_ONCE)
                if moments == 0:
                    return
                reach = moments * MOMENT + 2 * _EDGE
                padding = np.zeros((max(reach - len(block), 0), 2), np.float32)
                yield np.concatenate([block[:reach], padding]), moments
                if moments < _AT_ONCE:
                    return
                position += moments * MOMENT
                file.seek(position)
                carried = block[moments * MOMENT : moments * MOMENT + _EDGE]
    except (soundfile.LibsndfileError, OSError) as error:
        raise AmbienceError(
            f"the recording {path} cannot be read: {error}",
            hint="bring back a whole copy of it, or add it again",
        ) from error


def _levels(block: Frames, moments: int) -> Bytes:
    """Return mel levels of `moments`, each seen through a window around its middle."""
    windows = np.lib.stride_tricks.sliding_window_view(block, WINDOW, axis=0)
    first = _EDGE + MOMENT // 2 - WINDOW // 2
    seen = windows[first::MOMENT][:moments]  # (moments, 2, WINDOW)
    spectra = np.fft.rfft(seen * _hann(), axis=2)
    power = (spectra.real**2 + spectra.imag**2).mean(axis=1)
    return kept(np.asarray(10.0 * np.log10(power @ _bank().T + 1e-13), np.float32))


@lru_cache(maxsize=1)
def _hann() -> F32:
    """Return a window that shows a full-scale sine with power 1 in its line."""
    return np.asarray(np.hanning(WINDOW + 1)[:-1] * (4.0 / WINDOW), np.float32)


@lru_cache(maxsize=1)
def _bank() -> F32:
    """Return librosa's mel filters, (BANDS, WINDOW / 2 + 1)."""
    from librosa.filters import mel  # noqa: PLC0415 - slow to import, only when listening

    bank = mel(
        sr=int(SAMPLE_RATE), n_fft=WINDOW, n_mels=BANDS, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, norm=None
    )
    return np.asarray(bank, np.float32)


def _packed(known: Heard) -> bytes:
    """Return all that was heard as the bytes of an .npz file."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        facts=[
            known.length,
            known.loudness_lufs,
            known.range_lu,
            known.crest_lu,
            -1.0 if known.loop_s is None else known.loop_s,
        ],
        levels=known.levels,
        closed=known.closed,
        events=_table(known.events),
        startling=_table(known.startling),
    )
    return file.getvalue()


def _unpacked(content: bytes | None, digest: str) -> Heard | None:
    """Return what was kept, or None when nothing was."""
    if content is None:
        return None
    with np.load(io.BytesIO(content)) as found:
        length, loudness_lufs, range_, crest_lu, again_s = found["facts"].tolist()
        return Heard(
            digest=digest,
            length=int(length),
            loudness_lufs=loudness_lufs,
            range_lu=range_,
            crest_lu=crest_lu,
            loop_s=None if again_s < 0 else again_s,
            levels=found["levels"].reshape(-1, BANDS),
            closed=found["closed"],
            events=_passages(found["events"]),
            startling=_passages(found["startling"]),
        )


def _table(passages: tuple[Passage, ...]) -> npt.NDArray[np.int64]:
    return np.array([(p.start, p.end) for p in passages], np.int64).reshape(-1, 2)


def _passages(rows: npt.NDArray[np.int64]) -> tuple[Passage, ...]:
    return tuple(Passage(int(start), int(end)) for start, end in rows)
