"""`undersong voices`: what can speak here and why the rest cannot; try, compare and add voices."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import Progress, err, out, print_json
from undersong.cli.tables import table

if TYPE_CHECKING:
    from undersong.recipes.library import Library
    from undersong.voices.audition import Wish

FOLDER = typer.Option(Path(), "--library", help="A folder of the library.")
LANGUAGE = typer.Option("", "--language", help="Only voices of this language, such as de.")
JSON = typer.Option(False, "--json", help="Print JSON.")
OFFLINE = typer.Option(False, "--offline", help="Use no engine that needs a network.")
ENGINE = typer.Option(None, "--engine", help="Speak with this engine only.")

group = typer.Typer(
    name="voices",
    help="List voices and why they can or cannot speak here; try, compare and add voices.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group)


@group.callback()
def voices(
    context: typer.Context,
    language: str = LANGUAGE,
    folder: Path = FOLDER,
    as_json: bool = JSON,
) -> None:
    """List the voices of the library and, for each of their engines, whether it can run here."""
    if context.invoked_subcommand is None:
        listed(language, folder, as_json)


@group.command("list")
def listed(language: str = LANGUAGE, folder: Path = FOLDER, as_json: bool = JSON) -> None:
    """List the voices of the library and, for each of their engines, whether it can run here."""
    from undersong.cli.tracks import library_around
    from undersong.files import plain
    from undersong.voices.explain import explain_voices

    wanted = f"{language.lower()}-" if language else ""
    found = [
        status
        for status in explain_voices(library_around(folder))
        if f"{status.language.lower()}-".startswith(wanted)
    ]
    if as_json:
        print_json([plain(status) for status in found])
        return
    rows = []
    for status in found:
        for k, engine in enumerate(status.engines):
            rows.append(
                (
                    status.name if k == 0 else "",
                    status.language if k == 0 else "",
                    engine.engine + (" (draft)" if engine.draft else ""),
                    engine.why_not or "ready",
                )
            )
    out.print(table("", ("voice", "language", "engine", "here"), rows))
    for terms in dict.fromkeys(status.terms for status in found if status.terms):
        out.print(f"\n{terms}")


@group.command("say")
def say(
    text: str = typer.Argument(help="What to say; all marks of a script may stand in it."),
    voice: str = typer.Option("", "--voice", help="Name of a voice. Default: the library's."),
    engine: str | None = ENGINE,
    offline: bool = OFFLINE,
    to: Path | None = typer.Option(None, "--out", help="Write a .wav or .flac, play nothing."),
    folder: Path = FOLDER,
) -> None:
    """Hear a voice say a line, spoken, cut and levelled as in a track."""
    from undersong.cli.playing import play_file
    from undersong.cli.targets import sound_target
    from undersong.recipes.library import Library
    from undersong.voices.audition import Wish, usual_voice

    if to is not None:
        sound_target("--out", to)
    library = Library.find(folder)
    name = voice or usual_voice(library)
    target = to or library.root / "build" / "voices" / f"{name}.wav"
    _say(text, name, library, Wish(engine=engine, offline=offline), target)
    if to is None:
        play_file(target)
    else:
        out.print(f"Wrote {target}")


@group.command("compare")
def compare(
    one: str = typer.Argument(help="Name of a voice."),
    other: str = typer.Argument(help="Name of another."),
    text: str = typer.Argument(help="The line that both say."),
    offline: bool = OFFLINE,
    to: Path | None = typer.Option(None, "--out", help="Write into this folder, play nothing."),
    folder: Path = FOLDER,
) -> None:
    """Hear two voices say the same line, one after the other, at the same level."""
    from undersong.cli.playing import play_file
    from undersong.recipes.library import Library
    from undersong.voices.audition import Wish

    library = Library.find(folder)
    for name in (one, other):
        library.voice_file(name)  # both are there, before either speaks
    targets = [(to or library.root / "build" / "voices") / f"{name}.wav" for name in (one, other)]
    for name, target in zip((one, other), targets, strict=True):
        _say(text, name, library, Wish(offline=offline), target)
    for target in targets:
        if to is None:
            play_file(target)
        else:
            out.print(f"Wrote {target}")


@group.command("add")
def add(
    source: str = typer.Argument(help="Path or address of an .onnx file."),
    name: str = typer.Option("", "--name", help="What recipes call it. Default: from the file."),
    styles: str = typer.Option("", "--voices", help="Kokoro: path or address of its voices."),
    voice: str = typer.Option("af_heart", "--voice", help="Kokoro: which of its voices."),
    language: str = typer.Option("", "--language", help="Such as de-DE, if the files do not say."),
    licence: str = typer.Option("", "--licence", help="If the files do not say."),
    sha256: str | None = typer.Option(None, "--sha256", help="What the .onnx file must have."),
    size: int | None = typer.Option(None, "--size", min=1, help="Its size in bytes."),
    folder: Path = FOLDER,
) -> None:
    """Bring a Piper or Kokoro voice into the library, and write the voice file for it."""
    from undersong.recipes.library import Library
    from undersong.voices.fetch import Expected
    from undersong.voices.models import Order, add_voice

    order = Order(
        source=source,
        name=name,
        voices=styles,
        voice=voice,
        language=language,
        licence=licence,
        expected=Expected(size_bytes=size, sha256=sha256),
    )
    progress = Progress()
    with progress.shown():
        added = add_voice(order, Library.find(folder), progress.stage("fetching", size or 0))
    for path in added.files:
        out.print(f"Wrote {path}")
    out.print(f"Licence of the voice: {added.licence}")
    if added.why_not:
        err.print(f"It cannot speak here yet: {added.why_not}")
    else:
        out.print(f'Hear it: undersong voices say "Let go." --voice {added.name}')


def _say(text: str, voice: str, library: "Library", wish: "Wish", target: Path) -> None:
    """Have a line said and written, and tell who spoke it."""
    from undersong.deliver.sound import write_sound
    from undersong.voices.audition import audition
    from undersong.voices.takes import TakeStore

    heard = audition(text, voice, library, TakeStore(), wish)
    write_sound(target, heard, len(heard.frames))
    for note in heard.notes:
        err.print(note)
    seconds = len(heard.frames) / 48_000
    draft = ", a draft voice" if heard.draft else ""
    err.print(f"{voice}: {heard.engine}{draft}, {seconds:.1f} s")
