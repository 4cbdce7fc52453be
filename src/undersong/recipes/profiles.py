"""Delivery profiles and formats: how loud a finished track is, and in which files it comes."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from undersong.units import Dbtp, Lufs


class Profile(Struct, frozen=True, kw_only=True):
    """What a destination asks for.

    Attributes:
        integrated_lufs: programme loudness, ITU-R BS.1770.
        ceiling_dbtp: highest true peak of the decoded file.
        about: what it is for, and whose rule it is.
    """

    name: str
    integrated_lufs: Lufs
    ceiling_dbtp: Dbtp
    about: str


Anchor = Literal["programme", "speech"]
"""What can be brought to a profile's loudness."""


class Goal(Struct, frozen=True, kw_only=True):
    """What a master is brought to.

    Attributes:
        anchor: what is to have the target's loudness: the whole `programme`, or its `speech`.
        target_lufs: gated loudness of that.
        ceiling_dbtp: highest true peak.
    """

    anchor: Anchor
    target_lufs: Lufs
    ceiling_dbtp: Dbtp


# Targets as published; the sources are in docs/craft.md.
_ROWS: Final = (
    ("podcast", -16.0, -1.0, "podcast apps (Apple Podcasts: -16 LKFS ± 1, -1 dBTP)"),
    ("meditation", -18.0, -1.0, "speech in apps and players (AES77: speech at -18 LUFS)"),
    ("sleep", -20.0, -1.0, "quiet listening at night, below the speech anchor of AES77"),
    ("broadcast", -23.0, -1.0, "radio and television (EBU R 128: -23 LUFS, -1 dBTP)"),
    ("loud", -14.0, -1.0, "music platforms (Spotify, YouTube: -14 LUFS)"),
    ("assistant", -14.0, -2.0, "voice assistants (Amazon Alexa: -14 LUFS, -2 dBTP)"),
)

PROFILES: Final[Mapping[str, Profile]] = {
    name: Profile(name=name, integrated_lufs=Lufs(lufs), ceiling_dbtp=Dbtp(dbtp), about=about)
    for name, lufs, dbtp, about in _ROWS
}
"""Every delivery profile by name."""

FORMATS: Final = ("mp3", "flac", "wav", "opus")
"""Every file format that can be asked for."""

DEFAULT_PROFILE: Final = "podcast"


def goal_of(profile: Profile, anchor: Anchor) -> Goal:
    """Return what a master is brought to for a profile."""
    return Goal(
        anchor=anchor, target_lufs=profile.integrated_lufs, ceiling_dbtp=profile.ceiling_dbtp
    )
