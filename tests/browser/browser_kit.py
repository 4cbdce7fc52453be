"""Shows to look at, and visits that watch what a page asks for."""

import io
import time
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from publish_kit import picture, publish, write_library, write_track

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_S = 20
LENGTH_S = 400.0
CHAPTERS = [("Settling in", 0.0), ("The shore", 60.0), ("Drifting", 300.0)]
URL = "https://example.org/show/"
SHOW = f"""\
url: {URL}
title: {{title}}
category: Health & Fitness > Mental Health
description: {{text}}
language: {{language}}
artwork: cover.png
licence: cc-by-4.0
licence_url: https://creativecommons.org/licenses/by/4.0/
care: {{text}}
persons: [{{{{name: Ann Example, role: narrator, href: "https://example.org/ann"}}}}]
funding: [{{{{url: "https://example.org/give", text: Give}}}}]
"""
FACTS = {
    "evening": ({"time": "evening", "region": "whole body", "kind": "body-scan"}, LENGTH_S),
    "midday": ({"time": "daytime, evening", "region": "lower back"}, 720.0),
    "breaths": ({"time": "any", "region": "breath"}, 90.0),
}


@cache
def stillness(seconds: float) -> bytes:
    """Return an MP3 file in which nothing is heard."""
    silence = np.zeros((int(seconds * 48_000), 1), dtype=np.float32)
    file = io.BytesIO()
    how = {"bitrate_mode": "CONSTANT", "compression_level": 0.9}
    soundfile.write(file, silence, 48_000, format="MP3", **how)
    return file.getvalue()


def captions(word: str) -> str:
    """Return captions: a phrase of four seconds every ten."""
    stamps = [(f"{k // 6:02d}:{k % 6}0.000", f"{k // 6:02d}:{k % 6}4.000") for k in range(40)]
    cues = [f"{begin} --> {end}\n{word} {k + 1}" for k, (begin, end) in enumerate(stamps)]
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def write_shows(root: Path) -> dict[str, Path]:
    """Build both shows; returns their folders by language."""
    return {
        "en": _write(root / "en", "Quiet Evenings", "Guided imagery for quiet evenings.", "en-GB"),
        "ar": _write(root / "ar", "أمسيات هادئة", "تخيّل موجّه لأمسيات هادئة.", "ar"),
    }


def _write(root: Path, title: str, text: str, language: str) -> Path:
    show = SHOW.format(title=title, text=text, language=language)
    write_library(root, show)
    (root / "cover.png").write_bytes(picture())
    ends = [start for _, start in CHAPTERS[1:]] + [LENGTH_S]
    for slug, (about, length_s) in FACTS.items():
        first = slug == "evening"
        write_track(
            root / "build",
            slug,
            title=f"{title}: {slug}",
            language=language,
            length_s=length_s,
            engine="edge",
            about=about,
            speakers=[{"engine": "edge", "voice": "shore"}],
            ambience=["waves"],
            files={"mp3": stillness(LENGTH_S if first else 2.0)},
            beside={"rest.vtt": captions("عبارة" if language == "ar" else "Phrase")},
            chapters=[
                {"title": name, "start_s": start, "end_s": end}
                for (name, start), end in zip(CHAPTERS, ends, strict=True)
                if first
            ],
        )
    publish(root)
    return root / "public"


class Visit:
    """A browser with empty storage at one show; watches every request and complaint."""

    def __init__(self, context, home):
        self.context, self.home = context, home
        self.asked, self.complaints = [], []
        context.set_default_timeout(1000 * PATIENCE_S)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("console", lambda message: self._heard(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _heard(self, kind, text):
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def open(self, path=""):
        """Open a page of the show."""
        page = self.context.new_page()
        page.goto(self.home + path)
        return page

    def end(self):
        """Close; whatever was asked for lies in the show's own folder, and nothing complained."""
        self.context.close()
        foreign = [url for url in self.asked if not url.startswith((self.home, "blob:"))]
        assert foreign == []
        assert self.complaints == []


def until(wanted, what=""):
    """Wait until `wanted()` is true: the pages' policy forbids scripts that are made of text."""
    end = time.monotonic() + PATIENCE_S
    while not wanted():
        assert time.monotonic() < end, what or "it never came"
        time.sleep(0.03)


def at_s(page) -> float:
    """Return where the sound is."""
    return page.evaluate("document.getElementById('sound').currentTime")


def ready(page):
    """Wait until the sound can be moved in."""
    until(lambda: page.evaluate("document.getElementById('sound').readyState") > 0)


def go_to(page, seconds):
    """Move to a place in the sound, and wait until what is shown has followed."""
    ready(page)
    page.evaluate("at => { document.getElementById('sound').currentTime = at; }", seconds)
    until(lambda: page.locator("#position").input_value() == str(int(seconds)))


def note_session(page, before, after, text=""):
    """Note a session in the journal beside the player."""
    page.locator(f"input[name=before][value='{before}']").check(force=True)
    page.locator("#open").click()
    page.locator(f"input[name=after][value='{after}']").check(force=True)
    page.locator("textarea[name=note]").fill(text)
    page.locator("#session button[type=submit]").click()
    assert page.locator("#kept").inner_text() == "Kept in this browser."
