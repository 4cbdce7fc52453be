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
    build,
    cache,
    check,
    doctor,
    farm,
    feed,
    fsck,
    init,
    measure,
    new,
    plan,
    preview,
    prune,
    publish,
    render,
    schema,
    serve,
    takes,
    voices,
    watch,
)
from undersong.cli.failures import WRONG_USAGE, InternalError, of_system, of_usage, report
from undersong.cli.stopping import INTERRUPTED, interruptible
from undersong.errors import UndersongError
from undersong.machine import collect_seldom, pin_threads

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


COMMANDS = (
    render,
    build,
    watch,
    preview,
    plan,
    check,
    measure,
    voices,
    new,
    init,
    prune,
    fsck,
    publish,
    serve,
    schema,
    doctor,
)
"""Modules that add one command each, in the order of `--help`."""


@app.callback()
def _root(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show a traceback when something fails."),
    version: bool = typer.Option(  # noqa: ARG001 - the callback acts
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    context.obj = debug


for module in COMMANDS:
    module.add_to(app)
ambience.add_to(app)
takes.add_to(app)
feed.add_to(app)
cache.add_to(app)
farm.add_to(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit.

    0 well, 2 wrong usage, 130 interrupted, 143 asked to end by SIGTERM, else by kind of failure.
    """
    pin_threads()
    collect_seldom()
    words = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a narrow terminal shows what it cannot write as \x..
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with interruptible() as stopped:
        code = _run(words)
    sys.exit(stopped.code_after(code))


def _run(words: list[str]) -> int:
    debug, as_json = "--debug" in words, "--json" in words
    try:
        code = app(words, standalone_mode=False) or 0
    except WRONG_USAGE as wrong:
        if as_json:
            return report(of_usage(wrong), as_json=True)
        wrong.show()
        return int(wrong.exit_code)
    except (UndersongError, OSError) as error:
        if debug:
            traceback.print_exc()
        failure = error if isinstance(error, UndersongError) else of_system(error)
        return report(failure, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a sentence
        if debug:
            traceback.print_exc()
        return report(InternalError(error), as_json=as_json)
    if code == INTERRUPTED:
        print("Stopped. What was finished is kept.", file=sys.stderr)
    return int(code)
