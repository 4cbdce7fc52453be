"""`undersong serve`: the show's folder on the web, for trying it with apps."""

from pathlib import Path

import typer

from undersong.cli.feed import PUBLIC
from undersong.cli.screen import out


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("serve")(serve)


def serve(
    folder: Path | None = typer.Argument(
        None, help="The show's folder. Default: public/ of the library around this folder."
    ),
    host: str = typer.Option(
        "127.0.0.1", "--host", help="Address to listen on; 0.0.0.0 lets the whole network in."
    ),
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="0 takes a free one."),
) -> None:
    """Host the show on this machine the way a good host does, until Ctrl-C.

    Ranges, ETags, conditional requests, media types and CORS are as podcast apps want them.
    Feeds name this host instead of the one that they are meant for.
    """
    import socket
    import tempfile

    from undersong.errors import Fault, FaultsError
    from undersong.publish.host import make_host, make_server, open_socket
    from undersong.publish.model import FEED
    from undersong.recipes.library import Library

    root = folder or Library.find(Path()).root / PUBLIC
    if not root.is_dir():
        raise FaultsError(
            [Fault(file=str(root), message="there is no such folder")],
            hint="run `undersong feed build` first",
        )
    with open_socket(host, port) as listening, tempfile.TemporaryDirectory() as scratch:
        name, number = listening.getsockname()[:2]
        name = socket.gethostname() if name in {"0.0.0.0", "::"} else name  # noqa: S104 - compared
        shown = f"[{name}]" if ":" in name else name
        out.print(f"http://{shown}:{number}/{FEED}")
        out.print(f"hosting {root}; end with Ctrl-C")
        make_server(make_host(root, Path(scratch))).run(sockets=[listening])
