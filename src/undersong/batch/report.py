"""The page that sums up a library: every track with its length, voice, levels and files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from undersong import __version__
from undersong.batch.events import Event, Failed, Made
from undersong.batch.model import Plan
from undersong.batch.tracks import manifest_in
from undersong.files import plain, write_text
from undersong.units import format_seconds

PAGE: Final = "report.html"
DATA: Final = "report.json"


class Row(Struct, frozen=True, kw_only=True):
    """One track of the report.

    Attributes:
        state: `made`, `from the cache`, `up to date`, `to be made` or `failed`; `message` says why
            it failed.
        manifest: as `Manifest.as_json`, or None when there is no finished track.
    """

    slug: str
    state: str
    message: str
    folder: str
    manifest: Mapping[str, Any] | None


def write_report(out: Path, plan: Plan, events: Sequence[Event]) -> None:
    """Write `report.html` and `report.json` beside the tracks.

    Raises:
        OutputError: they cannot be written.
    """
    rows = tuple(_rows(out, plan, events))
    content = {"schema": 1, "undersong": __version__, "tracks": [plain(row) for row in rows]}
    write_text(out / DATA, json.dumps(content, ensure_ascii=False, indent=1))
    write_text(out / PAGE, page(rows))


def _rows(out: Path, plan: Plan, events: Sequence[Event]) -> Iterator[Row]:
    failed = {event.slug: event.message for event in events if isinstance(event, Failed)}
    states = {event.slug: _state(event) for event in events if isinstance(event, Made | Failed)}
    for verdict in plan.verdicts:
        slug = verdict.job.slug
        yield Row(
            slug=slug,
            state=states.get(slug, "up to date" if verdict.fresh else "to be made"),
            message=failed.get(slug, ""),
            folder=verdict.job.folder.relative_to(out).as_posix(),
            manifest=manifest_in(verdict.job.folder),
        )
    for ruined in plan.ruined:
        yield Row(
            slug=ruined.recipe.stem,
            state="failed",
            message=ruined.message,
            folder=ruined.recipe.stem,
            manifest=None,
        )


def _state(event: Made | Failed) -> str:
    if isinstance(event, Failed):
        return "failed"
    return "made" if event.rendered else "from the cache" if event.brought else "up to date"


def page(rows: Sequence[Row]) -> str:
    """Return the report as a page that needs nothing else."""
    body = "\n".join(_row(row) for row in rows)
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in _facts(rows))
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    return _PAGE.format(facts=facts, heads=heads, body=body)


_HEADS: Final = ("Track", "Length", "Voice", "Loudness", "True peak", "Speech", "Files", "State")


def _facts(rows: Sequence[Row]) -> Iterator[str]:
    found = [row.manifest for row in rows if row.manifest]
    count = f"{len(rows)} tracks" if len(rows) != 1 else "1 track"
    yield f"{count}, {format_seconds(sum(each['length_s'] for each in found))} of sound"
    size = sum(item["size_bytes"] for each in found for item in each["deliverables"])
    yield f"{size / 1e6:.0f} MB"
    off = [_off_lu(item, each) for each in found for item in each["deliverables"]]
    if off:
        yield f"loudness within {max(off):.2f} LU of its target"
    for state in ("failed", "to be made"):
        if count_of := sum(row.state == state for row in rows):
            yield f"{count_of} {state}"
    if drafts := sum(bool(each["draft"]) for each in found):
        yield f"{drafts} spoken by a draft voice"


def _off_lu(item: Mapping[str, Any], manifest: Mapping[str, Any]) -> float:
    found = item["levels"]["integrated_lufs"]
    return abs(float(found) - float(manifest["target_lufs"])) if found is not None else 0.0


def _row(row: Row) -> str:
    name = f"<b>{escape(row.slug)}</b>"
    told = f"<br><small>{escape(row.message)}</small>" if row.message else ""
    state = f'<td class="{row.state.split()[0]}">{escape(row.state)}</td>'
    found = row.manifest
    if found is None:
        return f"<tr><td>{name}{told}</td><td colspan=6></td>{state}</tr>"
    levels = found["deliverables"][0]["levels"]
    cells = (
        f"{name}<br>{escape(found['title'])}{told}",
        format_seconds(round(found["length_s"])),
        escape(found["voice"]) + ("<br><em>draft</em>" if found["draft"] else ""),
        _level(levels["integrated_lufs"], "LUFS"),
        _level(levels["true_peak_dbtp"], "dBTP"),
        _level(found["speech_lufs"], "LUFS"),
        "<br>".join(_file(row.folder, item) for item in found["deliverables"]),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + f"{state}</tr>"


def _level(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.1f} {unit}".replace("-", "−")  # noqa: RUF001 - a minus


def _file(folder: str, item: Mapping[str, Any]) -> str:
    place = quote(f"{folder}/{item['file']}")
    return f'<a href="{place}">{escape(item["format"])}</a> {item["size_bytes"] / 1e6:.1f} MB'


_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Undersong: the library</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --bad: #c33; --soft: #888; }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; }}
h1 {{ font-weight: 600; font-size: 1.4rem; }}
ul {{ display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; list-style: none; padding: 0;
  color: var(--soft); }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid var(--line); padding: .45rem .6rem; text-align: left;
  vertical-align: top; }}
td:nth-child(n+2):nth-child(-n+6) {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
.failed, .to, em, td small {{ color: var(--bad); }}
td small {{ white-space: pre-wrap; }}
</style>
<h1>The library</h1>
<ul>{facts}</ul>
<table><thead><tr>{heads}</tr></thead><tbody>
{body}
</tbody></table>
</html>
"""
