"""The contract between Undersong and a maker of ambience.

Generators register under the entry-point group `undersong.ambience`, cue makers under
`undersong.cues`, ours as strangers' do. `undersong.testing.check_generator` proves that a
generator keeps this contract.
"""

from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from undersong.audio import BlockSource, Frames


class GeneratorOptions(BaseModel):
    """Base of every generator's options: what a bed file may say about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Generator(BlockSource, Protocol):
    """An endless bed layer: a stereo `BlockSource` made from options and a seed.

    Sample values depend on options, seed and position only; no DC, no clicks, no NaN, never a
    run of digital silence; loudness over minutes near -30 LUFS so that layers can be balanced.

    Class attributes:
        name: as in bed files.
        version: rises whenever the sound changes; part of every cache key.
        Options: schema of what a bed file may set.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    Options: ClassVar[type[GeneratorOptions]]

    def __init__(self, options: GeneratorOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        ...


class CueMaker(Protocol):
    """A single sound such as a bell: finite, rendered whole.

    Class attributes as for `Generator`.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    Options: ClassVar[type[GeneratorOptions]]

    def __init__(self, options: GeneratorOptions, seed: int) -> None:
        """Prepare cheaply."""
        ...

    @property
    def length(self) -> int:
        """Length in samples, known without rendering."""
        ...

    def render(self) -> Frames:
        """Return the whole sound, stereo, ending in silence."""
        ...
