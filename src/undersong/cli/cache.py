"""`undersong cache`: what is kept between runs, whether it is whole, and making it smaller."""

import typer

from undersong.cli.screen import out, print_json
from undersong.cli.tables import table
from undersong.errors import AudioFileError

DAMAGED = AudioFileError.exit_code
"""Exit code of `verify` when something was damaged."""

group = typer.Typer(
    name="cache",
    help="See, check and shrink what is kept between runs: takes, numbers and finished files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group)


@group.command("status")
def show_status(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Show where the cache is, how large, and what it holds. Reads no entry."""
    from undersong.files import plain
    from undersong.store.kinds import KINDS
    from undersong.store.place import default_cache
    from undersong.store.sizes import format_size
    from undersong.store.status import Holding, status

    found = status(default_cache())
    if as_json:
        print_json(plain(found) | {"folder": str(found.folder)})
        return

    def row(name: str, about: str, held: Holding) -> list[str]:
        count, size = str(held.entries), format_size(held.size_bytes)
        return [name, count, size, _ago(held.used_s), about]

    rows = [row(name, KINDS[name].about, held) for name, held in found.kinds.items()]
    rows.append(row("quarantine", "damaged takes, set aside", found.aside))
    size, limit = format_size(found.size_bytes), format_size(found.limit_bytes)
    out.print(f"{found.folder}: {size} of at most {limit}")
    out.print(table("", ("kind", "entries>", "size>", "longest unused>", "what"), rows))
    if held_bytes := sum(held.held_bytes for held in found.kinds.values()):
        out.print(f"{format_size(held_bytes)} of finished files cost nothing: libraries hold them")
    if found.making:
        out.print(f"{found.making} being written now, or left by killed runs")


@group.command("verify")
def verify_all(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Read every entry and take damaged ones out of the way.

    They are made again when next wanted. The exit code is 5 when there was damage.
    """
    from undersong.store.place import default_cache
    from undersong.store.store import Store
    from undersong.store.verify import verify

    verdict = verify(Store(default_cache()))
    damaged, lost = ([str(path) for path in paths] for paths in (verdict.damaged, verdict.lost))
    if as_json:
        print_json({"whole": verdict.whole, "damaged": damaged, "lost": lost})
    else:
        out.print(f"{verdict.whole} whole, {len(damaged)} damaged")
        for path in damaged:
            out.print(f"  {path}")
        if lost:
            out.print(
                f"{len(lost)} of them locked: if their first copy is gone too, bring them with "
                "`undersong takes import`, or have them said anew with `undersong takes again`"
            )
    if damaged:
        raise typer.Exit(DAMAGED)


@group.command("prune")
def prune_now(
    to: str | None = typer.Option(
        None, "--to", help="Until no larger than this, such as `5 GB`. Default: the limit."
    ),
    unused: int | None = typer.Option(
        None, "--unused", min=0, help="And what was not used for so many days."
    ),
    finished: bool = typer.Option(
        False, "--finished", help="Only finished files, and of them those that no library holds."
    ),
    locked: bool = typer.Option(
        False, "--locked", help="Locked takes too: export them first, they cannot be made again."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would be removed."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Remove finished files, what was not used for longest, and what killed runs left.

    A finished file that a library holds costs nothing and stays. Everything removed is made again
    when it is wanted. A track under way may have to be rendered again.
    """
    from undersong.files import plain
    from undersong.store.kinds import FILES
    from undersong.store.place import default_cache
    from undersong.store.prune import Wish, prune
    from undersong.store.sizes import cache_limit, format_size, parse_size

    try:
        to_bytes = cache_limit() if to is None else parse_size(to)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from error
    if finished and to is None:
        unused = unused or 0
    unused_s = None if unused is None else unused * 86_400.0
    only = FILES if finished else None
    wish = Wish(to_bytes=to_bytes, unused_s=unused_s, lasting=locked, only=only)
    came = prune(default_cache(), wish, dry=dry_run)
    if as_json:
        print_json(plain(came) | {"dry_run": dry_run})
        return
    did = "would remove" if dry_run else "removed"
    out.print(
        f"{did} {came.removed} entries of {format_size(came.removed_bytes)}; "
        f"{came.left} of {format_size(came.left_bytes)} left"
    )


def _ago(used_s: float | None) -> str:
    import time

    if used_s is None:
        return ""
    days = max(time.time() - used_s, 0) / 86_400
    return "today" if days < 1 else f"{days:.0f} d"
