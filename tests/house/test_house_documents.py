"""What the documents promise is there."""

import re
from pathlib import Path

import pytest

from undersong.cli.commands import COMMANDS
from undersong.cli.schema import _schema_of, reference

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("kind", ["recipe", "library", "voice", "bed", "show"])
def test_reference_pages_are_made_from_the_schemas(kind):
    page = ROOT / "docs" / f"reference-{kind}.md"
    assert page.read_text(encoding="utf-8") == reference(kind, _schema_of(kind)), "run `make docs`"


def test_the_readme_names_every_command():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"undersong {name}" not in text] == []


def test_every_make_target_describes_itself():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None
    described = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert set(phony[1].split()) == described
