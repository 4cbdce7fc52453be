"""A handbell with a leather clapper: one clear note and its twelfth.

Makers tune the second mode of a handbell to three times the first, the octave comes from bending
so far that it is no longer linear, and higher modes are left as they fall and die soon (Rossing
and Sathoff, "Modes of vibration and sound radiation from tuned handbells", JASA 68, 1980).
"""

from typing import ClassVar

from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.struck import Struck
from undersong.audio import Frames
from undersong.dsp.noise import Stream


class BellOptions(GeneratorOptions):
    """How the bell is."""

    pitch_hz: float = Field(default=392.0, ge=150.0, le=1200.0, description="Its lowest tone.")
    decay_s: float = Field(
        default=7.0, ge=2.0, le=30.0, description="Time in which it falls by 30 dB."
    )
    brightness: float = Field(
        default=0.3, ge=0.0, le=1.0, description="From a felt mallet (0) to a wooden one (1)."
    )


_MODES = (
    (1.0, 0.0, 1.0),
    (2.0, -24.0, 0.6),
    (3.0, -8.0, 0.7),
    (5.35, -25.0, 0.35),
    (8.2, -35.0, 0.2),
)
"""(ratio of pitch, level in dB at middle brightness, share of the decay)."""

_ATTACK_S = 0.018
"""Leather is softer than metal and harder than felt."""


class Bell:
    """One stroke of a bell; see `BellOptions`."""

    name: ClassVar[str] = "bell"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = BellOptions

    def __init__(self, options: BellOptions, seed: int) -> None:
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
