"""Delivered files hold what their manifest says, by meters and decoders that are not ours."""

import math
import os
import signal
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pyebur128
import pytest
import soundfile
from deliver_sounds import LENGTH, Held, Mastered, make_order, narrated, room_for
from msgspec.structs import replace
from scipy.signal import resample_poly

from undersong.audio import BlockSource, Frames
from undersong.deliver import encode, piped
from undersong.deliver.codecs import CODECS, Encoder
from undersong.deliver.encode import deliver
from undersong.deliver.proof import read_back
from undersong.errors import LoudnessError, OutputError
from undersong.files import digest_file
from undersong.interrupts import interrupt
from undersong.manifest import Deliverable
from undersong.recipes.profiles import FORMATS, PROFILES


def independent_levels(frames: Frames) -> tuple[float, float]:
    """Integrated loudness by libebur128 and the true peak of an eightfold oversampling."""
    meter = pyebur128.R128State(2, 48_000, pyebur128.MeasurementMode.MODE_I)
    meter.add_frames(frames.reshape(-1), len(frames))
    peak = np.abs(resample_poly(frames.astype(np.float64), 8, 1, axis=0)).max()
    return pyebur128.get_loudness_global(meter), 20 * math.log10(peak)


def encoded_size(name: str, folder: Path) -> int:
    path = folder / f"size.{name}"
    with Encoder(path, CODECS[name], channels=2, length=LENGTH, name=path) as encoder:
        encoder.write(narrated())
    return path.stat().st_size


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Deliverable]]:
    folder = tmp_path_factory.mktemp("delivered") / "new" / "folder"
    return folder, {item.format: item for item in deliver(make_order(folder))}


def test_files_come_in_the_order_of_their_formats(delivered):
    folder, items = delivered
    assert tuple(items) == ("mp3", "flac", "wav", "opus")
    assert sorted(path.name for path in folder.iterdir()) == sorted(i.file for i in items.values())


@pytest.mark.parametrize("name", FORMATS)
def test_decoded_file_holds_its_profile_by_independent_meters(delivered, name):
    folder, items = delivered
    frames, rate = soundfile.read(folder / items[name].file, dtype="float32")
    loudness, peak = independent_levels(frames)
    assert rate == 48_000
    assert loudness == pytest.approx(PROFILES["podcast"].integrated_lufs, abs=0.06)
    assert peak <= PROFILES["podcast"].ceiling_dbtp
    assert items[name].levels.integrated_lufs == pytest.approx(loudness, abs=0.02)
    assert items[name].levels.true_peak_dbtp == pytest.approx(peak, abs=0.05)


@pytest.mark.parametrize("name", FORMATS)
def test_length_is_exact_to_the_sample_in_two_decoders(delivered, name, tmp_path):
    folder, items = delivered
    path, raw = folder / items[name].file, tmp_path / "raw"
    assert len(soundfile.read(path)[0]) == LENGTH
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-map", "0:a"]
    answer = subprocess.run([*ffmpeg, "-f", "f32le", raw], capture_output=True, check=True)
    assert answer.stderr == b""
    assert raw.stat().st_size == LENGTH * 2 * 4
    assert items[name].levels.length_s == LENGTH / 48_000


def test_record_of_a_file_is_what_lies_on_the_disk(delivered):
    folder, items = delivered
    for item in items.values():
        assert item.size_bytes == (folder / item.file).stat().st_size
        assert item.sha256 == digest_file(folder / item.file)


def test_lossless_files_are_the_master_to_24_bits(delivered):
    folder, items = delivered
    order = make_order(folder)
    master = order.masters[0](order.gain_db, order.goal.ceiling_dbtp).read(0, LENGTH)
    for name in ("wav", "flac"):
        frames, _ = soundfile.read(folder / items[name].file, dtype="float32")
        assert np.abs(frames - master).max() <= 2.0**-23
        assert items[name].gain_db == order.gain_db
        assert items[name].encodes == 1


def test_lame_scaling_is_made_up_for_at_the_first_encode(delivered):
    _, items = delivered
    assert items["mp3"].gain_db - items["wav"].gain_db == pytest.approx(0.445, abs=0.1)
    assert items["mp3"].encodes <= 2


def test_the_same_order_gives_the_same_bytes(delivered, tmp_path):
    _, items = delivered
    again = deliver(make_order(tmp_path))
    assert {item.format: item for item in again} == items


def test_one_pass_over_the_sound_feeds_all_files(tmp_path):
    source = Held(narrated())
    master = Mastered(source)
    deliver(make_order(tmp_path, ("flac", "wav"), master=master))
    assert source.read_frames < 1.2 * LENGTH  # the limiter's context is read again
    assert len(master.asked) == 1


def test_ticks_add_up_to_the_steps_of_the_order(tmp_path):
    ticks: list[int] = []
    order = make_order(tmp_path, ("wav", "flac"))
    deliver(order, ticks.append)
    assert sum(ticks) == order.steps == 4 * LENGTH


def test_a_lossless_file_that_gives_back_what_was_written_has_the_levels_of_its_master(tmp_path):
    order = make_order(tmp_path, ("wav", "flac"))
    measured = {item.format: item for item in deliver(order)}
    levels = measured["wav"].levels
    assert levels == measured["flac"].levels
    ticks: list[int] = []
    compared = deliver(replace(order, levels=levels), ticks.append)
    assert {item.format: item for item in compared} == measured
    assert sum(ticks) == order.steps


def test_two_threads_make_the_same_files_as_one(tmp_path):
    order = make_order(tmp_path, length=23 * 48_000)
    alone = deliver(order)
    more = tuple(Mastered(Held(narrated(order.length))) for _ in range(2))
    assert deliver(replace(order, masters=more)) == alone


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_lossless_file_that_gives_back_other_numbers_is_refused(tmp_path, name, monkeypatch):
    def scribbled(path: Path, first: int, blocks: int) -> tuple[int, list[int]]:
        frames, rate = soundfile.read(path, dtype="int32")
        frames[1000] ^= 1 << 8
        soundfile.write(path, frames, rate, subtype="PCM_24")
        return read_back(path, first, blocks)

    order = make_order(tmp_path, (name,))
    (known,) = deliver(order)
    (tmp_path / known.file).unlink()
    monkeypatch.setattr(encode, "read_back", scribbled)
    with pytest.raises(OutputError, match="gives back other numbers"):
        deliver(replace(order, levels=known.levels))
    assert list(tmp_path.iterdir()) == []


def test_a_gain_that_misses_is_corrected_from_the_decoded_file(tmp_path):
    order = make_order(tmp_path, ("wav",))
    (item,) = deliver(replace(order, gain_db=order.gain_db + 0.4))
    assert item.encodes == 2
    assert item.gain_db == pytest.approx(order.gain_db, abs=0.03)


def test_a_peak_above_the_ceiling_lowers_the_limiter(tmp_path):
    class Overshooting(Mastered):
        """A limiter that lets everything through 0.5 dB higher than it says."""

        def __call__(self, gain_db: float, ceiling_dbtp: float) -> BlockSource:
            return super().__call__(gain_db, ceiling_dbtp + 0.5)

    master = Overshooting(Held(narrated()))
    order = make_order(tmp_path, ("wav",), profile="loud", master=master)
    (item,) = deliver(order)
    assert item.encodes > 1
    assert item.ceiling_dbtp < order.goal.ceiling_dbtp - 0.4
    assert item.levels.true_peak_dbtp <= order.goal.ceiling_dbtp


def test_what_cannot_hold_is_refused_and_leaves_nothing(tmp_path):
    class Stuck(Mastered):
        """Sound that ignores the gain asked for."""

        def __call__(self, gain_db: float, ceiling_dbtp: float) -> BlockSource:
            super().__call__(gain_db, ceiling_dbtp)
            return Held(narrated())

    master = Stuck(Held(narrated()))
    with pytest.raises(LoudnessError, match=r"shore\.mp3 reaches .* \(encoded 4 times\)"):
        deliver(make_order(tmp_path, ("mp3", "flac"), master=master))
    assert list(tmp_path.iterdir()) == []
    assert len(master.asked) == 2 * encode.MAX_ENCODES


def test_silence_is_refused_at_once(tmp_path):
    master = Mastered(Held(np.zeros((LENGTH, 2), np.float32)))
    with pytest.raises(LoudnessError, match="-inf LUFS"):
        deliver(make_order(tmp_path, ("wav",), master=master))
    assert len(master.asked) == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("missing", [100, 100_000])
def test_full_disk_is_told_and_leaves_nothing(tmp_path, name, missing):
    size = encoded_size(name, tmp_path)
    folder = tmp_path / "out"
    with room_for(max(size - missing, 1)), pytest.raises(OutputError, match=f"shore.{name}"):
        deliver(make_order(folder, (name,)))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_disk_filled_by_tags_is_told_and_leaves_nothing(tmp_path, name):
    size = encoded_size(name, tmp_path)
    folder, order = tmp_path / "out", make_order(tmp_path / "out", (name,))
    lyrics = replace(order.tags, lyrics="word " * 20_000)
    with room_for(size + 50_000), pytest.raises(OutputError, match=f"shore.{name}"):
        deliver(replace(order, tags=lyrics))
    assert list(folder.iterdir()) == []


def test_failure_keeps_the_files_of_an_earlier_delivery(tmp_path):
    (tmp_path / "shore.wav").write_bytes(b"earlier")
    with room_for(1000), pytest.raises(OutputError):
        deliver(make_order(tmp_path, ("wav",)))
    assert [path.name for path in tmp_path.iterdir()] == ["shore.wav"]
    assert (tmp_path / "shore.wav").read_bytes() == b"earlier"


@pytest.mark.parametrize("after", [LENGTH // 3, LENGTH, 2 * LENGTH])
def test_interrupting_leaves_nothing(tmp_path, after):
    done = 0

    def interrupted(n: int) -> None:
        nonlocal done
        done += n
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(make_order(tmp_path, ("mp3", "opus")), interrupted)
    assert list(tmp_path.iterdir()) == []


def test_interrupting_the_start_of_an_encoder_leaves_no_process_and_no_file(tmp_path, monkeypatch):
    started = []

    def interrupted(*arguments, **pipes):
        started.append(subprocess_popen(*arguments, **pipes))
        os.kill(os.getpid(), signal.SIGTERM)
        return started[-1]

    subprocess_popen = subprocess.Popen
    before = signal.signal(signal.SIGTERM, interrupt)
    monkeypatch.setattr(piped.subprocess, "Popen", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            deliver(make_order(tmp_path, ("mp3", "opus")))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        deliver(make_order(tmp_path / "out", ("wav",)))


def test_damage_between_writing_and_checking_is_told(tmp_path):
    class Cutting(Mastered):
        """Replaces what was written as soon as its last block is read."""

        def __call__(self, gain_db: float, ceiling_dbtp: float) -> BlockSource:
            self.source = Held(narrated())
            return super().__call__(gain_db, ceiling_dbtp)

    def scribble(n: int) -> None:
        nonlocal seen
        seen += n
        if seen == LENGTH:
            (temporary,) = tmp_path.iterdir()
            temporary.unlink()
            temporary.write_bytes(b"no sound at all")

    seen = 0
    order = make_order(tmp_path, ("wav",), master=Cutting(Held(narrated())))
    with pytest.raises(OutputError, match=r"shore\.wav"):
        deliver(order, scribble)
