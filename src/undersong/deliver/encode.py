"""From the mastered sound to finished files: encoded, decoded again, measured, tagged, named.

Encoding changes loudness and peaks a little, each codec in its own way. So every file is decoded
and measured, or, where nothing is lost, compared with what was written; a file that misses its
goal is made again from a master with the deviation taken off, and only a file that holds it gets
its name.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Final

import soundfile
from msgspec import Struct, field
from msgspec.structs import replace
from mutagen import MutagenError

from undersong.audio import PASS, Beside, BlockSource, Frames, Tick, shared_out, spans
from undersong.deliver.codecs import CODECS, FLAC, MP3, OPUS, Codec, unwritten
from undersong.deliver.correct import MAX_ENCODES, Setting, Trial, holds, next_setting
from undersong.deliver.id3 import write_mp3_tags, write_wav_tags
from undersong.deliver.measure import measured, measured_in_parts
from undersong.deliver.piped import Encoding, ffmpeg, open_encoder
from undersong.deliver.proof import Following, read_back
from undersong.deliver.segments import Segment, encode_mp3, segments_of
from undersong.deliver.tags import Tags
from undersong.deliver.vorbis import write_flac_tags, write_opus_tags
from undersong.errors import AudioFileError, LoudnessError, OutputError
from undersong.files import atomic, digest_file
from undersong.interrupts import unbroken
from undersong.manifest import Deliverable, Levels
from undersong.recipes.profiles import Goal
from undersong.units import SAMPLE_RATE, format_seconds

CHANNELS: Final = 2

_Masters = Mapping[Setting, BlockSource]
_Blocks = Mapping[Setting, Frames]

TAG_WRITERS: Final[Mapping[str, Callable[[Path, Tags, Levels], None]]] = MappingProxyType(
    {
        "mp3": write_mp3_tags,
        "flac": write_flac_tags,
        "wav": write_wav_tags,
        "opus": write_opus_tags,
    }
)


class Order(Struct, frozen=True, kw_only=True):
    """What to deliver.

    Attributes:
        folder: where the files go; it is made when missing.
        slug: name of every file, before its suffix.
        formats: of mp3, flac, wav, opus, each once.
        length: in samples.
        goal: programme loudness and ceiling of every decoded file.
        gain_db: static gain at which the master meets the goal.
        levels: of the master at that gain below the goal's ceiling, if known: a lossless file that
            gives back the very numbers written has them.
        masters: each returns the mastered stereo sound for a gain (dB) and a limiter ceiling
            (dBTP); the same sound, once for each thread that may take part.
    """

    folder: Path
    slug: str
    formats: tuple[str, ...]
    length: int
    goal: Goal
    gain_db: float
    masters: Sequence[Callable[[float, float], BlockSource]]
    tags: Tags
    levels: Levels | None = None
    heard: Callable[[], None] = lambda: None

    @property
    def steps(self) -> int:
        """Sum of all ticks when every file is right at its first encode: samples in and out."""
        return 2 * self.length * len(self.formats)


class _Attempt(Struct, frozen=True, kw_only=True):
    """A file to be encoded at `temporary` and to become `path`, and the trials before."""

    codec: Codec
    path: Path
    temporary: Path
    setting: Setting
    trials: tuple[Trial, ...] = ()


class _Kept(Struct, frozen=True, kw_only=True):
    """What an encoder was given to keep, as checksums of its blocks.

    Attributes:
        written: of all blocks; None where numbers do not come back as they were.
        read: of those that the file gave back while it was being written.
    """

    written: list[int] | None = None
    read: list[int] = field(default_factory=list)


def file_names(slug: str, formats: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all files of a track, in the order of its formats."""
    return tuple(f"{slug}.{CODECS[name].name}" for name in formats)


def deliver(order: Order, tick: Tick | None = None) -> tuple[Deliverable, ...]:
    """Make all files of a track, in the order of `order.formats`.

    No file has its final name before all are complete, measured and tagged. Formats share a pass
    over the sound where that is quicker; a file that misses its goal takes another.

    Args:
        order: what to make; the same order always gives the same bytes.
        tick: called with samples encoded and decoded, `order.steps` in all.

    Raises:
        LoudnessError: a file does not hold loudness and ceiling after MAX_ENCODES, or is silent.
        OutputError: no space, no permission, no such folder.
    """
    with ExitStack() as naming:
        with unbroken():
            attempts = [_first(order, CODECS[name], naming) for name in order.formats]
        held = _until_held(order, attempts, tick or _unseen)
        order.heard()
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
        known = _encode(order, pending, tick)
        tried = [_tried(order, a, kept, tick) for a, kept in zip(pending, known, strict=True)]
        held |= {a.path: a for a in tried if holds(order.goal, a.trials)}
        pending = [_corrected(order.goal, a) for a in tried if a.path not in held]
        tick = _unseen  # further passes are not part of the plan
    return held


def _encode(order: Order, attempts: Sequence[_Attempt], tick: Tick) -> list[_Kept]:
    """Make all files; return what is known of each.

    Where threads can share out an MP3 it has the sound to itself, as LAME is slow; all others take
    part in one pass.
    """
    segments = segments_of(order.length, len(order.masters)) if ffmpeg() else ()
    apart = [a for a in attempts if a.codec is MP3 and len(segments) > 1]
    together = [a for a in attempts if a not in apart]
    for attempt in apart:
        if not _in_segments(order, attempt, segments, tick):
            _one_pass(order, [attempt], _unseen)
    kept = _one_pass(order, together, tick) if together else []
    known = {a.path: each for a, each in zip(together, kept, strict=True)}
    return [known.get(a.path, _Kept()) for a in attempts]


def _one_pass(order: Order, attempts: Sequence[_Attempt], tick: Tick) -> list[_Kept]:
    """Feed all files in one pass; return as `_encode`."""
    settings = {attempt.setting for attempt in attempts}
    works = [
        _mastering({s: master(s.gain_db, s.ceiling_dbtp) for s in settings})
        for master in order.masters
    ]
    parts = list(spans(order.length, PASS))
    with ExitStack() as files:
        with unbroken():
            encoders = [files.enter_context(_encoder(order, attempt)) for attempt in attempts]
        behind = {
            attempt.path: files.enter_context(Following(attempt.temporary))
            for attempt in attempts
            if attempt.codec is FLAC and _has_known_levels(order, attempt)
        }  # WAV is read in no time; what is lossy is measured as a whole
        writes = [_writing(e, a.setting) for e, a in zip(encoders, attempts, strict=True)]
        reads = [following.follow for following in behind.values()]
        writing = files.enter_context(Beside([*writes, *reads], alone=len(works) == 1))
        made = files.enter_context(closing(shared_out(works, parts)))
        for (_, n), blocks in zip(parts, made, strict=True):
            writing.push(blocks)
            tick(n * len(attempts))
    return [
        _Kept(written=encoder.checksums, read=behind[a.path].checksums if a.path in behind else [])
        for encoder, a in zip(encoders, attempts, strict=True)
    ]


def _in_segments(order: Order, attempt: _Attempt, segments: Sequence[Segment], tick: Tick) -> bool:
    """Encode one MP3; return whether that worked out."""
    setting = attempt.setting
    masters = [master(setting.gain_db, setting.ceiling_dbtp) for master in order.masters]
    return encode_mp3(attempt.temporary, segments, masters, name=attempt.path, tick=tick)


def _mastering(masters: _Masters) -> Callable[[tuple[int, int]], _Blocks]:
    return lambda part: {setting: master.read(*part) for setting, master in masters.items()}


def _writing(encoder: Encoding, setting: Setting) -> Callable[[_Blocks], None]:
    return lambda blocks: encoder.write(blocks[setting])


def _encoder(order: Order, attempt: _Attempt) -> Encoding:
    return open_encoder(
        attempt.temporary,
        attempt.codec,
        channels=CHANNELS,
        length=order.length,
        name=attempt.path,
    )


def _tried(order: Order, attempt: _Attempt, kept: _Kept, tick: Tick) -> _Attempt:
    trial = Trial(setting=attempt.setting, levels=_checked(order, attempt, kept, tick))
    return replace(attempt, trials=(*attempt.trials, trial))


def _has_known_levels(order: Order, attempt: _Attempt) -> bool:
    """Whether a file has the levels of the master if it gives back its numbers."""
    mastered = Setting(gain_db=order.gain_db, ceiling_dbtp=order.goal.ceiling_dbtp)
    return attempt.codec.lossless and order.levels is not None and attempt.setting == mastered


def _checked(order: Order, attempt: _Attempt, kept: _Kept, tick: Tick) -> Levels:
    """Decode a whole file; return the levels of what a listener's player will decode.

    libsndfile does not tell when the last frames of a FLAC, MP3 or Opus file could not be
    written, so a file that is short was cut by a full disk.
    """
    levels = order.levels if _has_known_levels(order, attempt) else None
    try:
        if levels is None:
            threads = len(order.masters)
            count, levels = _measured(attempt.temporary, attempt.codec, threads, tick)
        else:
            count, read = _read_back(attempt.temporary, order, kept.read, tick)
            if count == order.length and read != kept.written:
                raise unwritten(attempt.path, OutputError("it gives back other numbers"))
    except (AudioFileError, soundfile.LibsndfileError) as error:
        raise unwritten(attempt.path, error) from error
    if count != order.length:
        heard = format_seconds(count / SAMPLE_RATE)
        raise unwritten(attempt.path, OutputError(f"it ends at {heard}"))
    return levels


def _read_back(path: Path, order: Order, read: list[int], tick: Tick) -> tuple[int, list[int]]:
    """Return how many frames a lossless file has, and the checksums of its blocks.

    The first blocks have been `read` already.
    """
    first, threads = len(read), len(order.masters)
    total, checksums = first * PASS, [*read]
    tick(total)
    share = -(-(order.length - total) // (PASS * threads))
    parts = [(first + k * share, share) for k in range(threads)]
    with closing(shared_out([partial(_read_part, path)] * threads, parts)) as found:
        for count, some in found:
            total += count
            checksums += some
            tick(count)
    return total, checksums


def _read_part(path: Path, part: tuple[int, int]) -> tuple[int, list[int]]:
    return read_back(path, *part)


def _measured(path: Path, codec: Codec, threads: int, tick: Tick) -> tuple[int, Levels]:
    """Return how many frames a file has, and its levels."""
    if codec is OPUS:  # what it decodes to depends on all before
        return measured(path, tick)
    return measured_in_parts(path, threads, tick)


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
