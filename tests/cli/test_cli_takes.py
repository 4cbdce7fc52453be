"""Takes from the command line, and which voice speaks."""

import json
from pathlib import Path

import fickle
import pytest
import soundfile
from fickle import Fickle

from undersong import plugins
from undersong.preview.player import Player

LOCK = Path("recipes") / "takes.lock"
SPEAKING = [
    ("render",),
    ("preview", "--stem", "voice", "--for", "1s", "--out", "x.wav"),
    ("plan", "--spoken"),
]


@pytest.fixture(autouse=True)
def _fickle(library, tmp_path, monkeypatch):
    """The voice `tone` is spoken by an engine that never repeats itself, else by tones."""
    monkeypatch.setitem(plugins._found("undersong.voices"), "fickle", fickle.POINT)
    monkeypatch.setenv(fickle.LOG, str(tmp_path / "said.txt"))
    (library / "voices" / "tone.yaml").write_text(fickle.VOICE + "  - engine: fake\n")


def ran(undersong, *words):
    outcome = undersong(*words)
    assert outcome.code == 0, outcome.err
    return outcome


def made(library, name="rest"):
    return {path.name: path.read_bytes() for path in (library / "build" / name).iterdir()}


def test_a_track_tells_who_spoke_it_and_that_its_takes_are_locked(library, undersong):
    outcome = ran(undersong, "render", "rest")
    assert "voice `tone` is spoken by fickle" in outcome.err
    assert "4 takes are now locked" in outcome.err
    assert "draft" not in outcome.out
    manifest = json.loads(made(library)["manifest.json"])
    assert manifest["draft"] is False
    assert manifest["speakers"] == [
        {"voice": "tone", "engine": "fickle", "engine_version": "fickle 1", "draft": False}
    ]
    assert "nothing has changed" in ran(undersong, "render", "rest").out


def test_takes_are_listed_for_people_and_for_machines(library, undersong):
    assert "unsaid" in ran(undersong, "takes", "list", "rest").out
    assert fickle.said() == []
    ran(undersong, "plan", "rest", "--spoken")
    rows = json.loads(ran(undersong, "takes", "list", "rest", "--json").out)
    assert [row["text"] for row in rows][:2] == [
        "Let yourself arrive.",
        "There is nowhere else to be.",
    ]
    assert {(row["engine"], row["take"], row["locked"]) for row in rows} == {("fickle", 1, True)}
    assert all(row["length_s"] > 0.5 for row in rows)
    line = next(
        line
        for line in ran(undersong, "takes", "list", "rest").out.splitlines()
        if "arrive" in line
    )
    assert line.split()[:5] == ["12", "tone", "fickle", "1", "locked"]


def test_another_take_is_made_compared_picked_and_heard_in_the_track(library, undersong):
    ran(undersong, "render", "rest")
    before = made(library)
    outcome = ran(undersong, "takes", "again", "rest", "Rest here.", "--out", "compare")
    assert "take 2 of “Rest here.”" in outcome.out
    names = sorted(path.name for path in Path("compare").iterdir())
    assert names == ["004-rest-here-take1.wav", "004-rest-here-take2.wav"]
    assert soundfile.info(Path("compare") / names[1]).samplerate == 48_000
    assert "nothing has changed" in ran(undersong, "render", "rest").out
    assert "take 2" in ran(undersong, "takes", "pick", "rest", "Rest here.", "2").out
    assert "1, 2" in ran(undersong, "takes", "list", "rest").out
    ran(undersong, "render", "rest")
    after = made(library)
    assert after["rest.wav"] != before["rest.wav"]
    ran(undersong, "takes", "pick", "rest", "Rest here.", "1")
    ran(undersong, "render", "rest")
    assert made(library) == before


def test_takes_are_played_or_written_where_nothing_plays(library, undersong, monkeypatch):
    ran(undersong, "plan", "rest", "--spoken")
    monkeypatch.setattr("undersong.preview.player.PLAYERS", ())
    out = ran(undersong, "takes", "play", "rest", "Rest here.").out
    assert "004-rest-here-take1.wav" in out
    assert (library / "build" / "takes" / "004-rest-here-take1.wav").is_file()


def test_takes_are_played_in_order(library, undersong, monkeypatch):
    heard = []
    player = Player(name="ear", found=lambda: True, play=lambda path: heard.append(path.name))
    monkeypatch.setattr("undersong.preview.player.PLAYERS", (player,))
    ran(undersong, "plan", "rest", "--spoken")
    ran(undersong, "takes", "again", "rest", "Rest here.")
    ran(undersong, "takes", "play", "rest", "Rest here.")
    assert heard == ["004-rest-here-take1.wav", "004-rest-here-take2.wav"]


def test_a_bundle_renders_the_same_bytes_where_there_is_neither_cache_nor_engine(
    library, undersong, monkeypatch, tmp_path
):
    ran(undersong, "render", "rest")
    before = made(library)
    assert "4 takes" in ran(undersong, "takes", "export", "rest", tmp_path / "rest.zip").out
    for path in (library / "build" / "rest").iterdir():
        path.unlink()
    (library / LOCK).unlink()
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path / "another-machine"))
    monkeypatch.setattr(Fickle, "why_not", "there is no network")
    monkeypatch.setattr(Fickle, "version", "2")
    out = ran(undersong, "takes", "import", tmp_path / "rest.zip").out
    assert "4 takes, 4 of them new" in out
    assert "4 locked" in out
    ran(undersong, "render", "rest", "--offline")
    assert made(library) == before


def test_an_import_tells_what_it_left_alone(library, undersong, monkeypatch, tmp_path):
    bundle = tmp_path / "rest.zip"
    ran(undersong, "takes", "export", "rest", bundle)
    (library / LOCK).unlink()
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path / "another-machine"))
    ran(undersong, "plan", "rest", "--spoken")
    out = ran(undersong, "takes", "import", bundle).out
    assert "another take of “Rest here.” is locked here and stays" in out
    (tmp_path / "elsewhere").mkdir()
    out = ran(undersong, "takes", "import", bundle, "--library", tmp_path / "elsewhere").out
    assert "no folder `recipes` here" in out


def test_missing_locked_takes_are_refused_and_can_be_made_again(
    library, undersong, monkeypatch, tmp_path
):
    ran(undersong, "render", "rest")
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path / "another-machine"))
    outcome = undersong("render", "rest")
    assert outcome.code == 4
    assert "4 locked takes are not in the cache:" in outcome.err
    assert "rest.md:12: take 1 by fickle, “Let yourself arrive.”" in outcome.err
    assert "takes import" in outcome.err
    assert "missing" in ran(undersong, "takes", "list", "rest").out
    assert ran(undersong, "takes", "again", "rest", "--missing").out.count("locked anew") == 4
    assert "nothing has changed" not in ran(undersong, "render", "rest").out
    assert "no locked take is missing" in ran(undersong, "takes", "again", "rest", "--missing").out


def test_wrong_use_is_told(library, undersong, tmp_path):
    assert undersong("takes", "again", "rest").code == 2
    assert undersong("takes", "again", "rest", "12", "--missing").code == 2
    outcome = undersong("takes", "pick", "rest", "12", "1")
    assert outcome.code == 3
    assert "There is nowhere else to be." in outcome.err
    outcome = undersong("takes", "pick", "rest", "Rest heer.", "1")
    assert (outcome.code, "did you mean `Rest here.`?" in outcome.err) == (3, True)
    other = tmp_path / "other" / "recipes" / "rest.md"
    other.parent.mkdir(parents=True)
    other.write_text((library / "recipes" / "rest.md").read_text().replace("tone", "offline"))
    outcome = undersong("takes", "export", "rest", other, tmp_path / "both.zip")
    assert (outcome.code, "several libraries" in outcome.err) == (2, True)


@pytest.mark.parametrize(
    "words", [("render",), ("preview", "--out", "x.wav"), ("plan", "--spoken")]
)
@pytest.mark.parametrize(
    ("choice", "engine"),
    [
        ((), "fickle"),
        (("--offline",), "fake"),
        (("--engine", "fake"), "fake"),
        (("--online",), "fickle"),
    ],
)
def test_every_command_that_speaks_lets_the_maker_choose(library, undersong, words, choice, engine):
    command, *rest = words
    outcome = ran(undersong, command, "rest", *rest, *choice)
    assert f"voice `tone` is spoken by {engine}" in outcome.err


@pytest.mark.parametrize(
    "words", [("render",), ("preview", "--out", "x.wav"), ("plan", "--spoken")]
)
def test_insisting_on_the_network_falls_back_on_no_draft(library, undersong, monkeypatch, words):
    monkeypatch.setattr(Fickle, "why_not", "there is no network")
    command, *rest = words
    outcome = undersong(command, "rest", *rest, "--online")
    assert outcome.code == 4
    assert "fickle: there is no network" in outcome.err
    outcome = ran(undersong, command, "rest", *rest)
    assert "voice `tone` is spoken by fake (draft)" in outcome.err
    assert "voice `tone` is spoken by fake, because fickle: there is no network" in outcome.err


def test_a_draft_is_marked_whichever_voice_of_the_track_it_is(library, undersong):
    (library / "voices" / "other.yaml").write_text(
        "title: Other\nlanguage: en-US\nengines: [{engine: fake}]\n"
    )
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("Rest here.", '(Rest here.)[voice:"other"]'))
    outcome = ran(undersong, "render", "rest", "--online")
    assert "voice `other` is spoken by fake (draft)" in outcome.err
    manifest = json.loads(made(library)["manifest.json"])
    assert manifest["draft"] is True
    assert [(each["voice"], each["engine"], each["draft"]) for each in manifest["speakers"]] == [
        ("tone", "fickle", False),
        ("other", "fake", True),
    ]


def test_a_changed_sentence_asks_for_one_take(library, undersong):
    ran(undersong, "render", "rest")
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("easy and slow", "easy and very slow"))
    ran(undersong, "render", "rest")
    assert fickle.said()[4:] == ["Feel the air, easy and very slow."]
