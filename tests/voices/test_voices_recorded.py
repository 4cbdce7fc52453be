import io
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from voices_kit import put, rest, speech, wav

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices.recorded import Recorded, RecordedOptions, take_name
from undersong.voices.takes import Origin, take_key
from undersong.voices.trim import decode

FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_24"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "aiff": ("AIFF", "PCM_16"),
}
BODY = np.concatenate([rest(0.3), speech(1.0), rest(0.3)])


def voice(root: Path) -> Recorded:
    return Recorded(RecordedOptions(folder="takes"), root)


def record(root: Path, name: str, audio: bytes | None = None) -> Path:
    path = root / "takes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(wav(BODY) if audio is None else audio)
    return path


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Let yourself arrive.", "let-yourself-arrive"),
        ("You’re here – it’s 20 °C, isn't it?", "youre-here-its-20-c-isnt-it"),
        ("Café, naïve… Größe", "cafe-naive-grosse"),
        ("One two three four five six seven eight", "one-two-three-four-five-six-seven-eight"),
        (
            "And now let your attention move down to your left foot.",
            "and-now-let-your-attention-move-down-to-1d914c",
        ),
        ("放松你的肩膀。", "x54d21fee"),
    ],
)
def test_a_take_is_named_by_what_it_says(written: str, name: str) -> None:
    assert take_name(written) == name


def test_long_phrases_that_begin_alike_and_other_scripts_have_names_of_their_own() -> None:
    left = "And now let your attention move down to your left foot."
    assert take_name(left) != take_name(left.replace("left", "right"))
    assert take_name("放松。") != take_name("呼吸。")
    assert take_name("放松。") == take_name("放松")


@pytest.mark.parametrize(
    "name",
    [
        "let-yourself-arrive.wav",
        "Let yourself arrive.wav",
        "LET_yourself…arrive!.WAV",
    ],
)
def test_case_spaces_and_punctuation_of_the_file_do_not_matter(tmp_path: Path, name: str) -> None:
    record(tmp_path, name)
    assert voice(tmp_path).say(sentence("Let yourself arrive.")).audio == wav(BODY)


def test_a_long_phrase_may_be_named_in_full(tmp_path: Path) -> None:
    line = "And now let your attention move down to your left foot."
    record(tmp_path, f"{line[:-1]}.wav")
    assert voice(tmp_path).unsayable([sentence(line)]) == {}


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    record(tmp_path, "in.flac", wav(BODY, form="FLAC", subtype="PCM_24"))
    record(tmp_path, "let-go.ogg", wav(BODY, form="OGG", subtype="VORBIS"))
    record(tmp_path, "notes.txt", b"second take is better")
    record(tmp_path, ".hidden.wav", b"")
    requests = [sentence("In."), sentence("Let go.")]
    check_engine(Recorded, RecordedOptions(folder="takes"), tmp_path, requests)


@pytest.mark.parametrize("suffix", FORMATS)
def test_formats_that_soundfile_knows(tmp_path: Path, suffix: str) -> None:
    form, subtype = FORMATS[suffix]
    record(tmp_path, f"let-go.{suffix}", wav(BODY, form=form, subtype=subtype))
    sound = decode(voice(tmp_path).say(sentence("Let go.")))
    assert len(sound) == pytest.approx(len(BODY), abs=3_000)


@pytest.mark.parametrize("suffix", ["m4a", "wma", "mka"])
def test_formats_that_it_does_not_know_come_through_ffmpeg(tmp_path: Path, suffix: str) -> None:
    source = record(tmp_path, "source.wav")
    made = source.with_name(f"let-go.{suffix}")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", source, made]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    first = voice(tmp_path).say(sentence("Let go."))
    assert first == voice(tmp_path).say(sentence("Let go."))
    samples, _ = soundfile.read(io.BytesIO(first.audio))
    assert np.abs(samples).max() == pytest.approx(np.abs(BODY).max(), rel=0.2)
    assert len(decode(first)) == pytest.approx(len(BODY), abs=6_000)


def test_all_missing_takes_are_told_with_the_names_they_should_have(tmp_path: Path) -> None:
    record(tmp_path, "let-go.wav")
    found = voice(tmp_path).unsayable([sentence("In."), sentence("Let go."), sentence("Be here.")])
    assert sorted(found) == [0, 2]
    assert "`in.wav`" in found[0]
    assert "`be-here.wav`" in found[2]
    assert "“Be here.”" in found[2]
    with pytest.raises(VoiceError, match=r"no take `in\.wav`"):
        voice(tmp_path).say(sentence("In."))


def test_two_takes_of_one_phrase_are_an_error(tmp_path: Path) -> None:
    record(tmp_path, "let-go.wav")
    record(tmp_path, "Let go.flac")
    with pytest.raises(VoiceError, match=r"several takes of “Let go\.”: Let go\.flac, let-go\.wav"):
        voice(tmp_path).say(sentence("Let go."))


def test_a_list_says_which_file_says_what(tmp_path: Path) -> None:
    record(tmp_path, "REC_0007.wav")
    put(tmp_path / "takes" / "takes.csv", "file,text\nREC_0007.wav,Let go.\nREC_0008.wav,In.\n")
    engine = voice(tmp_path)
    assert engine.check() is None
    assert engine.say(sentence("Let go")).audio == wav(BODY)
    assert engine.unsayable([sentence("In.")]) == {
        0: "takes.csv names REC_0008.wav, which is not there"
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"datei;satz\n", "columns `text` and `file`"), (b"\xff\xfe\x00", "cannot read")],
)
def test_a_list_that_cannot_be_read_is_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    record(tmp_path, "takes.csv", content)
    assert words in (voice(tmp_path).check() or "")


def test_a_folder_that_is_not_there_is_a_reason_and_has_a_fingerprint(tmp_path: Path) -> None:
    assert "no folder of recorded takes" in (voice(tmp_path).check() or "")
    assert voice(tmp_path).fingerprint


@pytest.mark.parametrize("audio", [b"", b"RIFF....WAVEfmt ", b"<html>not a take</html>"])
def test_a_take_that_cannot_be_read_is_named(tmp_path: Path, audio: bytes) -> None:
    record(tmp_path, "let-go.wav", audio)
    with pytest.raises(VoiceError, match=r"let-go\.wav"):
        voice(tmp_path).say(sentence("Let go."))


def test_a_take_is_known_by_its_own_file_alone(tmp_path: Path) -> None:
    def key(text: str = "Let go.") -> str:
        return take_key(Origin.of(voice(tmp_path), RecordedOptions(folder="takes")), sentence(text))

    nothing = key()
    record(tmp_path, "let-go.wav")
    first = key()
    record(tmp_path, "in.wav")
    record(tmp_path, "notes.txt", b"nothing to do with the sound")
    assert key() == first != nothing
    record(tmp_path, "let-go.wav", wav(speech(0.5)))
    second = key()
    assert second != first
    put(tmp_path / "takes" / "takes.csv", "file,text\nlet-go.wav,In.\n")
    assert key() == second
    put(tmp_path / "takes" / "takes.csv", "file,text\nin.wav,Let go.\n")
    assert key() == first
    put(tmp_path / "takes" / "takes.csv", "file,text\nout.wav,Let go.\n")
    assert key() not in {first, second}


def test_a_phrase_tells_its_files_also_those_that_are_not_there(tmp_path: Path) -> None:
    record(tmp_path, "in.wav")
    record(tmp_path, "let-go.wav")
    record(tmp_path, "Let go.flac")
    put(tmp_path / "takes" / "takes.csv", "file,text\nREC_0008.wav,Out.\n")
    engine = voice(tmp_path)
    told = [[path.name for path in engine.files_of(t)] for t in ("Go.", "In.", "Out.")]
    assert told == [[], ["in.wav"], ["REC_0008.wav"]]
    assert len(engine.files_of("Let go.")) == 2
    engine.close()
    assert len(engine.files_of("In.")) == 1


def test_takes_that_may_not_be_read_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, "let-go.wav")

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("undersong.files.digest_file", refuse)
    origin = Origin.of(voice(tmp_path), RecordedOptions(folder="takes"))
    with pytest.raises(VoiceError, match="cannot read a take"):
        take_key(origin, sentence("Let go."))
