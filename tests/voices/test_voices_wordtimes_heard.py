"""The bar for captions: each begins when its first word is heard in the voice stem."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

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

RATE = 48_000
QUIET_DBFS = -46.0
"""Well below any vowel, and above what a room and a final consonant leave in a short silence."""


def cue_starts_s(captions: str) -> list[float]:
    found = re.findall(r"^(?:(\d+):)?(\d\d):(\d\d\.\d+) -->", captions, re.MULTILINE)
    return [int(h or 0) * 3600 + int(m) * 60 + float(s) for h, m, s in found]


def onsets_s(voice: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return when sound comes back after at least 80 ms of quiet."""
    loud = np.flatnonzero(np.abs(voice[:, 0]) > 10 ** (QUIET_DBFS / 20))
    begins = np.concatenate(([0], 1 + np.flatnonzero(np.diff(loud) > 0.08 * RATE)))
    return loud[begins] / RATE


@pytest.mark.parametrize("voice", ["en-us+f2", "en-us+f5"])
def test_every_caption_begins_within_50_ms_of_the_sound(library, undersong, voice: str) -> None:
    (library / "voices" / "draft.yaml").write_text(DRAFT.format(voice=voice))
    recipe: Path = library / "recipes" / "heard.md"
    recipe.write_text(RECIPE)
    outcome = undersong("render", "heard", "--stems")
    assert outcome.code == 0, outcome.err
    folder = library / "build" / "heard"
    stem, rate = soundfile.read(folder / "stems" / "voice.wav", dtype="float32")
    assert rate == RATE
    onsets = onsets_s(stem)
    starts = cue_starts_s((folder / "heard.vtt").read_text())
    assert len(starts) >= 10
    off_ms = [1000 * min(abs(onsets - start)) for start in starts]
    assert max(off_ms) <= 50
