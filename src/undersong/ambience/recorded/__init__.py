"""A maker's own recording as an endless bed: see `Recorded`."""

from undersong.ambience.recorded.endless import Recorded, RecordedOptions

__all__ = ["Recorded", "RecordedOptions"]
