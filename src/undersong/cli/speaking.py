"""Options of every command that speaks: which engine may."""

import typer

ENGINE = typer.Option(
    None, "--engine", help="Speak with this engine only, instead of the voice file's own order."
)
ONLINE = typer.Option(
    None,
    "--online/--offline",
    help="Insist on an engine that needs the network where a voice has one, or use none of them.",
)
