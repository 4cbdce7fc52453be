"""Which commands there are; each module is imported when its command runs, or for `--help`."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

import typer

from undersong import __version__

COMMANDS: Final = (
    "render",
    "build",
    "watch",
    "preview",
    "plan",
    "check",
    "measure",
    "voices",
    "new",
    "init",
    "prune",
    "fsck",
    "publish",
    "serve",
    "schema",
    "doctor",
    "ambience",
    "takes",
    "feed",
    "cache",
    "farm",
)
"""Every command and group of commands, each a module of its own, in the order of `--help`."""


def application(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line with the one command that `words` name, or else with all of them.

    What one command imports and describes is a tenth of what all do.
    """
    app = typer.Typer(
        name="undersong",
        help="Turn recipes into finished guided-imagery tracks.",
        epilog="Start with: undersong init my-library",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    named = next((word for word in words if not word.startswith("-")), "")
    for name in (named,) if named in COMMANDS else COMMANDS:
        import_module(f"undersong.cli.{name}").add_to(app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"undersong {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show a traceback when something fails."),
    version: bool = typer.Option(  # noqa: ARG001 - the callback acts
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    context.obj = debug
