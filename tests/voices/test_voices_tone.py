from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import signal
from voices_kit import Array, make_library, make_recipe, raw, rest, speech

from undersong.dsp.tone import room_length
from undersong.recipes.library import Library, starter_folder
from undersong.timeline.arrange import arrange
from undersong.units import SPEECH_LUFS, db_to_gain
from undersong.voices import tone as tone_module
from undersong.voices.edges import Mono
from undersong.voices.level import level_of, voice_gain
from undersong.voices.narrate import Narration, narrate
from undersong.voices.registry import load_voice
from undersong.voices.takes import TakeStore
from undersong.voices.tone import TAIL_DBFS, Compress, Room, Shelf, Tone, toned
from undersong.voices.trim import cut, survey

SCRIPT = """\
Let yourself arrive. [4s] There is nowhere else to be, and nothing else to do. [4s]

Soft light settles on the water. [4s] Feel the warmth spread through your chest. [4s]

Notice the weight of your body, and let the ground hold it. [4s] Rest. [4s] Just that.
"""

ROOM = Tone(room=Room(decay_s=0.4, level_db=-12))

NATURAL_DB = {
    200: 60.2, 315: 59.0, 400: 62.1, 500: 62.1, 630: 60.5, 800: 56.8, 1000: 53.7, 1250: 53.0,
    1600: 52.0, 2000: 48.7, 2500: 48.1, 3150: 46.8, 4000: 45.6, 5000: 44.5, 6300: 44.3, 8000: 43.7,
}  # fmt: skip
"""Long-term spectrum of speech in twelve languages, thirds of an octave, dB SPL (Byrne and others,
JASA 96, 1994, table II). Below 200 Hz, and at 250, a voice of one pitch has gaps of its own."""


def padded(body: Array) -> Array:
    return np.concatenate([rest(0.4), body, rest(0.7)])


def crest_db(sound: Mono) -> float:
    """Peak against the level of what is loud: of 100 ms that lie within 10 dB of the mean."""
    squares = np.square(sound[: len(sound) // 4_800 * 4_800].astype(np.float64))
    frames = squares.reshape(-1, 4_800).mean(axis=1)
    loud = frames[frames > 0.1 * frames[frames > frames.max() * 1e-3].mean()]
    return float(10 * np.log10(squares.max() / loud.mean()))


def off_natural_db(sound: Mono) -> dict[int, float]:
    """How far each third of an octave lies from the natural spectrum, at the same loudness."""
    hz, power = signal.welch(sound, 48_000, nperseg=8_192)
    bands = {
        band: 10 * np.log10(power[(hz >= band / 2 ** (1 / 6)) & (hz < band * 2 ** (1 / 6))].sum())
        for band in NATURAL_DB
    }

    def total(levels: dict[int, float]) -> float:
        return float(10 * np.log10(sum(10 ** (level / 10) for level in levels.values())))

    shift = total(NATURAL_DB) - total(bands)
    return {band: level + shift - NATURAL_DB[band] for band, level in bands.items()}


def said(told: Narration) -> Mono:
    return np.concatenate([t.frames()[t.facts.lead :][: t.facts.speech, 0] for t in told.takes])


@pytest.fixture(scope="module", params=["offline", "meadow"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Narration, Narration]:
    """The script said by a starter voice without its tone, and with it."""
    folder = tmp_path_factory.mktemp("tone")
    starter = Library.find(starter_folder())
    voice = load_voice(request.param, starter)
    chosen = next(choice for choice in voice.engines if choice.engine == "espeak")
    options = chosen.options.model_dump_json()
    head = "title: T\nlanguage: en-US\neven_db: 0\n"
    entry = f"{{engine: espeak, {options[1:-1]}"
    assert chosen.tone is not None
    settings = chosen.tone.model_dump_json(exclude_none=True)
    library = make_library(
        folder,
        dry=f"{head}engines: [{entry}}}]\n",
        wet=f"{head}engines: [{entry}, tone: {settings}}}]\n",
    )
    store = TakeStore(folder / "cache")
    dry, wet = (
        narrate(make_recipe(library, SCRIPT, name), library, store) for name in ("dry", "wet")
    )
    return dry, wet


def test_the_tone_lowers_the_crest_of_the_offline_voices(
    told: tuple[Narration, Narration],
) -> None:
    dry, wet = map(said, told)
    assert crest_db(dry) > 14.5
    assert crest_db(wet) < 13.0


def test_at_podcast_loudness_no_peak_reaches_the_limiter(
    told: tuple[Narration, Narration],
) -> None:
    peak = np.abs(said(told[1])).max() * db_to_gain(-16 - SPEECH_LUFS)
    assert 20 * np.log10(peak) < -3.0


def test_the_tone_brings_the_spectrum_near_to_natural_speech(
    told: tuple[Narration, Narration],
) -> None:
    before, after = (off_natural_db(said(each)) for each in told)
    assert max(before.values()) > 8.0
    assert max(map(abs, after.values())) < 5.0
    assert np.std(list(after.values())) < 0.6 * np.std(list(before.values()))


def test_the_tone_leaves_takes_and_loudness_as_they_are(
    told: tuple[Narration, Narration],
) -> None:
    dry, wet = told
    assert [take.key for take in dry.takes] == [take.key for take in wet.takes]
    assert dry.fingerprint != wet.fingerprint
    assert level_of(said(wet)) == pytest.approx(SPEECH_LUFS, abs=0.2)


@pytest.mark.parametrize("gain_db", [-4.0, 0.0, 6.0])
def test_a_pause_stays_as_long_with_a_tone(
    told: tuple[Narration, Narration], gain_db: float, tmp_path: Path
) -> None:
    wet = told[1]
    recipe = make_recipe(make_library(tmp_path), SCRIPT)
    timeline = arrange(recipe, [take.facts for take in wet.takes], {})
    track = np.zeros(timeline.length, np.float32)
    for phrase in timeline.phrases:
        frames = wet.takes[phrase.utterance].frames()[:, 0]
        start = phrase.start - phrase.lead
        track[start : start + len(frames)] += frames[: len(track) - start]
    loud = np.flatnonzero(np.abs(track) > db_to_gain(-60 - gain_db))
    written = [gap for gap in timeline.gaps if gap.kind == "explicit"]
    assert len(written) == 6
    for gap in written:
        after = int(np.searchsorted(loud, (gap.start + gap.end) // 2))
        measured = int(loud[after] - loud[after - 1] - 1)
        assert measured / 48_000 == pytest.approx(4.0, abs=0.010)


def test_the_loudest_room_rings_on_below_what_counts_as_speech() -> None:
    take = raw(padded(speech(1.5)))
    gain_db = voice_gain([survey(take, ROOM)])
    dry, wet = cut(take, gain_db), cut(take, gain_db, ROOM)
    assert len(wet.frames) == len(dry.frames) + room_length(0.4)
    assert (wet.lead, wet.onset) == (dry.lead, dry.onset)
    assert wet.speech == pytest.approx(dry.speech, abs=48)
    tail = np.abs(wet.frames[wet.lead + wet.speech + 600 :, 0])
    assert 0 < tail.max() <= db_to_gain(TAIL_DBFS) * 1.001
    assert abs(wet.frames[-1, 0]) < 1e-6
    middle = slice(dry.lead + 24_000, dry.lead + 48_000)
    heard = wet.frames[middle, 0] - dry.frames[middle, 0]
    assert np.sqrt(np.mean(heard**2)) > 0.1 * np.sqrt(np.mean(dry.frames[middle, 0] ** 2))


def test_a_voice_without_a_tone_keeps_every_sample() -> None:
    sound = speech(1.0).astype(np.float32)
    assert toned(sound, None) is sound
    np.testing.assert_array_equal(toned(sound, Tone()), sound)


def test_a_tone_means_the_same_at_every_level_of_the_engine() -> None:
    tone = Tone(compress=Compress(ratio=4), low_shelf=Shelf(hz=300, db=4))
    loud, faint = (raw(padded(speech(1.5, amplitude=a))) for a in (0.4, 0.04))
    one, other = (cut(take, voice_gain([survey(take, tone)]), tone) for take in (loud, faint))
    np.testing.assert_allclose(one.frames[4_800:48_000], other.frames[4_800:48_000], atol=2e-3)


def test_settings_and_version_are_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Tone(high_pass_hz=80)
    assert first.digest == Tone(high_pass_hz=80.0).digest != Tone(high_pass_hz=81).digest
    before = first.digest
    monkeypatch.setattr(tone_module, "VERSION", 99)
    assert first.digest != before


def test_every_engine_may_have_its_own_tone(tmp_path: Path) -> None:
    text = """\
title: T
language: en
tone: {high_pass_hz: 60}
engines:
  - {engine: fake, tone: {high_pass_hz: 90}}
  - {engine: fake}
"""
    library = make_library(tmp_path, own=text)
    voice = load_voice("own", library)
    assert voice.tone == Tone(high_pass_hz=60)
    assert [choice.tone for choice in voice.engines] == [Tone(high_pass_hz=90), None]
    store = TakeStore(tmp_path / "cache")
    told = narrate(make_recipe(library, "Let go.", "own"), library, store)
    assert told.takes[0].tone == Tone(high_pass_hz=90)
    make_library(tmp_path, own=text.replace(", tone: {high_pass_hz: 90}", ""))
    told = narrate(make_recipe(library, "Let go.", "own"), library, store)
    assert told.takes[0].tone == Tone(high_pass_hz=60)


def test_the_starter_voices_have_a_tone_where_they_are_synthetic() -> None:
    starter = Library.find(starter_folder())
    for name in starter.voice_names():
        for choice in load_voice(name, starter).engines:
            assert (choice.tone is not None) == (choice.engine == "espeak")


def test_a_narration_knows_its_word_times(told: tuple[Narration, Narration]) -> None:
    wet = told[1]
    assert wet.timings == {"engine": 9}
    mixed = replace(wet, takes=(replace(wet.takes[0], timing="proportional"), *wet.takes[1:]))
    assert mixed.timings == {"engine": 8, "proportional": 1}
