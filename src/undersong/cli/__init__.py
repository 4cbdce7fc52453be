"""The command line: one module per command, each argument → call → print.

A command imports its stage when it runs, so that `--help` answers at once.
"""

import io
import sys
import traceback

import typer

from undersong import __version__
from undersong.cli import (
    ambience,
    check,
    doctor,
    feed,
    init,
    measure,
    new,
    plan,
    preview,
    publish,
    render,
    schema,
    serve,
    takes,
    voices,
)
from undersong.cli.screen import complain
from undersong.errors import UndersongError

INTERRUPTED = 130

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


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"undersong {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show a traceback when something fails."),
    version: bool = typer.Option(  # noqa: ARG001 - the callback acts
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    context.obj = debug


for module in (
    render,
    preview,
    plan,
    check,
    measure,
    voices,
    new,
    init,
    publish,
    serve,
    schema,
    doctor,
):
    module.add_to(app)
ambience.add_to(app)
takes.add_to(app)
feed.add_to(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0 well, 2 wrong usage, 130 interrupted, else by kind of failure."""
    words = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a narrow terminal shows what it cannot write as \x..
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    debug = "--debug" in words
    try:
        app(words)
    except SystemExit as done:  # how typer ends, also after wrong usage and an interrupt
        code = done.code if isinstance(done.code, int) else 0
        if code == INTERRUPTED:
            print("Stopped. What was finished is kept.", file=sys.stderr)
        return code
    except UndersongError as error:
        if debug:
            traceback.print_exc()
        complain(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a sentence
        if debug:
            traceback.print_exc()
        print(
            f"Internal error: {type(error).__name__}: {error}\n"
            "This is our mistake, not yours. Run again with --debug to see where.",
            file=sys.stderr,
        )
        return 1
    return 0
