"""Small finished tracks and shows, made without a render."""

import hashlib
import io
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from msgspec.structs import replace
from PIL import Image

from undersong.publish.edition import prepare
from undersong.publish.model import Piece, Stage
from undersong.publish.send import plan, send
from undersong.publish.showfile import load_show
from undersong.publish.target import FolderTarget
from undersong.publish.tracks import read_tracks
from undersong.recipes.library import Library

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
URL = "https://example.org/show/"
SHOW = f"""\
url: {URL}
category: Health & Fitness > Mental Health
description: Guided imagery, read over living beds.
artwork: cover.png
site: false
"""
VTT = """\
WEBVTT

00:00.200 --> 00:00.900
Let yourself arrive.

00:01.000 --> 00:01.900
There is nowhere else to be.
"""
SCRIPT = "Arriving\n\nLet yourself arrive. There is nowhere else to be.\n"


@cache
def sound(form="MP3", seconds=2.0, rate=48_000, channels=1) -> bytes:
    """Return a short sound file; MP3 of about 128 kb/s in mono."""
    noise = np.random.default_rng(7).normal(0, 0.05, (int(seconds * rate), channels))
    file = io.BytesIO()
    subtype = {"MP3": "MPEG_LAYER_III", "OGG": "OPUS"}.get(form)
    how = {"bitrate_mode": "CONSTANT", "compression_level": 0.7} if form == "MP3" else {}
    soundfile.write(file, noise.astype(np.float32), rate, format=form, subtype=subtype, **how)
    return file.getvalue()


@cache
def picture(size=(1400, 1400), mode="RGB", form="PNG", dpi=(72, 72)) -> bytes:
    """Return a picture of one colour."""
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, dpi=dpi)
    return file.getvalue()


def write_track(folder: Path, slug="rest", *, files=None, beside=None, **changes) -> Path:
    """Write a finished track into a folder of its own; `changes` go into its manifest."""
    home = folder / hashlib.sha256(slug.encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    files = {"mp3": sound()} if files is None else files
    beside = {"rest.vtt": VTT, "rest.txt": SCRIPT} if beside is None else beside
    deliverables = []
    for form, content in files.items():
        name = f"rest.{form}"
        (home / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        deliverables.append(
            {"format": form, "file": name, "size_bytes": len(content), "sha256": digest}
        )
    for name, text in beside.items():
        (home / name).write_text(text, encoding="utf-8")
    manifest = {
        "slug": slug,
        "title": f"The {slug}",
        "language": "en-US",
        "draft": False,
        "engine": "recorded",
        "length_s": 2.0,
        "about": {"care": "Listen where you can rest."},
        "chapters": [{"title": "Arriving", "start_s": 0.0, "end_s": 2.0}],
        "deliverables": deliverables,
        "companions": list(beside),
        "credits": ["Waves: made by Undersong"],
        **changes,
    }
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return home


def write_library(root: Path, show=SHOW) -> Path:
    """Write a library with a show and no track yet."""
    root.mkdir(parents=True, exist_ok=True)
    text = "title: A test library\nauthor: Somebody\nlanguage: en-US\n"
    (root / "undersong.yaml").write_text(text, encoding="utf-8")
    (root / "show.yaml").write_text(show, encoding="utf-8")
    (root / "cover.png").write_bytes(picture())
    return root


def show_of(root: Path):
    """Return the show of a library."""
    return load_show(Library.find(root))


def edition_of(root: Path, lock=None, **options):
    """Prepare the show of a library from what lies in its build/."""
    return prepare(show_of(root), read_tracks(root / "build"), lock, NOW, **options)


def publish(root: Path, lock=None, to="public", **options):
    """Build the show of a library into a folder, and return what was prepared."""
    prepared = edition_of(root, lock, **options)
    target = FolderTarget(root / to)
    send(plan(prepared, target, NOW.date()), target, lambda _bytes: None)
    return prepared


@contextmanager
def serving(server):
    """Let a server answer in a thread until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def piece_of(content, path="media/a.bin", **changes):
    """Return a piece of an edition that holds `content`."""
    found = Piece(
        path=path,
        stage=Stage.MEDIA,
        mime="audio/mpeg",
        source=content,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return replace(found, **changes)
