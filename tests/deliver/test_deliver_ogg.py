"""Ogg pages with one serial number and right checksums, by an own reading of RFC 3533."""

import struct

import numpy as np
import pytest
import soundfile
from deliver_sounds import narrated

from undersong.deliver.ogg import SERIAL, settle_serial


def checksum(page: bytes) -> int:
    """CRC of RFC 3533 section 6: polynomial 04c11db7, from 0, nothing reflected."""
    crc = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return crc


def pages(content: bytes) -> list[bytes]:
    found = []
    while content:
        assert content[:4] == b"OggS"
        segments = content[27 : 27 + content[26]]
        size = 27 + len(segments) + sum(segments)
        found.append(content[:size])
        content = content[size:]
    return found


@pytest.fixture
def opus(tmp_path):
    path = tmp_path / "a.opus"
    with soundfile.SoundFile(path, "w", 48_000, 2, "OPUS", format="OGG") as file:
        file.write(narrated()[:48_000])
    return path


def test_only_serials_and_checksums_change(opus):
    before = pages(opus.read_bytes())
    settle_serial(opus)
    after = pages(opus.read_bytes())
    assert len(after) == len(before) > 3
    for old, new in zip(before, after, strict=True):
        assert struct.unpack_from("<I", new, 14)[0] == SERIAL
        assert struct.unpack_from("<I", new, 22)[0] == checksum(new)
        assert old[:14] + old[18:22] + old[26:] == new[:14] + new[18:22] + new[26:]


def test_the_sound_stays(opus):
    before, _ = soundfile.read(opus)
    settle_serial(opus)
    np.testing.assert_array_equal(soundfile.read(opus)[0], before)


def test_settling_twice_changes_nothing(opus):
    settle_serial(opus)
    once = opus.read_bytes()
    settle_serial(opus)
    assert opus.read_bytes() == once
