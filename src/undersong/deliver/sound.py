"""A source written as one sound file, as it is: stems, previews, beds alone."""

from pathlib import Path
from typing import Final

import soundfile

from undersong.audio import PASS, BlockSource, Tick, spans
from undersong.deliver.codecs import FLAC, STEM, WAV, Codec, Encoder, unwritten
from undersong.errors import OutputError
from undersong.files import atomic

PLAIN: Final = {".wav": WAV, ".flac": FLAC}
"""Lossless 24-bit formats by suffix."""


def write_sound(
    path: Path,
    source: BlockSource,
    length: int,
    tick: Tick | None = None,
    *,
    codec: Codec | None = None,
) -> None:
    """Write `length` samples of `source`, atomically; the same sound always gives the same bytes.

    Args:
        path: the file; a WAV is RF64 when it grows beyond 4 GB.
        source: any number of channels.
        length: in samples.
        tick: called with samples written, `length` in all.
        codec: how; when None, 24-bit WAV or FLAC by the suffix of `path`.

    Raises:
        OutputError: no space, no permission, no such folder; or a suffix that says nothing.
    """
    chosen = codec or PLAIN.get(path.suffix.lower())
    if chosen is None:
        raise OutputError(
            f"cannot write {path}: unknown kind of file", hint=f"end it in {', '.join(PLAIN)}"
        )
    with atomic(path) as temporary:
        with Encoder(
            temporary, chosen, channels=source.channels, length=length, name=path
        ) as encoder:
            for start, n in spans(length, PASS):
                encoder.write(source.read(start, n))
                if tick is not None:
                    tick(n)
        _expect_last(temporary, length, path)


def _expect_last(written: Path, length: int, name: Path) -> None:
    """Read the last frame: libsndfile does not tell when a full disk cut it off a FLAC file."""
    try:
        with soundfile.SoundFile(written) as file:
            file.seek(length - 1)
            whole = len(file.read(1)) == 1
    except soundfile.LibsndfileError as error:
        raise unwritten(name, error) from error
    if not whole:
        raise unwritten(name, EOFError())


def write_stem(path: Path, source: BlockSource, length: int, tick: Tick | None = None) -> None:
    """Write a stem: 48 kHz, 32-bit float, nothing rounded and nothing clipped."""
    write_sound(path, source, length, tick, codec=STEM)
