"""`undersong init`: a library of one's own, begun from the starter library."""

from pathlib import Path

import typer

from undersong.cli.screen import out


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("init")(init)


def init(
    folder: Path = typer.Argument(help="A new or empty folder."),
    title: str | None = typer.Option(None, "--title", help="Title of the library."),
) -> None:
    """Begin a library: copy the starter recipes, voices, beds and settings into FOLDER."""
    import shutil

    from undersong.errors import OutputError
    from undersong.files import unwritable, write_text
    from undersong.recipes.library import starter_folder

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is not empty", hint="choose a new folder; nothing was changed")
    starter = starter_folder()
    try:
        for name in ("recipes", "voices", "ambience"):
            shutil.copytree(starter / name, folder / name, dirs_exist_ok=True)
        shutil.copy(starter / "artwork.jpg", folder / "artwork.jpg")
        settings = (starter / "undersong.yaml").read_text(encoding="utf-8")
    except OSError as error:
        raise unwritable(folder, error) from error
    write_text(folder / "undersong.yaml", _titled(settings, title or _spoken(folder)))
    write_text(folder / ".gitignore", "build/\npublic/\n")
    out.print(f"A library is ready in {folder}. Next:\n")
    out.print(f"  cd {folder}", markup=False)
    out.print("  undersong check")
    out.print("  undersong render three-breaths --offline")


def _titled(settings: str, title: str) -> str:
    """Put the title into the settings, leaving comments and order as they are."""
    import json

    lines = settings.split("\n")
    return "\n".join(
        f"title: {json.dumps(title, ensure_ascii=False)}" if line.startswith("title:") else line
        for line in lines
    )


def _spoken(folder: Path) -> str:
    words = folder.resolve().name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else "My library"
