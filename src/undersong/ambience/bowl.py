"""A singing bowl, struck with a soft mallet and left to ring.

Ratios of the modes are those of bending waves around a rim, measured on singing bowls at about 1,
2.7, 5.0, 7.9 and 11.3 (Rossing, "Science of Percussion Instruments", World Scientific 2000;
Terwagne and Bush, "Tibetan singing bowls", Nonlinearity 24, 2011), each a little off, as bowls are.
"""

from typing import ClassVar

from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.struck import Struck
from undersong.audio import Frames
from undersong.dsp.noise import Stream


class BowlOptions(GeneratorOptions):
    """How the singing bowl is."""

    pitch_hz: float = Field(default=212.0, ge=80.0, le=800.0, description="Its lowest tone.")
    decay_s: float = Field(
        default=9.0, ge=2.0, le=30.0, description="Time in which it falls by 30 dB."
    )
    brightness: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From a felt mallet (0) to a wooden one (1)."
    )


_MODES = (
    (1.0, 0.0, 1.0),
    (2.71, -6.0, 0.8),
    (5.04, -14.0, 0.5),
    (7.93, -23.0, 0.3),
    (11.3, -32.0, 0.2),
)
"""(ratio of pitch, level in dB at middle brightness, share of the decay)."""

_ATTACK_S = 0.045
"""A thick felt rolls over the rim."""


class Bowl:
    """One stroke of a singing bowl; see `BowlOptions`."""

    name: ClassVar[str] = "singing bowl"
    version: ClassVar[int] = 1
    Options: ClassVar[type[GeneratorOptions]] = BowlOptions

    def __init__(self, options: BowlOptions, seed: int) -> None:
        """Prepare cheaply."""
        self._strokes = Stream.of(seed, self.name)
        self._struck = Struck(
            modes=_MODES,
            pitch_hz=options.pitch_hz,
            decay_s=options.decay_s,
            brightness=options.brightness,
            attack_s=_ATTACK_S,
        )

    @property
    def length(self) -> int:
        """Length in samples, known without rendering."""
        return self._struck.length

    def render(self) -> Frames:
        """Return the whole sound, stereo, ending in silence."""
        return self._struck.render(self._strokes)
