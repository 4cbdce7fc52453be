"""`undersong publish`: the show goes where subscribers fetch it."""

from contextlib import closing
from pathlib import Path

import typer

from undersong.cli.feed import AS_JSON, DRAFTS, DRY_RUN, LIBRARY, TRACKS, prepare_show, send_show


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("publish")(publish)


def publish(
    library: Path = LIBRARY,
    tracks: Path | None = TRACKS,
    to: str | None = typer.Option(
        None,
        "--to",
        help="A folder, or an address such as s3://BUCKET/FOLDER. Default: `to` in the show file.",
    ),
    drafts: bool = DRAFTS,
    prune: bool = typer.Option(
        False, "--prune", help="Delete files that no feed has named for 90 days."
    ),
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Send the show to where subscribers fetch it; stops and starts again without harm.

    Sound goes first and the feed last, so that no feed ever names a file that is not there.
    What is there already is not sent again. Nothing is deleted without --prune.
    """
    from undersong.errors import PublishError
    from undersong.publish.model import Stage
    from undersong.publish.showfile import load_show
    from undersong.publish.targets import open_target
    from undersong.publish.websub import ping
    from undersong.recipes.library import Library

    found = Library.find(library)
    show = load_show(found)
    where = to or show.to
    if not where:
        raise PublishError(
            "where should the show go?",
            hint="give --to FOLDER or --to ADDRESS, or write `to:` in the show file",
        )
    with closing(open_target(where, Path.cwd() if to else found.root)) as target:
        plan = send_show(
            prepare_show(library, tracks, target, drafts=drafts),
            target,
            found.root,
            dry_run=dry_run,
            as_json=as_json,
            prune=prune,
        )
    if show.hub and not dry_run and any(piece.stage == Stage.FEED for piece in plan.writes):
        ping(show.hub, show.feed_url)
