"""`undersong new`: a recipe to begin with."""

from pathlib import Path

import typer

from undersong.cli.screen import out

TEMPLATE = """\
---
title: {title}
voice: {voice}
ambience: {ambience}
length: {length}
pace: calm
difference: 15 LU
fades: {{in: 6s, out: 20s}}
loudness: podcast
formats: [mp3, flac]
style: directive
about: {{time: any, region: whole body, kind: guided-imagery}}
---

<!-- Headings are chapters. A blank line is an elastic pause; [4s] is exact; [pause] is elastic. -->

# Arriving

Let yourself settle, sitting or lying down, with your eyes open or closed. [4s]

[breathe: in 4s, out 6s, times 3]

# The place

Imagine, sense, or simply know that you are somewhere calm. [pause: long]

Notice what is near you. [pause] Notice what is far away. [pause: long]

# Returning

Let the place grow quiet. [pause] Feel the surface beneath you, and the air around you.

[bell]

When you are ready, return to your day.
"""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("new")(new)


def new(
    title: str = typer.Argument(help='Title of the track, such as "Warm water".'),
    voice: str = typer.Option("shore", "--voice", help="Name of a voice file."),
    ambience: str = typer.Option("waves", "--ambience", help="Name of a bed file, or none."),
    length: str = typer.Option("5m", "--length", help="Exact length, such as 10m, or natural."),
) -> None:
    """Write a new recipe into the library's recipes folder, ready to render."""
    from undersong.cli.checked import checked
    from undersong.errors import OutputError, UnknownNameError
    from undersong.files import atomic
    from undersong.recipes.library import Library
    from undersong.recipes.load import load_recipe
    from undersong.recipes.names import slug
    from undersong.recipes.schema import RecipeFile

    library = Library.find(Path.cwd())
    folder = library.root / "recipes"
    for kind, name, known in (
        ("voice", voice, library.voice_names()),
        ("ambience", ambience, (*library.bed_names(), "none")),
    ):
        if name not in known:
            raise UnknownNameError(kind, name, known)
    words = {"title": title, "voice": voice, "ambience": ambience, "length": length}
    checked(RecipeFile, library.names(folder), **words)
    path = folder / f"{slug(title)}.md"
    if path.exists():
        raise OutputError(f"{path} exists already", hint="choose another title; nothing changed")
    with atomic(path) as temporary:
        text = TEMPLATE.format(**{key: _scalar(word) for key, word in words.items()})
        temporary.write_text(text, encoding="utf-8")
        load_recipe(temporary, library)  # what we write can be read
    out.print(f"Wrote {path}. Next: undersong plan {path.stem}")


def _scalar(text: str) -> str:
    """Write text as YAML would read it back: plain where it can be, else in quotes."""
    import json

    from undersong.recipes.document import read_document
    from undersong.recipes.source import make_source

    line = f"- {text}\n"
    plain = read_document(make_source("", line), 0, len(line))
    written = getattr(plain.value[0], "written", plain.value[0]) if plain.value else None
    return text if written == text else json.dumps(text, ensure_ascii=False)
