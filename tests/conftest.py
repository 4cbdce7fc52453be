"""A small library that renders in a second or two, and the command line called in-process."""

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from undersong import cli

# A busy machine is no reason to fail: examples are judged, not timed.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

RECIPE = """\
---
title: A short rest
voice: tone
ambience: breeze
fades: {in: 2s, before: 2s, out: 3s, after: 3s}
loudness: meditation
formats: [wav]
---

# Arriving

Let yourself arrive. [2s] There is nowhere else to be.

# The air
[ambience: waves, over 2s]
Feel the air, easy and slow. [bell: hold 1s]

Rest here.
"""

SETTINGS = """\
title: A test library
author: Somebody
language: en-US
"""

TONE = """\
title: A tone
language: en-US
engines:
  - engine: fake
"""


class Outcome(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """No test sees another one's takes, nor the machine's."""
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def library(tmp_path, monkeypatch) -> Path:
    """A library with one short recipe `rest`, spoken by tones; the working folder is in it."""
    root = tmp_path / "library"
    for name, text in {
        "undersong.yaml": SETTINGS,
        "voices/tone.yaml": TONE,
        "recipes/rest.md": RECIPE,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def undersong(capsys):
    """Return a function that runs the command line in-process."""

    def run(*words: str | Path) -> Outcome:
        capsys.readouterr()
        code = cli._run([str(word) for word in words])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run
