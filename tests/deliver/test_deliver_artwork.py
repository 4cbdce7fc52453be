"""Covers: what is read, and what is refused with a sentence."""

import io
from pathlib import Path

import pytest
from PIL import Image

from undersong.deliver import artwork
from undersong.deliver.artwork import read_cover
from undersong.errors import AudioFileError, FaultsError


def saved(path: Path, kind: str, mode: str = "RGB", size: tuple[int, int] = (320, 200)) -> Path:
    noise = Image.effect_noise(size, 90)
    noise.convert(mode).save(path, kind)
    return path


@pytest.mark.parametrize(
    ("kind", "mode", "mime", "depth"),
    [
        ("JPEG", "RGB", "image/jpeg", 24),
        ("JPEG", "L", "image/jpeg", 8),
        ("PNG", "RGB", "image/png", 24),
        ("PNG", "RGBA", "image/png", 32),
        ("PNG", "P", "image/png", 8),
    ],
)
def test_pictures_are_known_by_content_not_name(tmp_path, kind, mode, mime, depth):
    path = saved(tmp_path / "cover.dat", kind, mode)
    cover = read_cover(path)
    assert cover.content == path.read_bytes()
    assert (cover.mime, cover.width, cover.height, cover.depth) == (mime, 320, 200, depth)


def test_the_starter_cover_is_fine():
    cover = read_cover(Path(__file__).parents[2] / "artwork.jpg")
    assert cover.width == cover.height >= 1400


def test_a_missing_cover_is_named(tmp_path):
    with pytest.raises(AudioFileError, match=r"gone\.jpg: No such file"):
        read_cover(tmp_path / "gone.jpg")


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"GIF89a\x01\x00", b"text " * 99])
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "cover.jpg"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"cover\.jpg as a cover"):
        read_cover(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_picture_is_refused(tmp_path, kind, share):
    path = saved(tmp_path / "cover.img", kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(AudioFileError, match=r"cover\.img as a cover"):
        read_cover(path)


def test_a_png_with_a_wrong_byte_is_refused(tmp_path):
    path = saved(tmp_path / "cover.png", "PNG")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match="cover"):
        read_cover(path)


def test_a_picture_of_another_format_is_refused(tmp_path):
    with pytest.raises(AudioFileError, match="neither JPEG nor PNG"):
        read_cover(saved(tmp_path / "cover.jpg", "WEBP"))


def test_a_picture_of_absurd_size_is_refused(tmp_path):
    out = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(out, "PNG")
    path = tmp_path / "cover.png"
    path.write_bytes(out.getvalue())
    with pytest.raises(AudioFileError, match="exceeds limit"):
        read_cover(path)


def test_a_cover_too_large_is_a_fault_of_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(artwork, "MAX_BYTES", 5000)
    path = saved(tmp_path / "cover.png", "PNG")
    with pytest.raises(FaultsError, match=r"cover\.png: the cover is too large"):
        read_cover(path)


def test_a_picture_is_decoded_once_for_all_runs(tmp_path, monkeypatch):
    path, cache = saved(tmp_path / "cover.png", "PNG"), tmp_path / "cache"
    first = read_cover(path, cache)
    assert first == read_cover(path)
    monkeypatch.setattr("PIL.Image.open", None)
    assert read_cover(path, cache) == first


def test_a_picture_cut_later_is_refused_although_it_was_whole_before(tmp_path):
    path, cache = saved(tmp_path / "cover.png", "PNG"), tmp_path / "cache"
    read_cover(path, cache)
    path.write_bytes(path.read_bytes()[:-20])
    for _ in range(2):
        with pytest.raises(AudioFileError, match="cover"):
            read_cover(path, cache)
