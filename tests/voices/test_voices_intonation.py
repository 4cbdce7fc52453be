from pathlib import Path

import numpy as np
import pytest
from voices_kit import make_library, make_recipe

from undersong.voices.contract import Request
from undersong.voices.edges import Mono
from undersong.voices.espeak import Espeak, EspeakOptions
from undersong.voices.narrate import requests_of
from undersong.voices.trim import decode


def requests(tmp_path: Path, script: str) -> tuple[Request, ...]:
    library = make_library(tmp_path)
    return requests_of(make_recipe(library, script), library)


def last_pitch_hz(sound: Mono) -> float:
    """Return the pitch of the last 60 ms that are as loud as a vowel, by autocorrelation."""
    frames = sound[: len(sound) // 480 * 480].reshape(-1, 480)
    loud = np.flatnonzero(np.abs(frames).max(axis=1) > 0.25 * np.abs(sound).max())
    end = (int(loud[-1]) + 1) * 480
    part = sound[end - 2_880 : end].astype(np.float64)
    alike = np.correlate(part, part, "full")[len(part) - 1 :]
    return 48_000 / (160 + int(alike[160:700].argmax()))


def test_a_sentence_cut_by_pauses_ends_once(tmp_path: Path) -> None:
    said = requests(tmp_path, "Let it all go away [2s] and rest – [1s] now… [1s] and stay.")
    assert [request.text for request in said] == [
        "Let it all go away,",
        "and rest,",
        "now…",
        "and stay.",
    ]


@pytest.mark.parametrize("voice", ["en-us+f2", "en-us+f5"])
def test_the_melody_stays_up_before_a_pause_and_falls_at_the_end(
    tmp_path: Path, voice: str
) -> None:
    inner, last = (
        requests(tmp_path, script)[0]
        for script in ("Let it all go away [2s] and rest.", "Let it all go away.")
    )
    engine = Espeak(EspeakOptions(voice=voice, pitch=42), tmp_path)
    up, down = (last_pitch_hz(decode(engine.say(request))) for request in (inner, last))
    engine.close()
    assert up > 1.15 * down
