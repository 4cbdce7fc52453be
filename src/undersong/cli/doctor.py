"""`undersong doctor`: what works on this machine, what does not, and why."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import typer
from msgspec import Struct

from undersong.cli.screen import out, print_json
from undersong.cli.tables import table
from undersong.files import plain

EDGE_HOST: Final = "speech.platform.bing.com"
"""Where the online voices live (edge-tts 7.3, constants.BASE_URL)."""

PATIENCE_S: Final = 10.0


class Finding(Struct, frozen=True, kw_only=True):
    """One thing looked at: whether it works, and whether a track can be made without it."""

    what: str
    works: bool
    needed: bool
    note: str


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("doctor")(doctor)


def doctor(
    as_json: bool = typer.Option(False, "--json", help="Print the findings as JSON."),
) -> None:
    """Look at everything that rendering needs, and say what is missing and what would help.

    Exits with 1 when something is MISSING, without which no track can be made; what is listed as
    `without` is only wanted by some voices or commands, and does not count.
    """
    findings = [finding for look in LOOKS for finding in look()]
    if as_json:
        print_json([plain(finding) for finding in findings])
    else:
        rows = [(_sign(finding), finding.what, finding.note) for finding in findings]
        out.print(table("", ("", "what", ""), rows))
    if any(finding.needed and not finding.works for finding in findings):
        raise typer.Exit(1)


def _sign(finding: Finding) -> str:
    if finding.works:
        return "ok"
    return "MISSING" if finding.needed else "without"


def _program() -> Iterator[Finding]:
    import platform

    from undersong import __version__

    note = f"{__version__} on Python {platform.python_version()}, {platform.platform()}"
    yield Finding(what="undersong", works=True, needed=True, note=note)


def _formats() -> Iterator[Finding]:
    import soundfile

    known = soundfile.available_formats()
    for name, key in (("wav", "WAV"), ("flac", "FLAC"), ("mp3", "MP3"), ("opus", "OGG")):
        works = key in known and (key != "OGG" or "OPUS" in soundfile.available_subtypes("OGG"))
        note = soundfile.__libsndfile_version__ if works else "reinstall soundfile"
        yield Finding(what=f"writing {name}", works=works, needed=True, note=note)


def _foreign() -> Iterator[Finding]:
    import subprocess

    try:
        import imageio_ffmpeg

        path = str(imageio_ffmpeg.get_ffmpeg_exe())
        ask = [path, "-hide_banner", "-version"]
        told = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=PATIENCE_S)  # noqa: S603 - its own program
        note, works = f"{' '.join(told.stdout.split()[:3])}, {path}", True
    except (ImportError, RuntimeError, OSError, subprocess.SubprocessError) as error:
        note, works = f"m4a, wma and others cannot be read: {error}", False
    yield Finding(what="reading m4a, wma, …", works=works, needed=False, note=note)


def _clock() -> Iterator[Finding]:
    from datetime import UTC, datetime

    import undersong
    from undersong.cli.machine import newest, wrong_clock

    now = datetime.now(UTC)
    why = wrong_clock(now, newest(Path(str(undersong.__file__)).parent.rglob("*.py")))
    note = why or f"{now:%Y-%m-%d %H:%M} UTC"
    yield Finding(what="clock", works=why is None, needed=False, note=note)


def _network() -> Iterator[Finding]:
    from urllib.request import getproxies

    from undersong.cli.machine import gate, unreachable

    host, port = gate(EDGE_HOST, getproxies())
    why = unreachable(host, port)
    through = "" if host == EDGE_HOST else f" (through {host})"
    note = f"no online voice: {host}: {why}" if why else f"{EDGE_HOST} answers{through}"
    yield Finding(what="network", works=why is None, needed=False, note=note)


def _models() -> Iterator[Finding]:
    from undersong.recipes.library import Library
    from undersong.voices.models import FOLDER

    folder = Library.glance(Path.cwd()).root / FOLDER
    found = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    size = sum(path.stat().st_size for path in found) / 1e6
    listed = ", ".join(path.name for path in found)
    note = f"{listed}: {size:.0f} MB" if found else "none here: undersong voices add FILE"
    yield Finding(what="neural models", works=bool(found), needed=False, note=note)


def _device() -> Iterator[Finding]:
    from undersong.cli.machine import no_sound_device

    why = no_sound_device()
    yield Finding(what="sound device", works=why is None, needed=False, note=why or "there")


def _engines() -> Iterator[Finding]:
    from undersong.voices.explain import explain_engines

    for engine in explain_engines():
        draft = "draft quality" if engine.draft else "ready"
        yield Finding(
            what=f"voice engine {engine.engine}",
            works=engine.why_not is None,
            needed=engine.engine == "espeak",
            note=engine.why_not or draft,
        )


def _cache() -> Iterator[Finding]:
    import shutil

    from undersong.errors import OutputError
    from undersong.files import write_text
    from undersong.voices.takes import default_cache

    folder = default_cache()
    probe = folder / ".doctor"
    try:
        write_text(probe, "")
        probe.unlink()
        free = shutil.disk_usage(folder).free / 1e9
        yield Finding(what="cache", works=True, needed=True, note=f"{folder}, {free:.0f} GB free")
    except (OutputError, OSError) as error:
        note = f"{error}; set UNDERSONG_CACHE to a folder of yours"
        yield Finding(what="cache", works=False, needed=True, note=note)


def _player() -> Iterator[Finding]:
    from undersong.preview.player import PLAYERS, find_player

    player = find_player()
    names = ", ".join(known.name for known in PLAYERS)
    note = player.name if player else f"previews are written to a file; install one of: {names}"
    yield Finding(what="player", works=player is not None, needed=False, note=note)


def _library() -> Iterator[Finding]:
    from undersong.recipes.library import Library

    library = Library.glance(Path.cwd())
    if library.faults:
        note = f"{library.faults[0]}"
        yield Finding(what="library", works=False, needed=True, note=note)
        return
    count = len(library.recipe_files())
    note = f"{library.root}: {count} recipes" if count else "none here: undersong init my-library"
    yield Finding(what="library", works=count > 0, needed=False, note=note)


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _program,
    _formats,
    _foreign,
    _clock,
    _network,
    _engines,
    _models,
    _cache,
    _player,
    _device,
    _library,
)
