"""Exactly what a change reaches is made again, and nothing else."""

import os
import shutil
from collections import Counter

import pytest
from batch_kit import FILES, SLUGS, make_files, pretend, reasons
from msgspec.structs import replace

from undersong.batch import freshness, keys, sources, state
from undersong.batch.freshness import FORCED, NEVER, library_root, plan_build
from undersong.batch.model import Choice
from undersong.batch.sources import stamp_of
from undersong.batch.state import read_state
from undersong.errors import FaultsError, UnknownNameError
from undersong.files import digest_bytes
from undersong.voices.phrasing import Phrasing


@pytest.fixture
def order(tmp_path):
    return make_files(tmp_path / "a library, ünïcode")


@pytest.fixture
def built(order):
    pretend(order)
    return order


def change(order, name, old, new):
    path = order.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_everything_is_to_be_made_at_first(order):
    assert reasons(order) == dict.fromkeys(SLUGS, (NEVER,))


def test_nothing_is_to_be_made_again(built):
    assert reasons(built) == {}
    assert not plan_build(built).known


@pytest.mark.parametrize(
    ("name", "old", "new", "wanted"),
    [
        ("recipes/calm.md", "Rest here", "Rest there", {"calm": ["the words"]}),
        ("recipes/calm.md", "[2s]", "[3s]", {"calm": ["pauses, scenes and chapters"]}),
        ("recipes/calm.md", "title: Calm", "title: Calmer", {"calm": ["title, tags and cover"]}),
        ("recipes/calm.md", "formats: [mp3]", "formats: [flac]", {"calm": ["settings"]}),
        ("recipes/calm.md", "formats", "pace: sleep\nformats", {"calm": ["settings"]}),
        ("recipes/calm.md", "formats", "duck: clear\nformats", {"calm": ["settings"]}),
        ("recipes/calm.md", "formats", "anchor: speech\nformats", {"calm": ["settings"]}),
        ("recipes/calm.md", "---\n\nLet", "# a note\n---\n\n\nLet", {}),
        ("recipes/calm.md", "formats: [mp3]", "formats:   [ mp3 ]  # as always", {}),
        ("voices/tone.yaml", "Qi: chee", "Qi: key", {"calm": ["the words"]}),
        ("voices/tone.yaml", "Qi: chee", "Qi: chee, Om: ohm", {}),
        ("voices/tone.yaml", "A tone", "Another title", {}),
        ("voices/tone.yaml", "fake", "espeak", {slug: ["voice tone"] for slug in SLUGS[:3]}),
        ("ambience/shore.yaml", "waves", "waves\n    level_db: -3", {"calm": ["bed shore"]}),
        ("ambience/shore.yaml", "title: Shore", "title: The shore", {}),
        ("takes/person/rest-here.wav", "not", "now", {"told": ["recordings of person"]}),
        (
            "sounds/gong.wav",
            "not",
            "now",
            {"long-podcast": ["sound gong"], "long-sleep": ["sound gong"]},
        ),
        ("undersong.yaml", "Somebody", "Else", {slug: ["title, tags and cover"] for slug in SLUGS}),
        ("undersong.yaml", "author", "description: Words.\nauthor", {}),
        (
            "undersong.yaml",
            "author",
            "defaults: {difference: 18 LU}\nauthor",
            {slug: ["settings"] for slug in SLUGS},
        ),
        ("undersong.yaml", "author", "lexicon: {rest: wrest}\nauthor", None),
    ],
)
def test_a_change_reaches_exactly_its_tracks(built, name, old, new, wanted):
    change(built, name, old, new)
    if wanted is None:
        wanted = {slug: ["the words"] for slug in SLUGS}
    expected = {slug: tuple(f"{part} changed" for part in parts) for slug, parts in wanted.items()}
    assert reasons(built) == expected
    assert reasons(built) == expected  # asking changes nothing
    pretend(built)
    assert reasons(built) == {}


def test_touched_files_are_read_once_and_change_nothing(built, monkeypatch):
    for name in FILES:
        os.utime(built.root / name, ns=(1, 1_600_000_000_000_000_000))
    plan = plan_build(built)
    assert not plan.todo
    assert not plan.known
    pretend(built)
    monkeypatch.setattr(sources, "digest_file", lambda path: pytest.fail(f"{path} was read"))
    assert reasons(built) == {}


def test_a_file_changed_within_the_same_tick_is_seen(built):
    path = built.root / "recipes/calm.md"
    before = path.stat()
    change(built, "recipes/calm.md", "Rest here", "Rest hers")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert reasons(built) == {"calm": ("the words changed",)}


def test_a_file_that_takes_the_place_of_the_starter_librarys_is_seen(built):
    change(built, "recipes/calm.md", "shore", "waves")
    pretend(built)
    (built.root / "ambience/waves.yaml").write_text(FILES["ambience/moor.yaml"])
    assert reasons(built) == {"calm": ("bed waves changed",)}


def test_a_recording_reaches_the_tracks_that_use_it_and_no_other(built):
    takes = built.root / "takes/person"
    (takes / "another.wav").write_text("of a phrase that nobody says")
    assert reasons(built) == {}
    (takes / "another.wav").write_text("and again")
    assert reasons(built) == {}
    (takes / "takes.csv").write_text("text,file\nRest here.,another.wav\n")
    assert reasons(built) == {"told": ("recordings of person changed",)}
    (takes / "takes.csv").write_text("text,file\nRest there.,another.wav\n")
    assert reasons(built) == {}
    (takes / "Rest here.flac").write_text("a second one")
    assert reasons(built) == {"told": ("recordings of person changed",)}


def test_only_the_recordings_that_are_used_are_watched(built):
    (built.root / "takes/person/another.wav").write_text("x")
    pretend(built)
    watched = [key for key in read_state(built.out).sources if key.startswith("takes/")]
    assert watched == ["takes/person", "takes/person/rest-here.wav", "takes/person/takes.csv"]


def test_another_program_reaches_every_track(built, monkeypatch):
    monkeypatch.setattr(freshness, "reader_digest", lambda: "another")
    assert reasons(built) == {}  # it reads them anew, and finds the same
    monkeypatch.setattr(keys, "maker_digest", lambda: "another")
    assert reasons(built) == dict.fromkeys(SLUGS, ("the program changed",))


def test_other_options_of_the_run_reach_every_track(built):
    other = replace(built, choice=Choice(offline=True))
    assert reasons(other) == dict.fromkeys(SLUGS, ("options of the run changed",))


def test_outputs_that_are_gone_or_changed_are_made_again(built):
    (built.out / "calm/track.mp3").unlink()
    (built.out / "told/track.vtt").write_text("my own")
    assert reasons(built) == {
        "calm": ("track.mp3 is missing",),
        "told": ("track.vtt was changed by somebody",),
    }
    pretend(built)
    assert reasons(built) == {}


def test_a_track_whose_folder_is_gone_is_made_again_and_what_is_known_of_it_stays(built):
    shutil.rmtree(built.out / "calm")
    plan = plan_build(built)
    assert [verdict.job.slug for verdict in plan.todo] == ["calm"]
    assert plan.state.tracks["calm"].length_s == 60.0
    pretend(built, plan)
    assert reasons(built) == {}


@pytest.mark.parametrize("damage", ["", "undersong build 1 0000\n{}", "{", "\x00"])
def test_a_damaged_record_is_no_record(built, damage):
    (built.out / ".undersong/build.json").write_text(damage)
    assert reasons(built) == dict.fromkeys(SLUGS, (NEVER,))


def test_a_record_of_a_strange_shape_is_no_record(built):
    text = b'{"program": 1}'
    path = built.out / ".undersong/build.json"
    path.write_bytes(f"{state.SCHEMA} {digest_bytes(text)}\n".encode() + text)
    assert read_state(built.out) == state.State()


def test_what_was_not_made_stays_to_be_made(built):
    change(built, "recipes/long.md", "Rest here", "Rest there")
    some = replace(built, only=("long-sleep",))
    pretend(some)
    assert reasons(built) == {"long-podcast": ("the words changed",)}


def test_what_is_forced_is_made_though_nothing_changed(built):
    assert reasons(replace(built, only=("c*",), force=True)) == {"calm": (FORCED,)}


def test_a_pattern_matches_tracks_and_recipes(order):
    slugs = [v.job.slug for v in plan_build(replace(order, only=("long", "t*"))).wanted]
    assert slugs == ["long-podcast", "long-sleep", "told"]


def test_a_pattern_that_matches_nothing_offers_the_nearest(order):
    with pytest.raises(UnknownNameError) as caught:
        plan_build(replace(order, only=("clam",)))
    assert "calm" in str(caught.value.hint)


def test_a_recipe_with_faults_fails_alone_and_keeps_its_track(built):
    change(built, "recipes/calm.md", "voice: tone", "voice: tune")
    for _ in range(2):
        plan = plan_build(built)
        assert [ruined.recipe.name for ruined in plan.ruined] == ["calm.md"]
        assert "tune" in plan.ruined[0].message
        assert plan.ruined[0].exit_code == 3
        assert not plan.todo
        assert not plan.orphans
        pretend(built, plan)
    change(built, "recipes/calm.md", "voice: tune", "voice: tone")
    assert reasons(built) == {}


def test_a_broken_library_is_said_at_once(order):
    (order.root / "undersong.yaml").write_text("titel: x\n")
    with pytest.raises(FaultsError):
        plan_build(order)


def test_two_recipes_of_one_track_are_both_refused(built):
    (built.root / "recipes/more").mkdir()
    (built.root / "recipes/more/calm.md").write_text(FILES["recipes/calm.md"])
    plan = plan_build(built)
    assert [ruined.recipe.name for ruined in plan.ruined] == ["calm.md", "calm.md"]
    assert "made by several recipes" in plan.ruined[0].message
    assert not plan.todo


def test_tracks_that_no_recipe_makes_any_more_are_found(built):
    (built.root / "recipes/calm.md").unlink()
    (built.out / "mine").mkdir()
    assert [path.name for path in plan_build(built).orphans] == ["calm"]


def test_locked_takes_count_where_they_are_used(built):
    lock = built.root / "recipes/takes.lock"
    lock.write_text('{"schema": 1, "takes": []}')
    assert reasons(built) == {}


def test_the_library_is_found_from_within(order):
    assert library_root(order.root / "recipes") == order.root
    assert library_root(order.root.parent) == order.root.parent


def test_words_that_are_as_they_were_are_not_read_again(built, monkeypatch):
    monkeypatch.setattr(Phrasing, "requests", lambda *_: pytest.fail("words were read"))
    monkeypatch.setattr(keys, "_natural_s", lambda *_: pytest.fail("a length was estimated"))
    change(built, "voices/tone.yaml", "Qi: chee", "Qi: chee, Om: ohm")
    assert reasons(built) == {}
    change(built, "recipes/calm.md", "formats", "pace: sleep\nformats")
    assert reasons(built) == {"calm": ("settings changed",)}


def test_planning_takes_the_same_for_each_of_many_recipes(order, monkeypatch):
    looks = Counter()
    monkeypatch.setattr(sources, "stamp_of", lambda path: looks.update(["look"]) or stamp_of(path))
    monkeypatch.setattr(freshness, "stamp_of", lambda p: looks.update(["look"]) or stamp_of(p))
    counts = []
    for count in (20, 40, 60):
        for k in range(count):
            text = FILES["recipes/calm.md"].replace("[2s]", f"[{k + 3}s]")
            (order.root / f"recipes/calm-{k}.md").write_text(text)
        pretend(order)
        looks.clear()
        assert not plan_build(order).known
        counts.append(looks["look"])
    assert counts[2] - counts[1] == counts[1] - counts[0] <= 20 * 6
