"""Every recording becomes a clean bed or is refused in a sentence; what is fine is left alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from msgspec.structs import replace
from recordings import SECOND, air, sea, written

from undersong.ambience.bed import load_bed, open_bed
from undersong.ambience.intake import accept as accepting
from undersong.ambience.intake.accept import Accepted, Wish, accept, name_from
from undersong.ambience.intake.clipping import Flats, redrawn
from undersong.ambience.intake.hum import Lines
from undersong.ambience.intake.streams import FOLDS, stereo_48k
from undersong.ambience.intake.survey import survey
from undersong.ambience.intake.width import Widener, Width
from undersong.ambience.rights import missing_rights
from undersong.audio import Frames, spans
from undersong.errors import AmbienceError, AudioFileError, OutputError
from undersong.recipes.library import Library

OWN = Wish(name="place", title="Place", licence="CC-BY-4.0", credit="Recorded by a test")


class Silent:
    """Watches nothing."""

    def stage(self, _name: str, _total: int) -> Callable[[int], None]:
        return lambda _steps: None


def brought_in(path: Path, root: Path, wish: Wish = OWN) -> Accepted:
    return accept(path, root, wish, None, Silent())


def sound_of(accepted: Accepted) -> Frames:
    sound, rate = soundfile.read(accepted.recording, dtype="float32", always_2d=True)
    assert rate == SECOND
    assert sound.shape[1] == 2
    return sound


def said(accepted: Accepted, words: str) -> bool:
    return any(words in text for text in accepted.done)


def hum(hz: float, seconds: int, amplitude: float) -> Frames:
    t = np.arange(seconds * SECOND) / SECOND
    lines = sum(amplitude / n * np.sin(2 * np.pi * hz * n * t) for n in (1, 2, 3))
    return np.repeat(lines[:, None], 2, axis=1).astype(np.float32)


def line_db(sound: Frames, hz: float) -> float:
    """How far a line stands above what is 4 to 8 Hz beside it."""
    power = np.abs(np.fft.rfft(sound[: 12 * SECOND, 0] * np.hanning(12 * SECOND))) ** 2
    k = round(hz * 12)
    beside = np.concatenate([power[k - 96 : k - 48], power[k + 48 : k + 96]])
    return float(10 * np.log10(power[k - 2 : k + 3].max() / np.median(beside)))


def test_a_good_recording_is_left_as_it_is(tmp_path: Path):
    sound = air(14)
    accepted = brought_in(written(tmp_path / "good.wav", sound), tmp_path)
    clean = sound_of(accepted)
    assert not [text for text in accepted.done if "stand" not in text]
    gain = np.abs(clean).max() / np.abs(sound).max()
    late = slice(SECOND, -SECOND)  # once the high-pass has settled
    assert np.corrcoef(clean[late, 0], sound[late, 0])[0, 1] > 0.98
    assert np.abs(clean).max() == pytest.approx(0.5, rel=0.1)
    assert gain > 1.0


KINDS = {
    "mono": (lambda x: x.mean(axis=1), SECOND, "FLAC", "PCM_16", "mono: made stereo"),
    "8 kHz": (lambda x: soxr.resample(x, SECOND, 8000), 8000, "WAV", "PCM_16", "above 4000 Hz"),
    "192 kHz": (lambda x: soxr.resample(x, SECOND, 192_000), 192_000, "WAV", "PCM_24", "192000 Hz"),
    "24 bit": (lambda x: x, SECOND, "WAV", "PCM_24", ""),
    "float": (lambda x: 8.0 * x, SECOND, "WAV", "FLOAT", ""),
    "8 bit": (lambda x: 4.0 * x, 44_100, "WAV", "PCM_U8", "44100 Hz"),
    "6 channels": (lambda x: np.tile(x, 3) * 0.5, SECOND, "WAV", "PCM_16", "6 channels: folded"),
    "offset": (lambda x: x + 0.1, SECOND, "WAV", "PCM_24", "offset of -20 dBFS"),
    "ogg": (lambda x: x, SECOND, "OGG", "VORBIS", ""),
    "head": (lambda x: np.pad(x, ((SECOND, 0), (0, 0))), SECOND, "WAV", "PCM_16", "at the head"),
    "tail": (lambda x: np.pad(x, ((0, SECOND), (0, 0))), SECOND, "WAV", "PCM_16", "at the tail"),
    "one side": (lambda x: x * [1.0, 0.0], SECOND, "WAV", "PCM_16", "only the left channel"),
    "other side": (lambda x: x * [0.0, 1.0], SECOND, "WAV", "PCM_16", "only the right channel"),
    "unbalanced": (lambda x: x * [1.0, 0.5], SECOND, "WAV", "PCM_24", "dB louder: balanced"),
    "upside down": (
        lambda x: x.mean(axis=1, keepdims=True) * [1.0, -1.0], SECOND, "WAV", "PCM_24", "turned",
    ),
    "quiet": (lambda x: x * 0.02, SECOND, "WAV", "PCM_24", "very quiet"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_clean_bed(kind: str, tmp_path: Path):
    change, rate, container, subtype, words = KINDS[kind]
    path = tmp_path / "source.sound"
    soundfile.write(path, change(air(13)), rate, format=container, subtype=subtype)
    accepted = brought_in(path, tmp_path)
    clean = sound_of(accepted)
    assert said(accepted, words) or not words
    assert 11 * SECOND < len(clean) < 14.5 * SECOND
    assert np.abs(clean.mean(axis=0, dtype=np.float64)).max() < 1e-4
    assert 0.2 < np.abs(clean).max() < 1.0
    bed = load_bed("place", Library.find(tmp_path))
    assert bed.kind == "recorded"
    source = open_bed(bed, 1)
    sound = source.read(5 * SECOND, 10 * SECOND)
    assert np.array_equal(source.read(7 * SECOND, SECOND), sound[2 * SECOND : 3 * SECOND])
    assert 0.001 < float(np.sqrt(np.mean(sound**2))) < 0.1
    correlation = np.corrcoef(*np.diff(sound, axis=0).T)[0, 1]
    assert 0.0 < correlation < 0.8


@pytest.mark.parametrize("suffix", [".m4a", ".mp3"])
def test_lossy_recordings_too(suffix: str, tmp_path: Path):
    import subprocess  # noqa: PLC0415 - only here

    import imageio_ffmpeg  # noqa: PLC0415 - only here

    path, source = tmp_path / f"phone{suffix}", written(tmp_path / "x.wav", air(13))
    words = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), str(path)]
    subprocess.run(words, check=True)
    assert len(sound_of(brought_in(path, tmp_path))) == pytest.approx(13 * SECOND, abs=9600)


REFUSED = {
    "missing": (None, "no such sound file"),
    "empty": (np.zeros((0, 2)), "no sound"),
    "a fifth of a second": (air(1)[:9600], "10 s are the least"),
    "nothing": (np.zeros((12 * SECOND, 2)), "silent"),
    "cut off": (np.clip(40.0 * air(12), -1.0, 1.0), "too much to mend"),
    "not a number": (np.where(np.arange(2) < 1, np.nan, air(12)), "not numbers"),
    "twelve channels": (np.tile(air(12), 6), "12 channels"),
}


def test_a_recording_kept_as_wav_is_what_flac_rounds(tmp_path: Path):
    path = written(tmp_path / "good.wav", air(14))
    packed = brought_in(path, tmp_path / "packed")
    plain = brought_in(path, tmp_path / "plain", replace(OWN, kept="wav"))
    assert plain.recording.name == "place.wav"
    assert '"place.wav"' in plain.bed.read_text(encoding="utf-8")
    assert np.abs(sound_of(plain) - sound_of(packed)).max() <= 2.0**-23
    bed = load_bed("place", Library.find(tmp_path / "plain"))
    assert open_bed(bed, 1).read(0, SECOND).std() > 0
    plain.bed.unlink()
    with pytest.raises(AmbienceError, match=r"already .*place\.wav"):
        brought_in(path, tmp_path / "plain")


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_become_a_bed_is_refused_and_leaves_nothing(kind: str, tmp_path: Path):
    sound, words = REFUSED[kind]
    path = tmp_path / "source.wav"
    if sound is not None:
        soundfile.write(path, sound, SECOND, subtype="FLOAT")
    with pytest.raises(AudioFileError, match=words):
        brought_in(path, tmp_path / "library")
    assert not (tmp_path / "library" / "ambience" / "place.yaml").exists()
    assert not list((tmp_path / "library").rglob("*.flac"))


def test_other_rates_are_refused(tmp_path: Path):
    path = written(tmp_path / "slow.wav", air(1), rate=4000, subtype="PCM_16")
    with pytest.raises(AudioFileError, match="legal: 8000 to 384000 Hz"):
        survey(path)


def test_a_file_that_is_damaged_further_in_is_refused(tmp_path: Path):
    path = written(tmp_path / "hurt.flac", air(13))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(range(250)) * 12
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match="cannot read"):
        brought_in(path, tmp_path)


@pytest.mark.parametrize("mains_hz", [50.02, 59.97])
def test_hum_is_taken_out(mains_hz: float, tmp_path: Path):
    sound = air(20) + hum(mains_hz, 20, 0.01)
    accepted = brought_in(written(tmp_path / "hum.wav", sound), tmp_path)
    assert said(accepted, "mains hum at")
    assert accepted.found.hum_hz[0] == pytest.approx(mains_hz, abs=0.1)
    clean = sound_of(accepted)[4 * SECOND :]
    assert line_db(sound, mains_hz) - line_db(clean, mains_hz) > 15.0


@pytest.mark.parametrize("place", [air, sea])
def test_hum_is_not_found_where_there_is_none(place: Callable[[int, int], Frames]):
    for seed in range(3):
        lines = Lines()
        lines.push(place(13, seed + 40))
        assert lines.found() == ()


def test_short_cuts_are_drawn_anew():
    sound = air(12) * 8.0
    top = 0.75 * float(np.abs(sound).max())
    cut = np.clip(sound, -top, top)
    flats = Flats()
    for start, n in spans(len(cut), 7001):
        flats.push(cut[start : start + n])
    assert 0.0 < flats.share < 0.01
    blocks = (cut[start : start + n] for start, n in spans(len(cut), 4801))
    mended = np.concatenate(list(redrawn(blocks, flats.top, SECOND)))
    assert mended.shape == cut.shape
    hurt = np.abs(sound) > top
    assert np.abs(mended - sound)[hurt].mean() < 0.8 * np.abs(cut - sound)[hurt].mean()
    whole = np.concatenate(list(redrawn(iter([cut]), flats.top, SECOND)))
    assert np.array_equal(mended, whole)


def test_a_sound_that_is_not_cut_has_no_flats():
    flats = Flats()
    flats.push(air(4))
    flats.push(np.zeros((0, 2), np.float32))
    assert flats.share == 0.0


def test_folding_keeps_front_sides_and_leaves_the_low_channel_out():
    for channels, shares in FOLDS.items():
        eye = np.eye(channels, dtype=np.float32)
        (folded,) = stereo_48k(iter([eye]), channels, SECOND)
        assert folded == pytest.approx(np.array(shares, np.float32).T)
    left, right = np.array(FOLDS[6])
    assert left[3] == right[3] == 0.0


def test_widening_keeps_the_mono_sum():
    mono = np.repeat(air(3)[:, :1], 2, axis=1)
    width = Width()
    width.push(mono)
    plan = width.plan()
    widener = Widener(plan)
    wide = np.concatenate([widener.push(mono[s : s + n]) for s, n in spans(len(mono), 5000)])
    assert wide.mean(axis=1)[1024:] == pytest.approx(mono[:-1024, 0], abs=1e-6)
    measured = Width()
    measured.push(wide[4096:])
    assert not measured.plan().words
    assert 0.3 < np.corrcoef(*np.diff(wide[4096:], axis=0).T)[0, 1] < 0.7


def test_too_wide_is_narrowed():
    one, other = air(3, 1).mean(axis=1), air(3, 2).mean(axis=1)
    sound = np.stack([one, other - 0.3 * one], axis=1)
    width = Width()
    width.push(sound)
    assert any("narrowed" in text for text in width.plan().words)
    widener = Widener(width.plan())
    measured = Width()
    measured.push(widener.push(sound)[4096:])
    assert not measured.plan().words


def test_silence_inside_and_loops_and_bangs_are_told(tmp_path: Path):
    turn = air(12)
    turn[5 * SECOND : 6 * SECOND] = 0.0
    accepted = brought_in(written(tmp_path / "x.wav", np.concatenate([turn, turn])), tmp_path)
    assert said(accepted, "repeats itself every 12.0 s")
    assert said(accepted, "s of silence inside")
    loud = air(24)
    loud[12 * SECOND :][:4800] *= 15.0
    banged = brought_in(
        written(tmp_path / "y.wav", loud, subtype="FLOAT"),
        tmp_path,
        Wish(name="bang", title="Bang"),
    )
    assert said(banged, "would startle at 0:1")


def test_the_bed_file_tells_where_it_came_from(tmp_path: Path):
    wish = Wish(name="brook", title='A "brook": 2', about="x # y", licence="CC0-1.0", credit="Ö")
    source = written(tmp_path / "R 0001.wav", air(12))
    accepted = brought_in(source, tmp_path, wish)
    bed = load_bed("brook", Library.find(tmp_path))
    assert (bed.title, bed.about, bed.licence, bed.credit) == (
        'A "brook": 2', "x # y", "CC0-1.0", "Ö",
    )  # fmt: skip
    text = accepted.bed.read_text(encoding="utf-8")
    assert 'file: "R 0001.wav"' in text
    assert "sha256: " in text
    assert missing_rights(bed) == ()


def test_a_bed_without_rights_is_not_to_be_published(tmp_path: Path):
    source = written(tmp_path / "x.wav", air(12))
    library = Library.find(tmp_path)
    brought_in(source, tmp_path, Wish(name="bare", title="Bare"))
    assert [words.rsplit(" ", 1)[1] for words in missing_rights(load_bed("bare", library))] == [
        "licence", "credit",
    ]  # fmt: skip
    wish = Wish(name="nd", title="x", licence="CC BY-NC-ND 4.0", credit="me")
    brought_in(source, tmp_path, wish)
    assert "allows no adaptations" in missing_rights(load_bed("nd", library))[0]
    assert missing_rights(load_bed("waves", library)) == ()


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(name="a/b", title="x"), "cannot be the name"),
        (Wish(name="taken", title="x"), "there is already"),
        (Wish(name="new", title="x" * 300), "the title: this text is too long"),
        (Wish(name="new", title="x", credit="a\x07b"), "the credit: a character"),
    ],
)
def test_wrong_wishes_are_refused_before_any_work(wish: Wish, words: str, tmp_path: Path):
    (tmp_path / "ambience").mkdir()
    (tmp_path / "ambience" / "taken.yaml").write_text("title: x\n")
    with pytest.raises(AmbienceError, match=words):
        brought_in(tmp_path / "never-opened.wav", tmp_path, wish)


def test_a_bed_file_that_cannot_be_written_takes_the_recording_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_path: Path, _text: str) -> None:
        raise OutputError("no space")

    monkeypatch.setattr(accepting, "write_text", full)
    with pytest.raises(OutputError, match="no space"):
        brought_in(written(tmp_path / "x.wav", air(12)), tmp_path)
    assert not list((tmp_path / "ambience").iterdir())


def test_names_come_from_files():
    assert name_from(Path("DR05_0007 Brook (far).WAV")) == "dr05-0007-brook-far"
    assert name_from(Path("___.wav")) == "recording"
