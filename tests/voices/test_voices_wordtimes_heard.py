"""The bar for captions: each begins when its first word is heard in the voice stem."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from edge_stand_in import standing_in

RECIPE = """\
---
title: Heard
voice: draft
pace: natural
fades: {in: 1s, out: 1s}
formats: [wav]
---

Let yourself arrive here, in this room, with nothing else to do, and nobody else to be. [2s]

Feel the warmth spread through your chest, down both of your arms, and out to the tips of all of
your fingers. [3s]

Soft light settles on the water; the tide comes in, and takes its time, and turns back again,
quietly, over the stones. Half past six: she hushed the birds, closed the door, and sat down.

Take a slow breath in, hold it for a moment, then let it go, and let your shoulders drop. [2s]
When thoughts come by, as they will, greet them, thank them, and let them drift past like clouds.
"""

DRAFT = """\
title: Draft
language: en-US
engines:
  - engine: espeak
    voice: {voice}
    rate_wpm: 112
    tone: {{low_shelf: {{hz: 500, db: 5}}, disperse: true, compress: {{}}, room: {{}}}}
"""

ONLINE = """\
title: Online
language: en-US
engines:
  - {engine: edge, voice: en-US-AvaNeural}
"""

RATE = 48_000
QUIET_DBFS = -46.0
"""Well below any vowel, and above what a room and a final consonant leave in a short silence."""


def cue_starts_s(captions: str) -> list[float]:
    found = re.findall(r"^(?:(\d+):)?(\d\d):(\d\d\.\d+) -->", captions, re.MULTILINE)
    return [int(h or 0) * 3600 + int(m) * 60 + float(s) for h, m, s in found]


def onsets_s(voice: npt.NDArray[np.float32], quiet_s: float) -> npt.NDArray[np.float64]:
    """Return when sound comes back after at least `quiet_s` of quiet."""
    loud = np.flatnonzero(np.abs(voice[:, 0]) > 10 ** (QUIET_DBFS / 20))
    begins = np.concatenate(([0], 1 + np.flatnonzero(np.diff(loud) > quiet_s * RATE)))
    return loud[begins] / RATE


def rendered(library: Path, undersong, voice: str) -> tuple[npt.NDArray[np.float32], list[float]]:
    """Return the voice stem of a rendered track and when its captions begin."""
    (library / "voices" / "draft.yaml").write_text(voice)
    (library / "recipes" / "heard.md").write_text(RECIPE)
    outcome = undersong("render", "heard", "--stems")
    assert outcome.code == 0, outcome.err
    folder = library / "build" / "heard"
    sound, rate = soundfile.read(folder / "stems" / "voice.wav", dtype="float32")
    assert rate == RATE
    starts = cue_starts_s((folder / "heard.vtt").read_text())
    assert len(starts) >= 10
    return sound, starts


@pytest.mark.parametrize("name", ["en-us+f2", "en-us+f5"])
def test_every_caption_begins_within_50_ms_of_the_sound(library, undersong, name: str) -> None:
    stem, starts = rendered(library, undersong, DRAFT.format(voice=name))
    onsets = onsets_s(stem, 0.08)
    off_s = [min(abs(onsets - start)) for start in starts]
    assert max(off_s) <= 0.050, off_s


def test_so_does_every_caption_of_the_online_voice(library, undersong, monkeypatch) -> None:
    with standing_in(monkeypatch):
        stem, starts = rendered(library, undersong, ONLINE)
    onsets = onsets_s(stem, 0.03)  # the stand-in leaves 50 ms between words
    assert len(onsets) == sum(word[-1].isalnum() for word in spoken_words())
    off_s = [min(abs(onsets - start)) for start in starts]
    assert max(off_s) <= 0.050, off_s


def spoken_words() -> list[str]:
    body = RECIPE.split("---")[2]
    return [word.strip(",.;:") for word in re.sub(r"\[[^]]*\]", "", body).split()]
