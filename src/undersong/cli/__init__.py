"""The command line: one module per command, each argument → call → print.

A command imports its stage when it runs, so that `--help` answers at once. Nothing is imported
here: what `main` asks of the machine holds for the imports too.
"""

import io
import sys
from contextlib import suppress

from undersong.machine import collect_seldom, leave_garbage, pin_threads, without_plugins


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit.

    0 well, 2 wrong usage, 130 interrupted, 143 asked to end by SIGTERM, else by kind of failure.
    """
    collect_seldom()
    pin_threads()
    without_plugins()
    words = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a narrow terminal shows what it cannot write as \x..
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    from undersong.cli.stopping import INTERRUPTED, interruptible

    code = INTERRUPTED
    with interruptible() as stopped, suppress(KeyboardInterrupt):  # before a command runs
        code = _run(words)
    leave_garbage()
    sys.exit(stopped.code_after(code))


def _run(words: list[str]) -> int:
    from undersong.cli.commands import application
    from undersong.cli.failures import WRONG_USAGE, InternalError, of_system, of_usage, report
    from undersong.cli.stopping import INTERRUPTED
    from undersong.errors import UndersongError

    debug, as_json = "--debug" in words, "--json" in words
    try:
        code = application(words)(words, standalone_mode=False) or 0
    except WRONG_USAGE as wrong:
        if as_json:
            return report(of_usage(wrong), as_json=True)
        wrong.show()
        return int(wrong.exit_code)
    except (UndersongError, OSError) as error:
        _show_trace(shown=debug)
        failure = error if isinstance(error, UndersongError) else of_system(error)
        return report(failure, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a sentence
        _show_trace(shown=debug)
        return report(InternalError(error), as_json=as_json)
    if code == INTERRUPTED:
        print("Stopped. What was finished is kept.", file=sys.stderr)
    return int(code)


def _show_trace(*, shown: bool) -> None:
    if shown:
        import traceback

        traceback.print_exc()
