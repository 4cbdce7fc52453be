"""From the mastered sound to finished files: encoded, decoded again, measured, tagged, named.

Encoding changes loudness and peaks a little, each codec in its own way. So every file is decoded
and measured; a file that misses its goal is made again from a master with the deviation taken
off, and only a file that holds it gets its name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mutagen import MutagenError

from undersong.audio import BlockSource, Frames, Tick, spans
from undersong.decode import stream_sound
from undersong.deliver.codecs import CODECS, Codec, unwritten
from undersong.deliver.correct import MAX_ENCODES, Setting, Trial, holds, next_setting
from undersong.deliver.id3 import write_mp3_tags, write_wav_tags
from undersong.deliver.piped import Encoding, open_encoder
from undersong.deliver.tags import Tags
from undersong.deliver.vorbis import write_flac_tags, write_opus_tags
from undersong.dsp.loudness import Meter
from undersong.errors import AudioFileError, LoudnessError, OutputError
from undersong.files import atomic, digest_file
from undersong.manifest import Deliverable, Levels
from undersong.recipes.profiles import Goal
from undersong.units import SAMPLE_RATE, format_seconds

CHANNELS: Final = 2

TAG_WRITERS: Final[Mapping[str, Callable[[Path, Tags, Levels], None]]] = MappingProxyType(
    {
        "mp3": write_mp3_tags,
        "flac": write_flac_tags,
        "wav": write_wav_tags,
        "opus": write_opus_tags,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to deliver.

    Attributes:
        folder: where the files go; it is made when missing.
        slug: name of every file, before its suffix.
        formats: of mp3, flac, wav, opus, each once.
        length: in samples.
        goal: programme loudness and ceiling of every decoded file.
        gain_db: static gain at which the master meets the goal.
        master: returns the mastered stereo sound for a gain (dB) and a limiter ceiling (dBTP).
    """

    folder: Path
    slug: str
    formats: tuple[str, ...]
    length: int
    goal: Goal
    gain_db: float
    master: Callable[[float, float], BlockSource]
    tags: Tags

    @property
    def steps(self) -> int:
        """Sum of all ticks when every file is right at its first encode: samples in and out."""
        return self.length * (1 + len(self.formats))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A file to be encoded at `temporary` and to become `path`, and the trials before."""

    codec: Codec
    path: Path
    temporary: Path
    setting: Setting
    trials: tuple[Trial, ...] = ()


def file_names(slug: str, formats: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all files of a track, in the order of its formats."""
    return tuple(f"{slug}.{CODECS[name].name}" for name in formats)


def deliver(order: Order, tick: Tick | None = None) -> tuple[Deliverable, ...]:
    """Make all files of a track, in the order of `order.formats`.

    No file has its final name before all are complete, measured and tagged. All formats are fed
    from one pass over the sound; only a file that misses its goal takes another.

    Args:
        order: what to make; the same order always gives the same bytes.
        tick: called with samples encoded and decoded, `order.steps` in all.

    Raises:
        LoudnessError: a file does not hold loudness and ceiling after MAX_ENCODES, or is silent.
        OutputError: no space, no permission, no such folder.
    """
    with ExitStack() as naming:
        attempts = [_first(order, CODECS[name], naming) for name in order.formats]
        held = _until_held(order, attempts, tick or _unseen)
        return tuple(_finish(order, held[attempt.path]) for attempt in attempts)


def _first(order: Order, codec: Codec, naming: ExitStack) -> _Attempt:
    path = order.folder / f"{order.slug}.{codec.name}"
    setting = Setting(
        gain_db=order.gain_db - codec.shift_lu,
        ceiling_dbtp=order.goal.ceiling_dbtp - codec.shift_lu - codec.rise_db,
    )
    temporary = naming.enter_context(atomic(path))
    return _Attempt(codec=codec, path=path, temporary=temporary, setting=setting)


def _until_held(order: Order, attempts: Sequence[_Attempt], tick: Tick) -> dict[Path, _Attempt]:
    """Encode and measure until every file holds its goal; return the attempts that do."""
    held: dict[Path, _Attempt] = {}
    pending = list(attempts)
    while pending:
        _encode(order, pending, tick)
        tried = [_tried(order, attempt, tick) for attempt in pending]
        held |= {a.path: a for a in tried if holds(order.goal, a.trials)}
        pending = [_corrected(order.goal, a) for a in tried if a.path not in held]
        tick = _unseen  # further passes are not part of the plan
    return held


def _encode(order: Order, attempts: Sequence[_Attempt], tick: Tick) -> None:
    """Feed all files in one pass, each encoder in a thread of its own, one block behind."""
    masters = {s: order.master(s.gain_db, s.ceiling_dbtp) for s in {a.setting for a in attempts}}
    with ExitStack() as files, ThreadPoolExecutor(len(attempts)) as pool:
        encoders = [files.enter_context(_encoder(order, attempt)) for attempt in attempts]
        writing: list[Future[None]] = []
        for start, n in spans(order.length):
            blocks = {setting: master.read(start, n) for setting, master in masters.items()}
            _all_done(writing)
            writing = [
                pool.submit(encoder.write, blocks[attempt.setting])
                for encoder, attempt in zip(encoders, attempts, strict=True)
            ]
            tick(n)
        _all_done(writing)


def _encoder(order: Order, attempt: _Attempt) -> Encoding:
    return open_encoder(
        attempt.temporary,
        attempt.codec,
        channels=CHANNELS,
        length=order.length,
        name=attempt.path,
    )


def _all_done(writing: Sequence[Future[None]]) -> None:
    for future in writing:
        future.result()


def _decoded(order: Order, attempt: _Attempt, tick: Tick) -> Levels:
    """Measure what a listener's player will decode, and count it.

    libsndfile does not tell when the last frames of a FLAC, MP3 or Opus file could not be
    written, so a file that is short was cut by a full disk.
    """
    meter = Meter(CHANNELS, int(SAMPLE_RATE))
    count = 0
    measuring: list[Future[None]] = []
    try:
        with ThreadPoolExecutor(1) as pool:
            for block in _blocks(attempt.temporary):
                _all_done(measuring)
                measuring = [pool.submit(meter.push, block)]
                count += len(block)
                tick(len(block))
            _all_done(measuring)
    except AudioFileError as error:
        raise unwritten(attempt.path, error) from error
    if count != order.length:
        heard = format_seconds(count / SAMPLE_RATE)
        raise unwritten(attempt.path, OutputError(f"it ends at {heard}"))
    return meter.levels()


def _blocks(path: Path) -> Iterator[Frames]:
    return stream_sound(path).blocks


def _tried(order: Order, attempt: _Attempt, tick: Tick) -> _Attempt:
    trial = Trial(setting=attempt.setting, levels=_decoded(order, attempt, tick))
    return replace(attempt, trials=(*attempt.trials, trial))


def _corrected(goal: Goal, attempt: _Attempt) -> _Attempt:
    """Return the attempt to make next."""
    levels = attempt.trials[-1].levels
    if len(attempt.trials) == MAX_ENCODES or not isfinite(levels.integrated_lufs):
        raise _missed(goal, attempt, levels)
    return replace(attempt, setting=next_setting(goal, attempt.trials))


def _missed(goal: Goal, attempt: _Attempt, levels: Levels) -> LoudnessError:
    return LoudnessError(
        f"{attempt.path.name} reaches {levels.integrated_lufs:.2f} LUFS and "
        f"{levels.true_peak_dbtp:.2f} dBTP instead of {goal.target_lufs:.2f} LUFS below "
        f"{goal.ceiling_dbtp:.2f} dBTP (encoded {len(attempt.trials)} times)",
        hint="choose a quieter `loudness`, such as `sleep`, or another `difference`",
    )


def _finish(order: Order, attempt: _Attempt) -> Deliverable:
    """Tag a file, which does not touch its sound, and describe it."""
    levels = attempt.trials[-1].levels
    try:
        TAG_WRITERS[attempt.codec.name](attempt.temporary, order.tags, levels)
    except (MutagenError, OSError) as error:
        raise unwritten(attempt.path, error) from error
    return Deliverable(
        format=attempt.codec.name,
        file=attempt.path.name,
        size_bytes=attempt.temporary.stat().st_size,
        sha256=digest_file(attempt.temporary),
        levels=levels,
        gain_db=attempt.setting.gain_db,
        ceiling_dbtp=attempt.setting.ceiling_dbtp,
        encodes=len(attempt.trials),
    )


def _unseen(_: int) -> None:
    """Take ticks that nobody watches."""
