"""The bar for narration: pauses of the script are pauses of the sound, with the real voice."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from voices_kit import make_library, make_recipe

from undersong.timeline.arrange import arrange
from undersong.timeline.model import Timeline
from undersong.units import db_to_gain
from undersong.voices.narrate import Narration, narrate
from undersong.voices.takes import TakeStore

SCRIPT = """\
Let yourself arrive. [4s] There is nowhere else to be. [4s] Soft light settles on the water. [4s]

Half past six, she hushed the birds. [4s] Feel the warmth spread through your chest. [4s]

The leaves whisper with the breeze. [4s] What is it that you need tonight? [4s] Just that. [4s]

And now, let your attention move down to your left foot. [4s] Hold. [4s] Let it wash through the
cracks, and rest. [2.5s] Notice the weight of your body, and let the ground hold it.
"""

VOICE = """\
title: Draft
language: en-US
engines:
  - {engine: espeak, voice: NAME}
"""


@pytest.fixture(scope="module", params=["en-us+f2", "en-us+f5", "en-us", "en-gb"])
def spoken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Narration, Timeline]:
    folder: Path = tmp_path_factory.mktemp("pauses")
    name = {"en-gb": "en"}.get(request.param, request.param)
    library = make_library(folder, draft=VOICE.replace("NAME", name))
    recipe = make_recipe(library, SCRIPT, "draft")
    told = narrate(recipe, library, TakeStore(folder / "cache"))
    return told, arrange(recipe, [take.facts for take in told.takes], {})


def laid_out(told: Narration, timeline: Timeline) -> npt.NDArray[np.float32]:
    """Return the voice alone, each take at its place."""
    track = np.zeros(timeline.length, np.float32)
    for phrase in timeline.phrases:
        frames = told.takes[phrase.utterance].frames()[:, 0]
        start = phrase.start - phrase.lead
        track[start : start + len(frames)] += frames
    return track


@pytest.mark.parametrize("gain_db", [-4.0, 0.0, 4.0, 6.0])
def test_a_pause_is_as_long_as_written_within_10_ms_at_minus_60_dbfs(
    spoken: tuple[Narration, Timeline], gain_db: float
) -> None:
    told, timeline = spoken
    track = laid_out(told, timeline)
    loud = np.flatnonzero(np.abs(track) > db_to_gain(-60 - gain_db))
    written = [gap for gap in timeline.gaps if gap.kind == "explicit"]
    assert len(written) == 11
    for gap in written:
        after = int(np.searchsorted(loud, (gap.start + gap.end) // 2))
        measured = int(loud[after] - loud[after - 1] - 1)
        assert measured / 48_000 == pytest.approx((gap.end - gap.start) / 48_000, abs=0.010)


def test_words_are_said_where_the_captions_say(spoken: tuple[Narration, Timeline]) -> None:
    told, timeline = spoken
    track = np.abs(laid_out(told, timeline))
    for phrase in timeline.phrases:
        for word in told.takes[phrase.utterance].facts.words:
            start = phrase.start + word.start
            assert track[start : start + word.length].max() > db_to_gain(-40)
