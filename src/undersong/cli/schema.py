"""`undersong schema`: what recipes and libraries may hold, for editors and for people."""

from pathlib import Path
from typing import Any

import typer

from undersong.cli.screen import print_json

KINDS = ("recipe", "library", "voice", "bed", "show")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("schema")(schema)


def schema(
    kind: str = typer.Argument("recipe", help=f"One of {', '.join(KINDS)}."),
    markdown: bool = typer.Option(False, "--markdown", help="A reference page instead of JSON."),
    to: Path | None = typer.Option(None, "--out", help="Write to this file."),
) -> None:
    """Print the JSON Schema of a file kind, for editors; or its reference page."""
    from undersong.errors import UnknownNameError
    from undersong.files import write_text

    if kind not in KINDS:
        raise UnknownNameError("file kind", kind, KINDS)
    found = _schema_of(kind)
    if to is None and not markdown:
        print_json(found)
        return
    import json

    text = reference(kind, found) if markdown else json.dumps(found, indent=2) + "\n"
    if to is None:
        print(text, end="")
    else:
        write_text(to, text)


def _schema_of(kind: str) -> dict[str, Any]:
    if kind == "voice":
        from undersong.voices.voice import VoiceFile

        return VoiceFile.model_json_schema()
    if kind == "bed":
        from undersong.ambience.bed_file import BedFile, layer_options

        found = BedFile.model_json_schema()
        for name, options in layer_options():
            found["$defs"][f"Options of {name}"] = options.model_json_schema()
        return found
    from undersong.recipes.schema import json_schema, schema_of

    if kind == "show":
        from undersong.publish.showfile import ShowFile

        return schema_of(ShowFile)
    return json_schema(kind)


def reference(kind: str, found: dict[str, Any]) -> str:
    """Write a reference page from a JSON Schema: one table per object."""
    lines = [
        f"# Reference: {kind} files",
        "",
        "<!-- Made by `make docs` from the schema; edit the schema, not this page. -->",
        "",
        str(found.get("description", "")).strip(),
        "",
        *_table(found),
    ]
    for name, part in sorted(found.get("$defs", {}).items()):
        if "properties" in part:
            lines += ["", f"## {name}", "", str(part.get("description", "")).strip(), ""]
            lines += _table(part)
    return "\n".join(lines).rstrip() + "\n"


def _table(part: dict[str, Any]) -> list[str]:
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, rule in part.get("properties", {}).items():
        default = f"`{rule['default']}`" if rule.get("default") not in (None, "", {}) else ""
        meaning = str(rule.get("description", "")).replace("\n", " ").replace("|", "\\|")
        rows.append(f"| `{key}` | {_kind(rule)} | {default} | {meaning} |")
    return rows


def _kind(rule: dict[str, Any]) -> str:
    """Describe a schema's type in a few words."""
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    if "const" in rule:
        return f"`{rule['const']}`"
    if "$ref" in rule:
        return str(rule["$ref"]).rsplit("/", 1)[-1]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in rule:
            kinds = [_kind(option) for option in rule[several] if option.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    return _named(rule.get("type", "any"), rule)


def _named(kind: str | list[str], rule: dict[str, Any]) -> str:
    if isinstance(kind, list):  # text that YAML may take for a number is text all the same
        return _named("string" if "string" in kind else kind[0], rule)
    if kind == "array":
        return f"list of {_kind(rule.get('items', {}))}"
    return {"object": "mapping", "string": "text", "integer": "whole number"}.get(kind, kind)
