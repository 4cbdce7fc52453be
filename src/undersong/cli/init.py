"""`undersong init`: a library of one's own, begun from the starter library."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from undersong.cli.screen import out

FOLDERS = ("recipes", "voices", "ambience")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("init")(init)


def init(
    folder: Path = typer.Argument(help="A new or empty folder."),
    title: str | None = typer.Option(None, "--title", help="Title of the library."),
) -> None:
    """Begin a library: copy the starter recipes, voices, beds and settings into FOLDER."""
    from undersong.errors import OutputError
    from undersong.recipes.library import FILE, starter_folder

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is not empty", hint="choose a new folder; nothing was changed")
    settings = (starter_folder() / FILE).read_text(encoding="utf-8")
    settings = _titled(settings, _spoken(folder) if title is None else title)
    with _whole_or_absent(folder) as stage:
        _fill(stage, settings)
    out.print(f"A library is ready in {folder}. Next:\n")
    out.print(f"  cd {folder}")
    out.print("  undersong check")
    out.print("  undersong render three-breaths --offline")


def _fill(stage: Path, settings: str) -> None:
    """Write a library into an empty folder."""
    import shutil

    from undersong.recipes.library import FILE, starter_folder

    starter = starter_folder()
    found = [path for name in FOLDERS for path in (starter / name).rglob("*") if path.is_file()]
    for path in (*found, starter / "artwork.jpg"):
        target = stage / path.relative_to(starter)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (stage / ".gitignore").write_text("build/\npublic/\n", encoding="utf-8")
    (stage / FILE).write_text(settings, encoding="utf-8")


@contextmanager
def _whole_or_absent(folder: Path) -> Iterator[Path]:
    """Yield a folder whose files become those of `folder`, which is empty or not there yet.

    If anything fails or is interrupted, `folder` is what it was before.

    Raises:
        OutputError: no space, no permission, or a file stands in the way.
    """
    import shutil
    import tempfile

    from undersong.files import unwritable

    made = [above for above in (folder, *folder.parents) if not above.exists()]
    moved: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".undersong-", dir=folder) as stage:
            yield Path(stage)
            for path in sorted(Path(stage).iterdir()):  # undersong.yaml, which says it is one, last
                moved.append(folder / path.name)
                path.rename(folder / path.name)
    except BaseException as error:
        for path in moved:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for empty in made:
            if empty.is_dir():
                empty.rmdir()
        if isinstance(error, OSError):
            raise unwritable(folder, error) from error
        raise


def _titled(settings: str, title: str) -> str:
    """Put the title into the settings, leaving comments and order as they are.

    Raises:
        UsageError: this cannot be a title.
    """
    import json

    from undersong.cli.checked import checked
    from undersong.recipes.schema import LibraryFile

    chosen = checked(LibraryFile, title=title)["title"]
    line = f"title: {json.dumps(chosen, ensure_ascii=False)}"
    return "\n".join(line if each.startswith("title:") else each for each in settings.split("\n"))


def _spoken(folder: Path) -> str:
    words = folder.resolve().name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else "My library"
