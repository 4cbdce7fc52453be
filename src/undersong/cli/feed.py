"""`undersong feed`: the show as a folder of files, checked before anybody subscribes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import Progress, out, print_json, writable

if TYPE_CHECKING:
    from undersong.publish.check.examine import Report
    from undersong.publish.edition import Prepared
    from undersong.publish.send import Plan
    from undersong.publish.target import Target

group = typer.Typer(
    name="feed",
    help="Build the podcast feed of a library, and check this or any other feed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PUBLIC = "public"
STYLES = {"error": "red", "warning": "yellow", "note": ""}

LIBRARY = typer.Option(Path(), "--library", help="A folder of the library.")
TRACKS = typer.Option(
    None, "--tracks", help="Where finished tracks lie. Default: build/, or the first destination."
)
DRAFTS = typer.Option(
    False, "--drafts", help="Take draft tracks too, for a private test; apps are asked not to list."
)
DRY_RUN = typer.Option(False, "--dry-run", help="Show what would change, and change nothing.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group)


@group.command("build")
def build(
    library: Path = LIBRARY,
    tracks: Path | None = TRACKS,
    to: Path | None = typer.Option(None, "--out", help="Default: public/ in the library."),
    drafts: bool = DRAFTS,
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Write the show into a folder: feed, sound, captions, chapters, cover and web pages.

    A file that is there already, letter for letter, is not written again.
    """
    from undersong.publish.target import FolderTarget
    from undersong.recipes.library import Library

    root = Library.find(library).root
    target = FolderTarget(to or root / PUBLIC)
    prepared = prepare_show(library, tracks, target, drafts=drafts)
    send_show(prepared, target, root, dry_run=dry_run, as_json=as_json)


@group.command("check")
def check(
    where: str | None = typer.Argument(
        None, help="Address of a feed, a feed file, or its folder. Default: public/."
    ),
    first: int = typer.Option(
        10, "--first", min=0, help="Of a live feed, look at the files of this many items."
    ),
    deep: bool = typer.Option(False, "--deep", help="Also read all sound and compare digests."),
    strict: bool = typer.Option(False, "--strict", help="Warnings fail too."),
    rules: bool = typer.Option(False, "--rules", help="List every rule with its source instead."),
    as_json: bool = AS_JSON,
) -> None:
    """Check a feed against everything that podcast apps and directories ask for.

    Of a feed in a folder, all files behind it are looked at; of a live one, also its host.
    Exit code: 0 no errors, 3 errors (or warnings with --strict).
    """
    from undersong.errors import FaultsError
    from undersong.publish.check.examine import check_address, check_file
    from undersong.recipes.library import Library

    if rules:
        _tell_rules(as_json=as_json)
        return
    now = datetime.now(UTC)
    if where is not None and where.lower().startswith(("http://", "https://")):
        report = check_address(where, now, first=first, deep=deep)
    else:
        path = Path(where) if where is not None else Library.find(Path()).root / PUBLIC
        report = check_file(path, now, deep=deep)
    _tell_report(report, as_json=as_json)
    if report.count("error") or (strict and report.count("warning")):
        raise typer.Exit(FaultsError.exit_code)


def _tell_rules(*, as_json: bool) -> None:
    from undersong.files import plain
    from undersong.publish.check.rules import RULES

    if as_json:
        print_json([plain(rule) for rule in RULES.values()])
        return
    for rule in RULES.values():
        out.print(f"{rule.severity}: {rule.text} [{rule.name}, {rule.source}]")


def _tell_report(report: "Report", *, as_json: bool) -> None:
    from undersong.files import plain

    if as_json:
        print_json(plain(report))
        return
    for finding in report.findings:
        out.print(writable(str(finding)), style=STYLES[finding.rule.severity])
    counts = [
        f"{report.count(kind) or 'no'} {kind}{'' if report.count(kind) == 1 else 's'}"
        for kind in STYLES
    ]
    out.print(
        f"{report.where}: {report.items} items on {report.pages} pages, files of "
        f"{report.looked_at} looked at: {', '.join(counts)}"
    )


@group.command("opml")
def opml(
    feeds: list[Path] = typer.Argument(help="Feed files, or folders that hold one."),
    to: Path = typer.Option(Path("shows.opml"), "--out", help="The file to write."),
    title: str = typer.Option("Shows", "--title", help="What the list is called."),
) -> None:
    """List several shows in one OPML file, which podcast apps import."""
    from undersong.files import write_bytes
    from undersong.publish.opml import shows_of, write_opml

    write_bytes(to, write_opml(title, shows_of(feeds)))
    out.print(f"Wrote {to}: {len(feeds)} shows")


def prepare_show(
    folder: Path, tracks: Path | None, target: "Target", *, drafts: bool
) -> "Prepared":
    """Put the show of a library together from its finished tracks; nothing is written.

    What `show.lock` has forgotten and the target remembers is taken from there.
    """
    from undersong.publish.edition import prepare
    from undersong.publish.identity import LOCK_FILE, read_lock, recovered
    from undersong.publish.send import read_state
    from undersong.publish.showfile import load_show
    from undersong.publish.tracks import read_tracks
    from undersong.recipes.library import Library

    library = Library.find(folder)
    state = read_state(target)
    return prepare(
        load_show(library),
        read_tracks(tracks or library.tracks_folder(next(iter(library.destinations), None))),
        recovered(read_lock(library.root / LOCK_FILE), state.guid, state.episodes),
        datetime.now(UTC),
        drafts=drafts,
    )


def send_show(
    prepared: "Prepared",
    target: "Target",
    root: Path,
    *,
    dry_run: bool,
    as_json: bool,
    prune: bool = False,
) -> "Plan":
    """Plan, lock, send and tell; `root` is the library's folder, where the lock lies."""
    from undersong.publish.identity import LOCK_FILE, write_lock
    from undersong.publish.send import plan, send

    found = plan(prepared, target, datetime.now(UTC).date(), prune=prune)
    if not dry_run:
        write_lock(root / LOCK_FILE, prepared.lock)
        progress = Progress(quiet=as_json or not found.writes)
        total = sum(piece.size_bytes for piece in found.writes)
        with progress.shown():
            send(found, target, progress.stage(f"sending to {target.name}", total))
    _tell(found, prepared, target.name, dry_run=dry_run, as_json=as_json)
    return found


def _tell(plan: "Plan", prepared: "Prepared", where: str, *, dry_run: bool, as_json: bool) -> None:
    """Print what was done, or what would be."""
    edition = prepared.edition
    if as_json:
        print_json(
            {
                "target": where,
                "feed": edition.feed_url,
                "guid": edition.guid,
                "episodes": len(edition.episodes),
                "dry_run": dry_run,
                "writes": [piece.path for piece in plan.writes],
                "deletes": list(plan.deletes),
                "retired": {path: day.isoformat() for path, day in plan.state.retired.items()},
            }
        )
        return
    for piece in plan.writes:
        out.print(f"  {piece.path}  {piece.size_bytes / 1e6:.2f} MB")
    for path in plan.deletes:
        out.print(f"  {path}  deleted")
    if kept := len(plan.state.retired):
        out.print(f"  no feed names {kept} of the files; kept for 90 days")
    does = "would write" if dry_run else "wrote"
    what = f"{does} {len(plan.writes)} files" if plan.writes else "nothing has changed"
    count = len(edition.episodes)
    out.print(f"{where}: {count} {'episode' if count == 1 else 'episodes'}, {what}")
