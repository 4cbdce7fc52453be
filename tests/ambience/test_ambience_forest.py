"""Birds: new phrases, at places, no louder than the wood allows."""

import numpy as np
import pytest

from undersong.ambience.forest import Forest, ForestOptions, _wood
from undersong.ambience.grove import Grove, Maker
from undersong.ambience.place import PHRASE_RATE_HZ
from undersong.ambience.rhythm import Rhythm
from undersong.ambience.songs import CHOIRS, KINDS, Note, sing
from undersong.audio import Frames
from undersong.dsp.loudness import Energies, lufs
from undersong.dsp.noise import Stream

SECOND = 48_000
BIRDS = [kind for kind in KINDS if kind != "creak"]


def maker(kind: str, share: float = 0.5) -> Maker:
    return Maker.of(KINDS[kind], Stream.of(5, kind), share)


def grove(*kinds: str, share: float = 0.5) -> Grove:
    makers = tuple(maker(kind, share=share) for kind in kinds)
    return Grove(makers, _wood(0.4), Stream.of(6), -30.0)


def sound_of(wood: Grove, seconds: int, *, start_s: int = 0) -> Frames:
    return np.concatenate([wood.block(start_s + k) for k in range(seconds)])


def test_a_note_has_its_pitch_level_and_soft_edges():
    sound = sing([Note(start_s=0.1, length_s=0.5, glide_hz=(3000.0, 3000.0))])
    assert len(sound) == int(0.6 * PHRASE_RATE_HZ) + 1
    assert not sound[: int(0.1 * PHRASE_RATE_HZ)].any()
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * PHRASE_RATE_HZ / len(sound) == pytest.approx(3000.0, rel=0.01)
    assert np.abs(sound).max() == pytest.approx(np.sqrt(2.0), rel=0.1)
    assert np.abs(np.diff(sound)).max() < 1.2
    assert abs(sound[-2]) < 1e-3


@pytest.mark.parametrize("kind", list(KINDS))
def test_phrases_are_finite_short_and_never_the_same(kind: str):
    stream = Stream.of(1, kind)
    phrases = [KINDS[kind].phrase(stream.rng(cell)) for cell in range(12)]
    for phrase in phrases:
        assert np.isfinite(phrase).all()
        assert 0.2 < len(phrase) / PHRASE_RATE_HZ <= KINDS[kind].length_s
        assert 0.2 < np.abs(phrase).max() < 4.0
    shapes = {phrase[::100].tobytes() for phrase in phrases}
    assert len(shapes) == len(phrases)
    assert np.array_equal(KINDS[kind].phrase(stream.rng(3)), phrases[3])


def test_every_singer_of_every_choir_is_known():
    assert {kind for choir in CHOIRS.values() for kind in choir} <= set(KINDS)


def test_a_second_of_the_wood_is_the_same_from_a_fresh_start():
    kinds = ("robin", "tit", "pigeon")
    heard = grove(*kinds, share=1.0)
    sound_of(heard, 20)
    assert np.array_equal(heard.block(12), grove(*kinds, share=1.0).block(12))


def test_a_maker_has_its_own_pace_and_never_sings_over_itself():
    birds = [Maker.of(KINDS["robin"], Stream.of(5, i), 1.0) for i in range(40)]
    assert len({bird.pace for bird in birds}) == len({bird.phase for bird in birds}) == 40
    bird = birds[0]
    times_s = bird.rhythm.times_s(0, 700)
    sung_s = [times_s[beat] for beat in range(700) if bird.sounds(beat)]
    assert 0.4 < len(sung_s) / 700 < 0.9
    assert np.diff(sung_s).min() > KINDS["robin"].length_s


def test_beats_are_found_wherever_one_looks():
    for wander, jitter in ((0.0, 1.0), (0.8, 0.06)):
        beat = Rhythm(stream=Stream.of(9), period_s=3.0, wander=wander, jitter=jitter)
        times_s = beat.times_s(-40, 1040)
        numbers, found_s = beat.between(100.0, 2000.0)
        there = (times_s >= 100.0) & (times_s < 2000.0)
        assert np.array_equal(found_s, times_s[there])
        assert np.array_equal(numbers, np.flatnonzero(there) - 40)
        parts = [beat.between(k, k + 1.0)[1] for k in range(100, 2000)]
        assert np.array_equal(np.concatenate(parts), found_s)


def test_a_regular_beat_drifts_but_keeps_its_distance():
    drip = Rhythm(stream=Stream.of(9), period_s=3.0, wander=0.8, jitter=0.06)
    steps_s = np.diff(drip.times_s(0, 2000))
    assert steps_s.mean() == pytest.approx(3.0, rel=0.02)
    assert 1.5 < steps_s.min() < 2.6
    assert 3.4 < steps_s.max() < 5.0


@pytest.mark.parametrize("kind", ["chaffinch", "robin", "owl"])
def test_no_period_is_left_in_when_birds_sing(kind: str):
    """Fold an hour at the bird's period: it must be as likely to sing in any part of it."""
    bird = maker(kind, share=1.0)
    period_s = bird.rhythm.period_s
    times_s = bird.rhythm.times_s(0, 6000)
    phase = times_s / period_s % 1.0
    counts = np.histogram(phase, bins=12, range=(0.0, 1.0))[0]
    assert counts.min() > 0.85 * counts.mean()
    line = np.abs(np.exp(2j * np.pi * phase).sum()) ** 2 / len(times_s)
    assert line < 7.0  # by chance 1; a metronome has 6000


@pytest.mark.parametrize("time", ["dawn", "day", "dusk"])
def test_birds_do_not_fall_silent_together(time: str):
    """Fold twenty minutes of the whole choir at every period that any of its birds has."""
    forest = Forest(ForestOptions.model_validate({"birds": 1.0, "time": time}), 3)
    rhythms = [(bird, rhythm) for bird, rhythm in forest._grove._makers if bird.share > 0.3]
    sung_s = np.concatenate(
        [
            [s for beat, s in zip(*rhythm.between(0.0, 4000.0), strict=True) if bird.sounds(beat)]
            for bird, rhythm in rhythms
        ]
    )
    for period_s in (15.0, *(rhythm.period_s for _, rhythm in rhythms)):
        turns = np.exp(2j * np.pi * sung_s / period_s)
        assert np.abs(turns.sum()) ** 2 / len(sung_s) < 9.0


def test_a_song_is_never_cut_off():
    wood, bird = grove("owl", share=1.0), maker("owl", share=1.0)
    beat = next(beat for beat in range(3, 60) if bird.sounds(beat))
    start = int(bird.rhythm.times_s(beat, 1)[0] * SECOND)
    whole = wood._sound(0, beat)
    first = start // SECOND
    read = sound_of(wood, 8, start_s=first)[start - first * SECOND :][: len(whole)]
    assert np.array_equal(read, whole)
    assert np.abs(whole[-10:]).max() < 1e-6
    assert np.abs(whole[:10]).max() < 1e-4


def test_far_birds_are_quieter_duller_and_more_in_the_answer():
    wood, bird = grove("tit"), maker("tit")
    by_distance = sorted(range(0, 700, 7), key=lambda beat: bird.spot(beat)[1])
    near, far = (
        [wood._sound(0, beat) for beat in beats] for beats in (by_distance[:5], by_distance[-5:])
    )

    def overtones(sounds: list[Frames]) -> float:
        sound = np.concatenate(sounds).mean(axis=1)
        power = np.abs(np.fft.rfft(sound)) ** 2
        hz = np.fft.rfftfreq(len(sound), 1 / SECOND)
        return float(power[hz > 6000].sum() / power[hz < 6000].sum())

    def answered(sounds: list[Frames]) -> float:
        ends = [sound[-int(1.4 * SECOND) :] for sound in sounds]
        return float(np.mean([np.std(e) / np.std(s) for e, s in zip(ends, sounds, strict=True)]))

    assert np.concatenate(far).std() < 0.5 * np.concatenate(near).std()
    assert overtones(far) < 0.5 * overtones(near)
    assert answered(far) > 1.5 * answered(near)


def test_no_bird_stands_more_than_3_lu_above_the_bed():
    forest = Forest(ForestOptions(birds=1.0, time="dawn", wind=0.1, distance=0.0), 2)
    for index in range(len(forest._grove._makers)):
        for beat in range(0, 21, 7):
            energies = Energies(channels=2)
            sound = forest._grove._sound(index, beat)
            energies.push(np.concatenate([sound, np.zeros((SECOND, 2), np.float32)]))
            moment = np.convolve(energies.hops, np.full(4, 0.25), "valid").max()
            assert lufs(float(moment)) < -29.5


def test_the_choir_as_a_whole_does_not_startle():
    forest = Forest(ForestOptions(birds=1.0, time="dawn", wind=0.1), 2)
    with_birds, alone = Energies(channels=2), Energies(channels=2)
    for k in range(90):
        alone.push(forest._textures.block(k))
        with_birds.push(forest.read(k * SECOND, SECOND))
    windows = [np.convolve(e.hops, np.full(4, 0.25), "valid") for e in (alone, with_birds)]
    excess = 10.0 * np.log10(windows[1] / np.median(windows[0]))
    assert 1.5 < excess.max() < 6.0


def test_no_birds_means_no_birds():
    forest = Forest(ForestOptions(birds=0.0, wind=0.0), 2)
    assert not any(forest._grove.block(k).any() for k in range(60))


def test_branches_creak_in_the_wind_only():
    def creaks(wind: float) -> int:
        forest = Forest(ForestOptions(birds=0.0, wind=wind), 2)
        return sum(forest._grove.block(k).any() for k in range(0, 300, 3))

    assert creaks(0.0) == 0
    assert creaks(1.0) > 3


SONGS = {
    "tit": (2700.0, 6000.0),
    "chaffinch": (2500.0, 6500.0),
    "warbler": (2600.0, 6000.0),
    "robin": (2300.0, 7500.0),
    "blackbird": (1500.0, 3500.0),
    "thrush": (1900.0, 5000.0),
    "wren": (3400.0, 7500.0),
    "pigeon": (430.0, 560.0),
    "cuckoo": (480.0, 720.0),
    "owl": (600.0, 850.0),
}
"""Where the power of a song lies: see docs/craft.md."""


@pytest.mark.parametrize("kind", BIRDS)
def test_a_song_lies_where_its_species_sings(kind: str):
    low_hz, high_hz = SONGS[kind]
    for beat in range(8):
        song = KINDS[kind].phrase(Stream.of(2, kind).rng(beat))
        power = np.abs(np.fft.rfft(song)) ** 2
        hz = np.fft.rfftfreq(len(song), 1.0 / PHRASE_RATE_HZ)
        inside = power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()
        assert inside > 0.75
