"""`undersong voices`: what can speak here, and why the rest cannot."""

from pathlib import Path

import typer

from undersong.cli.screen import out, print_json, table


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("voices")(voices)


def voices(
    language: str = typer.Option(
        "", "--language", help="Only voices of this language, such as de."
    ),
    folder: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the voices of the library and, for each of their engines, whether it can run here."""
    from dataclasses import asdict

    from undersong.recipes.library import Library
    from undersong.voices.explain import explain_voices

    found = [
        status
        for status in explain_voices(Library.find(folder))
        if status.language.lower().startswith(language.lower())
    ]
    if as_json:
        print_json([asdict(status) for status in found])
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
        out.print(f"\n{terms}", markup=False)
