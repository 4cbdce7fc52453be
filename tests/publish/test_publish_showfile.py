import re
import textwrap
from pathlib import Path

import pytest
from publish_kit import SHOW, picture, show_of, write_library

from undersong.cli.schema import _schema_of
from undersong.errors import FaultsError
from undersong.publish.categories import CATEGORIES, WRITTEN, split_category
from undersong.publish.model import EpisodeChoice, Person, Soundbite

MINIMAL = "url: https://example.org/show\ncategory: Government\n"


@pytest.fixture
def root(tmp_path):
    return write_library(tmp_path / "library")


def told(root, text, name="show.yaml"):
    (root / name).write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        show_of(root)
    return caught.value


def test_what_is_left_out_comes_from_the_library(root):
    (root / "cover.png").write_bytes(picture())
    (root / "undersong.yaml").write_text(
        "title: A library\nauthor: Ann\nlanguage: de-AT\ndescription: What it is.\n"
        "artwork: cover.png\n",
        encoding="utf-8",
    )
    (root / "show.yaml").write_text(MINIMAL, encoding="utf-8")
    show = show_of(root)
    assert (show.title, show.author, show.language) == ("A library", "Ann", "de-AT")
    assert show.description == "What it is."
    assert show.feed_url == "https://example.org/show/feed.xml"
    assert show.link == show.url
    assert show.artwork == str(root / "cover.png")
    assert (show.locked, show.explicit, show.serial, show.medium) == (True, False, False, "podcast")


def test_a_show_may_stand_in_the_library_file(root):
    (root / "show.yaml").unlink()
    text = (root / "undersong.yaml").read_text(encoding="utf-8")
    inside = "publish:\n" + "".join(f"  {line}\n" for line in SHOW.splitlines())
    (root / "undersong.yaml").write_text(text + inside, encoding="utf-8")
    assert show_of(root).categories == ("Health & Fitness > Mental Health",)


def test_two_shows_or_none_are_told(root):
    text = (root / "undersong.yaml").read_text(encoding="utf-8")
    (root / "undersong.yaml").write_text(text + "publish: {a: 1}\n", encoding="utf-8")
    with pytest.raises(FaultsError, match="as well"):
        show_of(root)
    (root / "undersong.yaml").write_text(text, encoding="utf-8")
    (root / "show.yaml").unlink()
    with pytest.raises(FaultsError, match="there is no show"):
        show_of(root)


def test_everything_that_can_be_said_is_kept(root):
    (root / "show.yaml").write_text(
        SHOW + "type: serial\nmedium: course\nowner: {email: a@example.org}\n"
        "persons: [{name: Ann}]\nseasons: {2: Nights}\nenclosure: in-place\n"
        "verify: {applepodcastsverify: abc}\nupdate: {rule: FREQ=DAILY, text: daily}\n"
        "episodes:\n"
        "  - track: rest\n    date: 2026-11-21 06:30 +01:00\n    kind: bonus\n"
        "    soundbite: {start: 1m, length: 30s}\n",
        encoding="utf-8",
    )
    show = show_of(root)
    assert (show.serial, show.medium, show.in_place) == (True, "course", True)
    assert (show.owner_email, show.seasons, show.update) == (
        "a@example.org", {2: "Nights"}, "FREQ=DAILY",
    )  # fmt: skip
    assert show.persons == (Person(name="Ann", role="host", group="cast"),)
    (choice,) = show.choices
    assert isinstance(choice, EpisodeChoice)
    assert choice.published is not None
    assert choice.published.isoformat() == "2026-11-21T05:30:00+00:00"
    assert choice.soundbite == Soundbite(start_s=60.0, length_s=30.0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("url: http://example.org/", "plain http is not safe"),
        ("url: ftp://example.org/", "not an absolute https"),
        ("url: https://user:secret@example.org/", "name or password"),
        ("url: https://example.org/?a=b", "no ? and no #"),
        ("url: https://exämple.org/", "ASCII"),
        ("url: https://[::1/", "not an address"),
        ("url: example.org", "not an absolute https"),
        ("category: Health", "Health & Fitness"),
        ("category: Health & Fitness > Mental health", "did you mean"),
        ("category: []", "category"),
        ("explicit: clean", "true or false"),
        ("medium: meditation", "podcast"),
        ("language: english", "BCP 47"),
        ("artwork: none.png", "no picture"),
        ("owner: {email: nobody}", "not a mail address"),
        ("owner: {}", "email"),
        ("type: daily", "episodic"),
        ("seasons: {0: None}", "this key should be greater"),
        ("persons: [{role: host}]", "name"),
        ("alternates: ogg", "format"),
        ("licence_url: https://example.org/", "`licence_url` needs a name"),
        ("verify: {ai-content: 'false'}", "cannot be set"),
        ("tittle: x", "did you mean `title`"),
        ("episodes: [{}]", "track"),
        ("episodes: [{track: a}, {track: a}]", "here twice"),
        ("episodes: [{track: a, date: yesterday}]", "not a date"),
        ("episodes: [{track: a, date: 2026-02-30}]", "no such moment"),
        ("episodes: [{track: a, date: 0001-01-01 00:00 +14:00}]", "no such moment"),
        ("episodes: [{track: a, date: 1066-10-14}]", "no podcasts then"),
        ("episodes: [{track: a, number: 0}]", "number"),
        ("episodes: [{track: a, kind: special}]", "full"),
        ("episodes: [{track: a, soundbite: {start: 0s, length: 5s}}]", "15s to 2m"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(root, line, words):
    key = line.partition(":")[0]
    kept = "".join(f"{old}\n" for old in SHOW.splitlines() if not old.startswith(f"{key}:"))
    error = told(root, kept + line + "\n")
    assert words in error.message
    assert "show.yaml" in error.message


def test_all_faults_come_at_once(root):
    error = told(root, "url: nowhere\ncategory: Sleep\nexplicit: maybe\n")
    assert len(error.faults) == 3
    assert all(fault.line for fault in error.faults)


def test_a_description_is_measured_in_bytes(root):
    text = SHOW.replace("Guided imagery, read over living beds.", "海" * 1400)
    assert "4000 bytes" in told(root, text).message


def test_nothing_to_say_is_told(root):
    (root / "undersong.yaml").write_text("title: A library\n", encoding="utf-8")
    error = told(root, MINIMAL)
    missing = [fault.message.split("`")[1] for fault in error.faults]
    assert missing == ["author", "description", "artwork"]


def test_every_category_is_written_one_way():
    assert len(CATEGORIES) == 19
    assert len(WRITTEN) == len(set(WRITTEN)) == 19 + sum(map(len, CATEGORIES.values()))
    assert split_category("Arts > Books") == ("Arts", "Books")
    assert split_category("Government") == ("Government", None)


def test_editors_are_told_everything_too():
    schema = _schema_of("show")
    assert set(schema["required"]) == {"url", "category"}
    assert "Health & Fitness > Mental Health" in str(schema)


def test_the_example_of_the_documents_is_right(root):
    page = (Path(__file__).resolve().parents[2] / "docs" / "publishing.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    (root / "cover.jpg").write_bytes(picture(form="JPEG"))
    (root / "show.yaml").write_text(textwrap.dedent(example), encoding="utf-8")
    show = show_of(root)
    assert show.feed_url == "https://example.org/quiet/feed.xml"
    assert [choice.track for choice in show.choices] == ["evening-body-scan"]
