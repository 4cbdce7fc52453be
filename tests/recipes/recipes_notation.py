"""Scripts in one short line per cue, so that tests can compare them at sight."""

from pathlib import Path

from undersong.errors import Fault
from undersong.recipes.model import (
    BedLevel,
    BreathPhase,
    Cue,
    ElasticPause,
    Heading,
    Pause,
    SceneChange,
    Script,
    SoundCue,
    Utterance,
)
from undersong.recipes.names import Names
from undersong.recipes.pace import PACES
from undersong.recipes.script import read_script
from undersong.recipes.source import make_source

NAMES = Names(
    voices=("ember", "shore"),
    beds=("forest", "waves"),
    sounds=("bell", "gong.wav"),
    folder=Path(),
)


def read(
    text: str, *, pace: str = "natural", language: str = "en-US"
) -> tuple[Script, tuple[Fault, ...]]:
    """Read a script without front matter."""
    source = make_source("x.md", text)
    return read_script(source, 0, language=language, pace=PACES[pace], names=NAMES)


def script(text: str, *, pace: str = "natural", language: str = "en-US") -> Script:
    """Read a script that holds no faults."""
    found, faults = read(text, pace=pace, language=language)
    assert not faults, faults
    return found


def lines(text: str, *, pace: str = "natural", language: str = "en-US") -> list[str]:
    """Return one short line per cue."""
    return [line(cue) for cue in script(text, pace=pace, language=language).cues]


def faults(text: str, *, pace: str = "natural") -> list[str]:
    """Return `line:column message` of every fault, in order of place."""
    found = sorted(read(text, pace=pace)[1], key=lambda f: (f.line or 0, f.column or 0))
    return [f"{fault.line}:{fault.column} {fault.message}" for fault in found]


def line(cue: Cue) -> str:  # noqa: C901, PLR0911 - one line per kind of cue
    """Write a cue in one line."""
    match cue:
        case Utterance():
            return cue.text
        case Heading():
            return f"# {cue.title}"
        case Pause():
            return f"[{float(cue.seconds):g}s]"
        case ElasticPause():
            return f"~{cue.kind}" + ("" if cue.weight == 1 else f" x{cue.weight}")
        case BreathPhase():
            said = f" {cue.utterance.text}" if cue.utterance else ""
            return f"<{cue.name} {float(cue.seconds):g}{said}>"
        case SceneChange():
            return f"[{cue.ambience} over {float(cue.over):g}]"
        case BedLevel():
            return f"[bed {cue.gain_db:+g} dB over {float(cue.over):g}]"
        case SoundCue():
            hold = "end" if cue.hold is None else f"{float(cue.hold):g}"
            return f"[{cue.sound} until {hold}, {cue.gain_db:+g} dB]"
