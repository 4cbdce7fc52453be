"""Tags read back by mutagen and ffmpeg; the sound under them does not move."""

import base64
import io
import re
import subprocess

import imageio_ffmpeg
import mutagen
import numpy as np
import pytest
import soundfile
from deliver_sounds import LENGTH, RATE, make_order, narrated
from msgspec.structs import replace
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp3 import MP3
from mutagen.oggopus import OggOpus
from mutagen.wave import WAVE
from PIL import Image

from undersong.deliver import codecs
from undersong.deliver.artwork import Cover
from undersong.deliver.encode import deliver
from undersong.deliver.id3 import MAX_CHAPTERS, tag_bytes, write_mp3_tags, write_wav_tags
from undersong.deliver.tags import DRAFT_NOTE, Tags, language_code
from undersong.deliver.vorbis import write_flac_tags, write_opus_tags
from undersong.manifest import ChapterMark, Levels
from undersong.recipes.profiles import FORMATS
from undersong.timeline.model import Caption, CaptionWord
from undersong.units import Dbtp, Lu, Lufs

WRITERS = {
    "mp3": write_mp3_tags,
    "flac": write_flac_tags,
    "wav": write_wav_tags,
    "opus": write_opus_tags,
}
LEVELS = Levels(
    integrated_lufs=Lufs(-16.02),
    short_term_max_lufs=Lufs(-14),
    momentary_max_lufs=Lufs(-12),
    range_lu=Lu(5),
    true_peak_dbtp=Dbtp(-1.0),
    length_s=LENGTH / RATE,
)


def picture() -> Cover:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return Cover(content=out.getvalue(), mime="image/png", width=40, height=30, depth=24)


def said(text: str, start_s: float) -> Caption:
    start = round(start_s * RATE)
    word = CaptionWord(text=text, start=start, end=start + RATE)
    return Caption(start=start, end=start + RATE, words=(word,))


CHAPTERS = (
    ChapterMark(title="A title that is much longer than those of the others", start_s=0, end_s=2.5),
    ChapterMark(title="Übung", start_s=2.5, end_s=4),
    ChapterMark(title="The shore at dusk", start_s=4, end_s=LENGTH / RATE),
)
TAGS = Tags(
    title="Evening body scan – with Übung",
    artist="Ä. Author",
    album="Shore",
    language="de-AT",
    comment="Not while driving.",
    credits=("Waves: made here.", "Voice: espeak."),
    genre="Guided imagery",
    date="2026-11-21",
    track=2,
    tracks=12,
    cover=picture(),
    chapters=CHAPTERS,
    captions=(said("Arrive.", 1.0), said("Rest.", 3.25)),
    lyrics="Arrive.\n\nRest.",
    draft=True,
)
NOTE = f"Not while driving.\n{DRAFT_NOTE}\nWaves: made here.\nVoice: espeak."


@pytest.fixture(params=FORMATS)
def encoded(request, tmp_path):
    path = tmp_path / f"a.{request.param}"
    codec = codecs.CODECS[request.param]
    with codecs.Encoder(path, codec, channels=2, length=LENGTH, name=path) as encoder:
        encoder.write(narrated())
    return path


def tagged(path, tags=TAGS):
    WRITERS[path.suffix[1:]](path, tags, LEVELS)
    return path


def read_by_ffmpeg(path) -> str:
    """What ffmpeg makes of a file's metadata, in its own text format."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "ffmetadata", "-"]
    answer = subprocess.run(command, capture_output=True, check=True)
    assert answer.stderr == b""
    return answer.stdout.decode()


def test_tags_do_not_touch_the_sound(encoded):
    before, _ = soundfile.read(encoded)
    tagged(encoded)
    np.testing.assert_array_equal(soundfile.read(encoded)[0], before)
    tagged(encoded, Tags(title="B", artist="", album="", language="en"))
    np.testing.assert_array_equal(soundfile.read(encoded)[0], before)


def test_the_same_tags_give_the_same_bytes(encoded):
    copy = encoded.with_stem("b")
    copy.write_bytes(encoded.read_bytes())
    assert tagged(encoded).read_bytes() == tagged(copy).read_bytes()


def test_ffmpeg_reads_names_and_chapters_in_order(encoded):
    text = read_by_ffmpeg(tagged(encoded)).replace("\\\n", " ")
    keys, *chapters = text.split("[CHAPTER]\n")
    fields = dict(line.split("=", 1) for line in keys.splitlines() if "=" in line)
    if encoded.suffix != ".opus":  # whose names ffmpeg keeps with the stream
        lower = {key.lower(): value for key, value in fields.items()}
        assert lower["title"] == TAGS.title
        assert lower["artist"] == TAGS.artist
        assert lower["comment"].startswith("Not while driving.")
        assert lower["draft"].startswith("Spoken by a draft voice")
    found = [dict(line.split("=", 1) for line in part.splitlines()) for part in chapters]
    assert [entry["title"] for entry in found] == [chapter.title for chapter in CHAPTERS]
    listing = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", encoded]
    shown = subprocess.run(listing, capture_output=True, check=False).stderr.decode()
    starts = [float(text) for text in re.findall(r"Chapter #0:\d+: start ([\d.]+)", shown)]
    assert starts == [chapter.start_s for chapter in CHAPTERS]


def test_id3_in_mp3_is_complete_and_version_2_4(tmp_path):
    path = make_mp3(tmp_path)
    tags = ID3(tagged(path))
    assert tags.version == (2, 4, 0)
    assert not path.read_bytes()[-128:].startswith(b"TAG")  # no version 1 beside it
    texts = {name: str(tags[name]) for name in ("TIT2", "TALB", "TRCK", "TDRC", "TLAN", "TLEN")}
    assert texts == {
        "TIT2": TAGS.title,
        "TALB": "Shore",
        "TRCK": "2/12",
        "TDRC": "2026-11-21",
        "TLAN": "deu",
        "TLEN": "6003",
    }
    assert str(tags["COMM::deu"]) == NOTE
    assert tags["USLT::deu"].text == TAGS.lyrics
    assert tags["SYLT::deu"].text == [("Arrive.", 1000), ("Rest.", 3250)]
    assert str(tags["TXXX:REPLAYGAIN_TRACK_GAIN"]) == "-1.98 dB"
    assert str(tags["TXXX:REPLAYGAIN_TRACK_PEAK"]) == "0.891251"
    assert str(tags["TXXX:DRAFT"]) == DRAFT_NOTE
    assert tags["APIC:"].data == picture().content
    assert tags["CTOC:toc"].child_element_ids == ["chp000", "chp001", "chp002"]
    assert tags["CHAP:chp001"].sub_frames["TIT2"].text == ["Übung"]
    assert (tags["CHAP:chp001"].start_time, tags["CHAP:chp001"].end_time) == (2500, 4000)


def make_mp3(folder):
    path = folder / "a.mp3"
    with codecs.Encoder(path, codecs.MP3, channels=2, length=LENGTH, name=path) as encoder:
        encoder.write(narrated())
    return path


def test_chapters_lie_in_the_tag_in_order_of_time():
    content = tag_bytes(TAGS, LEVELS)
    first = content.index(b"CHAP\x00")
    places = [content.index(chapter.title.encode(), first) for chapter in CHAPTERS]
    assert places == sorted(places)


def test_new_tags_replace_older_ones(tmp_path):
    path = tagged(make_mp3(tmp_path))
    tagged(path, Tags(title="Short", artist="B", album="C", language="en"))
    tags = ID3(path)
    assert str(tags["TIT2"]) == "Short"
    assert not tags.getall("CHAP")
    assert path.read_bytes().count(b"ID3\x04") == 1


def test_a_table_of_contents_holds_no_more_than_its_count(tmp_path):
    many = tuple(
        ChapterMark(title=f"{k}", start_s=k * 0.01, end_s=(k + 1) * 0.01) for k in range(300)
    )
    tags = ID3(tagged(make_mp3(tmp_path), replace(TAGS, chapters=many)))
    assert len(tags["CTOC:toc"].child_element_ids) == MAX_CHAPTERS
    assert len(tags.getall("CHAP")) == MAX_CHAPTERS


def test_wav_carries_the_same_tag(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, narrated(), RATE, subtype="PCM_24")
    tags = WAVE(tagged(path)).tags
    assert str(tags["TIT2"]) == TAGS.title
    assert len(tags.getall("CHAP")) == 3


def test_flac_has_comments_cover_and_no_padding(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, narrated(), RATE, subtype="PCM_24")
    file = FLAC(tagged(path))
    assert file["title"] == [TAGS.title]
    assert file["comment"] == [NOTE]
    assert file["chapter001"] == ["00:00:02.500"]
    assert file["chapter001name"] == ["Übung"]
    assert file["lyrics"] == [TAGS.lyrics]
    assert file["syncedlyrics"] == ["[00:01.00]Arrive.\n[00:03.25]Rest."]
    assert (file["tracknumber"], file["tracktotal"]) == (["2"], ["12"])
    assert file["replaygain_track_gain"] == ["-1.98 dB"]
    (cover,) = file.pictures
    assert (cover.width, cover.height, cover.mime) == (40, 30, "image/png")
    assert sum(block.length for block in file.metadata_blocks if block.code == 1) == 0


def test_opus_has_its_own_gain_tag_and_a_cover(tmp_path):
    path = tmp_path / "a.opus"
    with codecs.Encoder(path, codecs.OPUS, channels=2, length=LENGTH, name=path) as encoder:
        encoder.write(narrated())
    file = OggOpus(tagged(path))
    assert file["r128_track_gain"] == ["-1787"]  # 256 * (-23 + 16.02)
    assert "replaygain_track_gain" not in file
    cover = Picture(base64.b64decode(file["metadata_block_picture"][0]))
    assert cover.data == picture().content


def test_what_is_not_known_is_not_written(encoded):
    path = tagged(encoded, Tags(title="T", artist="", album="", language="en"))
    found = {str(key).upper() for key in (mutagen.File(path).tags or {})}
    assert not found & {"TALB", "ALBUM", "TRCK", "TRACKNUMBER", "COMM::ENG", "COMMENT", "APIC:"}
    assert not found & {"CTOC:TOC", "CHAPTER000", "LYRICS", "USLT::ENG", "DATE", "TDRC", "DRAFT"}


def test_track_without_a_count(tmp_path):
    tags = ID3(tagged(make_mp3(tmp_path), replace(TAGS, tracks=None)))
    assert str(tags["TRCK"]) == "2"


@pytest.mark.parametrize(
    ("language", "code"),
    [("en", "eng"), ("pt-BR", "por"), ("DE", "deu"), ("gsw", "gsw"), ("xx", "und"), ("", "und")],
)
def test_languages_become_three_letters(language, code):
    assert language_code(language) == code


def test_tags_reach_delivered_files(tmp_path):
    (item,) = deliver(make_order(tmp_path, ("mp3",), tags=TAGS))
    audio = MP3(tmp_path / item.file)
    assert str(audio["TIT2"]) == TAGS.title
    assert audio["TXXX:REPLAYGAIN_TRACK_PEAK"].text == [
        f"{10 ** (item.levels.true_peak_dbtp / 20):.6f}"
    ]
