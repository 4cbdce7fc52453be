"""A maker's own recording as an endless bed: see `Recorded`."""

from undersong.ambience.recorded.endless import Going, Recorded, RecordedOptions

__all__ = ["Going", "Recorded", "RecordedOptions"]
