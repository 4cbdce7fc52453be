"""Options of commands that work on a library's finished tracks: where those lie, and for whom."""

import typer

OUT = typer.Option(
    None,
    "--out",
    help="The folder of tracks, or of destinations. Default: build/, or what the library says.",
)
TO = typer.Option(
    None, "--to", metavar="DESTINATION", help="Only for this destination of the library."
)
