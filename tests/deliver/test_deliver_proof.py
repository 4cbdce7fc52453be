"""A file read behind its encoder gives back what it will give back when it is finished."""

import numpy as np
import pytest
import soundfile
from deliver_sounds import RATE, Held, Mastered, make_order, narrated
from msgspec.structs import replace

from undersong.audio import PASS, spans
from undersong.deliver import encode, proof
from undersong.deliver.codecs import FLAC, Encoder
from undersong.deliver.encode import deliver
from undersong.deliver.proof import LAG, Following, read_back
from undersong.errors import OutputError

LENGTH = 5 * PASS + 12_345


def followed(path, *, damage=None):
    """Write five blocks and a bit; return the checksums written, and those read on the way."""
    frames = narrated(LENGTH)
    with (
        Encoder(path, FLAC, channels=2, length=LENGTH, name=path) as encoder,
        Following(path) as following,
    ):
        for start, n in spans(LENGTH, PASS):
            following.follow(frames)
            encoder.write(frames[start : start + n])
            if damage is not None:
                damage(path, start // PASS)
    return encoder.checksums, following.checksums


def test_blocks_are_read_as_soon_as_they_must_be_there(tmp_path):
    path = tmp_path / "a.flac"
    written, read = followed(path)
    assert len(written) == 6
    assert read == written[: 6 - LAG]
    count, rest = read_back(path, len(read), 6)
    assert (len(read) * PASS + count, read + rest) == (LENGTH, written)


def test_damage_ends_the_following_and_is_found_at_the_end(tmp_path):
    def damage(path, block):
        if block == 2:
            with path.open("r+b") as file:
                file.seek(path.stat().st_size // 2)
                file.write(bytes(100_000))

    path = tmp_path / "a.flac"
    written, read = followed(path, damage=damage)
    assert read == written[: len(read)]
    assert len(read) < 3
    with pytest.raises(soundfile.LibsndfileError):
        read_back(path, len(read), 6)


def test_a_file_that_is_not_there_is_followed_no_further(tmp_path):
    following = Following(tmp_path / "a.flac")
    with following:
        for _ in range(LAG + 2):
            following.follow(None)
    assert following.checksums == []


@pytest.fixture
def order(tmp_path):
    """A track whose levels are known, to be made by two threads."""
    masters = tuple(Mastered(Held(narrated(LENGTH))) for _ in range(2))
    plain = replace(make_order(tmp_path, ("wav", "flac"), length=LENGTH), masters=masters)
    return replace(plain, levels=deliver(plain)[0].levels)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_was_read_on_the_way_is_not_read_again(order, threads, monkeypatch):
    asked, ticks = [], []

    def noted(path, first, blocks):
        asked.append((path.suffix, first))
        return read_back(path, first, blocks)

    monkeypatch.setattr(encode, "read_back", noted)
    deliver(replace(order, masters=order.masters[:threads]), ticks.append)
    assert {first for suffix, first in asked if suffix == ".wav"} >= {0}
    assert min(first for suffix, first in asked if suffix == ".flac") == 6 - LAG
    assert sum(ticks) == order.steps


def test_other_numbers_on_the_way_are_refused(order, monkeypatch):
    class Turned(proof._Onward):
        """Gives back one bit that was not written."""

        def read(self, *arguments, **named):
            numbers = super().read(*arguments, **named)
            numbers[RATE] ^= np.int32(1 << 8)
            return numbers

    monkeypatch.setattr(proof, "_Onward", Turned)
    before = {path.name for path in order.folder.iterdir()}
    with pytest.raises(OutputError, match="gives back other numbers"):
        deliver(order)
    assert {path.name for path in order.folder.iterdir()} == before
