"""What a player shows of a track, and which writer puts it into which format."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from undersong.deliver.artwork import Cover
from undersong.manifest import ChapterMark, Levels
from undersong.timeline.model import Caption
from undersong.units import Lufs, to_seconds

DRAFT_NOTE: Final = "Spoken by a draft voice; not for publication."

REPLAYGAIN_LUFS: Final = Lufs(-18.0)
"""Reference loudness of ReplayGain 2.0."""

R128_LUFS: Final = Lufs(-23.0)
"""Reference loudness of the R128 tags of Opus, RFC 7845 section 5.2.1."""

_ISO_639_2: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ar": "ara", "bg": "bul", "bn": "ben", "ca": "cat", "cs": "ces", "cy": "cym",
        "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est",
        "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg",
        "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "is": "isl",
        "it": "ita", "ja": "jpn", "ko": "kor", "la": "lat", "lt": "lit", "lv": "lav",
        "ms": "msa", "nb": "nob", "nl": "nld", "nn": "nno", "no": "nor", "pl": "pol",
        "pt": "por", "ro": "ron", "ru": "rus", "sa": "san", "sk": "slk", "sl": "slv",
        "sr": "srp", "sv": "swe", "sw": "swa", "ta": "tam", "th": "tha", "tr": "tur",
        "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "zho",
    }
)  # fmt: skip


class Tags(Struct, frozen=True, kw_only=True):
    """Everything that travels inside a file besides its sound.

    Attributes:
        language: BCP 47 tag.
        comment: a sentence or more about the track; `credits` are lines shown under it.
        date: year, month or day (`2026-11-21`), or None; never taken from a clock.
        track: place in its album from 1, and `tracks` how many there are, or None.
        captions: what is said and when, for synchronised lyrics.
        lyrics: the transcript.
        draft: spoken by a draft voice, which the file then says.
    """

    title: str
    artist: str
    album: str
    language: str
    comment: str = ""
    credits: tuple[str, ...] = ()
    genre: str = ""
    date: str | None = None
    track: int | None = None
    tracks: int | None = None
    cover: Cover | None = None
    chapters: tuple[ChapterMark, ...] = ()
    captions: tuple[Caption, ...] = ()
    lyrics: str = ""
    draft: bool = False

    @property
    def note(self) -> str:
        """Comment, draft note and credits, a line each."""
        lines = (self.comment, DRAFT_NOTE if self.draft else "", *self.credits)
        return "\n".join(line for line in lines if line)


def language_code(language: str) -> str:
    """Return the ISO 639-2/T code of a BCP 47 tag, `und` (undetermined) when we know none."""
    primary = language.split("-", 1)[0].lower()
    known = _ISO_639_2.get(primary, primary)
    return known if len(known) == 3 and known.isascii() else "und"  # noqa: PLR2004 - the code's length


def replay_gain(levels: Levels) -> dict[str, str]:
    """Return the ReplayGain 2.0 tags of a file; its peak is the true peak, linear."""
    gain_db = REPLAYGAIN_LUFS - levels.integrated_lufs
    peak = 10 ** (levels.true_peak_dbtp / 20)
    return {
        "REPLAYGAIN_TRACK_GAIN": f"{gain_db:.2f} dB",
        "REPLAYGAIN_TRACK_PEAK": f"{peak:.6f}",
    }


def r128_gain(levels: Levels) -> dict[str, str]:
    """Return Opus's tag: gain to -23 LUFS in 1/256 dB."""
    return {"R128_TRACK_GAIN": f"{round((R128_LUFS - levels.integrated_lufs) * 256)}"}


def to_millis(seconds: float) -> int:
    """Round seconds to milliseconds."""
    return round(seconds * 1000)


def timed_lines(captions: tuple[Caption, ...]) -> list[tuple[str, int]]:
    """Return the text of each caption and its start in milliseconds."""
    return [(caption.text, round(to_seconds(caption.start) * 1000)) for caption in captions]
