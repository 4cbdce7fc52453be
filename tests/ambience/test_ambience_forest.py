"""Birds: new phrases, at places, no louder than the wood allows."""

import numpy as np
import pytest

from undersong.ambience.forest import Forest, ForestOptions
from undersong.ambience.grove import Grove, Maker
from undersong.ambience.songs import CHOIRS, KINDS, Note, sing
from undersong.audio import Frames
from undersong.dsp.loudness import Energies, lufs
from undersong.dsp.noise import Stream

SECOND = 48_000


def maker(kind: str, **changes: float) -> Maker:
    facts = {"cell_s": 15.0, "share": 0.5, **changes}
    return Maker(kind=KINDS[kind], stream=Stream.of(5, kind), **facts)


def grove(*kinds: str, share: float = 0.5) -> Grove:
    makers = tuple(maker(kind, share=share) for kind in kinds)
    return Grove(makers, Stream.of(6), -30.0)


def sound_of(wood: Grove, seconds: int, *, start_s: int = 0) -> Frames:
    return np.concatenate([wood.block(start_s + k) for k in range(seconds)])


def test_a_note_has_its_pitch_level_and_soft_edges():
    sound = sing([Note(start_s=0.1, length_s=0.5, glide_hz=(3000.0, 3000.0))])
    assert len(sound) == int(0.6 * SECOND) + 1
    assert not sound[: int(0.1 * SECOND)].any()
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * SECOND / len(sound) == pytest.approx(3000.0, rel=0.01)
    assert np.abs(sound).max() == pytest.approx(np.sqrt(2.0), rel=0.1)
    assert np.abs(np.diff(sound)).max() < 0.7
    assert abs(sound[-2]) < 1e-3


@pytest.mark.parametrize("kind", list(KINDS))
def test_phrases_are_finite_short_and_never_the_same(kind: str):
    stream = Stream.of(1, kind)
    phrases = [KINDS[kind].phrase(stream.rng(cell)) for cell in range(12)]
    for phrase in phrases:
        assert np.isfinite(phrase).all()
        assert 0.2 * SECOND < len(phrase) <= 3.4 * SECOND
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


def test_a_maker_sounds_once_in_a_cell_and_within_it():
    bird = maker("warbler")
    cells = range(-5, 400)
    sounding = [cell for cell in cells if bird.sounds(cell)]
    assert 0.3 < len(sounding) / len(cells) < 0.7
    for cell in sounding:
        start_s = bird.start(cell) / SECOND
        assert cell * 15.0 <= start_s <= (cell + 1) * 15.0 - 5.4


def test_a_song_is_never_cut_off():
    wood, bird = grove("owl", share=1.0), maker("owl", share=1.0)
    cell = next(cell for cell in range(1, 50) if bird.sounds(cell))
    start = bird.start(cell)
    whole = wood._sound(0, cell)
    first = start // SECOND
    read = sound_of(wood, 8, start_s=first)[start - first * SECOND :][: len(whole)]
    assert np.array_equal(read, whole)
    assert np.abs(whole[-10:]).max() < 1e-6
    assert np.abs(whole[:10]).max() < 1e-4


def test_far_birds_are_quieter_and_duller():
    wood, bird = grove("tit"), maker("tit")
    by_distance = sorted(range(0, 700, 7), key=lambda cell: bird.spot(cell)[1])
    near, far = (
        [wood._sound(0, cell) for cell in cells] for cells in (by_distance[:5], by_distance[-5:])
    )

    def overtones(sounds: list[Frames]) -> float:
        sound = np.concatenate(sounds).mean(axis=1)
        power = np.abs(np.fft.rfft(sound)) ** 2
        hz = np.fft.rfftfreq(len(sound), 1 / SECOND)
        return float(power[hz > 6000].sum() / power[hz < 6000].sum())

    assert np.concatenate(far).std() < 0.5 * np.concatenate(near).std()
    assert overtones(far) < 0.5 * overtones(near)


def test_no_bird_startles():
    forest = Forest(ForestOptions(birds=1.0, time="dawn", wind=0.1), 2)
    with_birds, alone = Energies(channels=2), Energies(channels=2)
    for k in range(90):
        bed = sum((texture.block(k) for texture in forest._textures), np.zeros((SECOND, 2)))
        alone.push(bed.astype(np.float32))
        with_birds.push(forest.read(k * SECOND, SECOND))
    windows = [np.convolve(e.hops, np.full(4, 0.25), "valid") for e in (alone, with_birds)]
    excess = 10.0 * np.log10(windows[1] / windows[0])
    assert 2.0 < excess.max() < 6.0
    assert lufs(float(windows[1].max())) < lufs(float(np.median(windows[1]))) + 9.0


def test_no_birds_means_no_birds():
    forest = Forest(ForestOptions(birds=0.0, wind=0.0), 2)
    assert not any(forest._grove.block(k).any() for k in range(60))


def test_branches_creak_in_the_wind_only():
    def creaks(wind: float) -> int:
        forest = Forest(ForestOptions(birds=0.0, wind=wind), 2)
        return sum(forest._grove.block(k).any() for k in range(0, 300, 3))

    assert creaks(0.0) == 0
    assert creaks(1.0) > 3
