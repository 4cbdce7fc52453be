"""`undersong doctor`: what works on this machine, what does not, and why."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from undersong.cli.screen import out, print_json, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
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
    """Look at everything that rendering needs, and say what is missing and what would help."""
    findings = [finding for look in LOOKS for finding in look()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
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
    try:
        import imageio_ffmpeg

        note, works = str(imageio_ffmpeg.get_ffmpeg_exe()), True
    except (ImportError, RuntimeError) as error:
        note, works = f"m4a, wma and others cannot be read: {error}", False
    yield Finding(what="reading m4a, wma, …", works=works, needed=False, note=note)


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

    library = Library.find(Path.cwd())
    count = len(library.recipe_files())
    note = f"{library.root}: {count} recipes" if count else "none here: undersong init my-library"
    yield Finding(what="library", works=count > 0, needed=False, note=note)


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _program,
    _formats,
    _foreign,
    _engines,
    _cache,
    _player,
    _library,
)
