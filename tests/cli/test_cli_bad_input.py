"""Bad input on the command line: a clear error, the right exit code, nothing lost or half-made."""

import errno
import json
import shutil
from pathlib import Path

import pytest

from undersong.cli.failures import of_system
from undersong.recipes.load import load_recipe

RECORDED = "title: Anna\nlanguage: en-US\nengines: [{engine: recorded, folder: takes/anna}]\n"


def told(outcome):
    """The one JSON object that a failed command printed."""
    return json.loads(outcome.out)


def recipe_with(library: Path, front: str, body: str = "Rest.\n", name: str = "bad") -> Path:
    path = library / "recipes" / f"{name}.md"
    path.write_text(f"---\ntitle: Bad\nvoice: tone\n{front}---\n\n{body}", encoding="utf-8")
    return path


def test_check_finds_a_damaged_cover_where_it_is_named(library, undersong):
    (library / "cover.png").write_bytes(b"no picture")
    recipe_with(library, "artwork: ../cover.png\n")
    (fault,) = told(undersong("check", "--json"))["faults"]
    assert (Path(fault["file"]).name, fault["line"], fault["column"]) == ("bad.md", 4, 1)
    assert "cover.png as a cover" in fault["message"]


def test_check_finds_a_damaged_cover_of_the_library(library, undersong):
    (library / "cover.png").write_bytes(b"no picture")
    with (library / "undersong.yaml").open("a") as file:
        file.write("artwork: cover.png\n")
    (fault,) = told(undersong("check", "--json"))["faults"]
    assert (Path(fault["file"]).name, fault["line"]) == ("undersong.yaml", 4)


def test_render_finds_a_damaged_cover_before_anything_is_spoken(library, undersong):
    (library / "cover.png").write_bytes(b"no picture")
    recipe_with(library, "artwork: ../cover.png\n")
    outcome = undersong("render", "bad")
    assert (outcome.code, "speaking" in outcome.err) == (5, False)


def test_check_finds_a_sound_that_cannot_be_read(library, undersong):
    (library / "sounds").mkdir()
    (library / "sounds" / "gong.wav").write_bytes(b"RIFF nothing")
    recipe_with(library, "", 'Rest. !["gong"]\n')
    (fault,) = told(undersong("check", "--json"))["faults"]
    assert (Path(fault["file"]).name, fault["line"], fault["column"]) == ("bad.md", 6, 7)


def test_check_opens_recorded_takes(library, undersong):
    (library / "voices" / "anna.yaml").write_text(RECORDED)
    path = recipe_with(library, "", "Rest. [2s] Arrive. [2s] Go on.\n")
    path.write_text(path.read_text().replace("tone", "anna"))
    (fault,) = told(undersong("check", path, "--json"))["faults"]
    assert (fault["line"], "no folder of recorded takes" in fault["message"]) == (3, True)
    takes = library / "takes" / "anna"
    takes.mkdir(parents=True)
    (takes / "rest.wav").write_bytes(b"RIFF nothing")
    (takes / "go-on.wav").write_bytes(b"")
    faults = told(undersong("check", path, "--json"))["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(6, 1), (6, 12), (6, 25)]
    assert "arrive.wav" in faults[1]["message"]


@pytest.mark.parametrize("listed", ["text,file\n" + "a" * 200_000 + ",x.wav\n", "a,b\nc,d\n"])
def test_a_list_of_takes_that_cannot_be_read_is_a_fault(library, undersong, listed):
    (library / "voices" / "anna.yaml").write_text(RECORDED)
    takes = library / "takes" / "anna"
    takes.mkdir(parents=True)
    (takes / "takes.csv").write_text(listed)
    path = recipe_with(library, "")
    path.write_text(path.read_text().replace("tone", "anna"))
    (fault,) = told(undersong("check", path, "--json"))["faults"]
    assert "takes.csv" in fault["message"]
    assert undersong("render", path).code == 4


def test_a_sign_without_words_is_a_fault_with_its_place(library, undersong):
    path = recipe_with(
        library, "", "Rest. [2s] \N{DINGBAT NEGATIVE CIRCLED DIGIT ONE} [2s] \N{COPYRIGHT SIGN}\n"
    )
    (fault,) = told(undersong("check", path, "--json"))["faults"]
    assert (fault["line"], fault["column"], fault["seen"]) == (
        6,
        12,
        "\N{DINGBAT NEGATIVE CIRCLED DIGIT ONE}",
    )
    assert undersong("render", path).code == 3


def test_a_broken_library_file_hides_no_other_fault(library, undersong):
    (library / "undersong.yaml").write_text("titel: x\ndefaults: {voice: ton, pace: calm}\n")
    (library / "recipes" / "bad.md").write_text("---\ntitle: Bad\npace: slep\n---\n\nRest.\n")
    faults = told(undersong("check", "--json"))["faults"]
    assert [(Path(fault["file"]).name, fault["line"]) for fault in faults] == [
        ("bad.md", 3),
        ("undersong.yaml", 1),
        ("undersong.yaml", 1),
        ("undersong.yaml", 2),
    ]


@pytest.mark.parametrize("words", [("voices",), ("ambience",)])
def test_lists_get_over_a_broken_library_file(library, undersong, words):
    (library / "undersong.yaml").write_text("title: [\n")
    outcome = undersong(*words)
    assert outcome.code == 0
    assert "undersong.yaml:" in outcome.err
    assert "breeze" in outcome.out or "tone" in outcome.out


def test_the_doctor_names_a_broken_library_file(library, undersong):
    (library / "undersong.yaml").write_text("title: [\n")
    outcome = undersong("doctor", "--json")
    found = {finding["what"]: finding for finding in json.loads(outcome.out)}["library"]
    assert (outcome.code, found["works"], "undersong.yaml:" in found["note"]) == (1, False, True)


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        (("plan", "resst", "--json"), "unknown name", 3),
        (("render", "resst", "--json"), "unknown name", 3),
        (("plan", "rest", "--bogus", "--json"), "usage", 2),
        (("render", "--json"), "usage", 2),
        (("measure", "none.wav", "--json"), "audio file", 5),
        (("render", "rest", "--out", "file", "--json"), "output", 7),
        (("render", "a" * 300, "--json"), "unknown name", 3),
    ],
)
def test_a_failure_is_one_json_object(library, undersong, words, kind, code):
    (library / "file").write_text("")
    outcome = undersong(*words)
    error = told(outcome)["error"]
    assert (outcome.code, error["kind"], error["exit_code"]) == (code, kind, code)
    assert error["message"]


@pytest.mark.parametrize("command", ["check", "plan", "render"])
def test_faults_are_one_json_object_in_every_command(library, undersong, command):
    path = recipe_with(library, "pace: slep\n")
    outcome = undersong(command, path, "--json")
    (fault,) = told(outcome)["faults"]
    assert (outcome.code, fault["line"], fault["nearest"]) == (3, 4, "sleep")


def test_tracks_that_are_made_are_told_beside_the_failure(library, undersong):
    outcome = undersong("render", "resst", "rest", "--json")
    found = told(outcome)
    assert (outcome.code, [track["slug"] for track in found["tracks"]]) == (3, ["rest"])
    assert found["error"]["kind"] == "unknown name"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "99h"), "longer than any track"),
        (("--at", "9m"), "the track ends at"),
        (("--out", "x.mp3"), ".wav or .flac"),
    ],
)
def test_a_preview_that_cannot_be_is_wrong_usage_before_any_work(library, undersong, words, said):
    path = library / "recipes" / "rest.md"
    path.write_text(path.read_text().replace("fades:", "length: 30s\nfades:"))
    outcome = undersong("preview", "rest", *words)
    assert (outcome.code, "speaking" in outcome.err) == (2, False)
    assert said in outcome.err


@pytest.mark.parametrize("title", ["null", "true", "12", "[/b]x", "a: b # c", "*x", 'say "hi"'])
def test_a_new_recipe_always_loads_with_its_title(library, undersong, title):
    outcome = undersong("new", title, "--voice", "tone", "--ambience", "none")
    assert outcome.code == 0, outcome.err
    (path,) = set((library / "recipes").glob("*.md")) - {library / "recipes" / "rest.md"}
    (recipe,) = load_recipe(path)
    assert (recipe.title, recipe.ambience) == (title, None)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("",), 2),
        (("  ",), 2),
        (("x" * 300,), 2),
        (("A", "--length", "5x"), 2),
        (("A", "--length", "1s"), 2),
        (("A", "--ambience", "wavs"), 3),
    ],
)
def test_a_new_recipe_is_not_written_when_it_would_be_faulty(library, undersong, words, code):
    outcome = undersong("new", *words, "--voice", "tone")
    assert outcome.code == code
    assert [path.name for path in (library / "recipes").iterdir()] == ["rest.md"]


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_init_is_whole_or_absent(tmp_path, undersong, monkeypatch, there, failure):
    folder = tmp_path / "new" / "sea"
    if there:
        folder.mkdir(parents=True)
    copy, copied = shutil.copy, []

    def fill_the_disk(source, target):
        copied.append(target)
        if len(copied) > 5:
            raise failure
        return copy(source, target)

    monkeypatch.setattr(shutil, "copy", fill_the_disk)
    outcome = undersong("init", folder)
    assert outcome.code == (7 if isinstance(failure, OSError) else 130)
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert left == (["new", "new/sea"] if there else [])


def test_init_takes_back_what_it_has_moved(tmp_path, undersong, monkeypatch):
    folder = tmp_path / "sea"
    rename = Path.rename

    def interrupted(path, target):
        if path.name == "undersong.yaml":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    assert undersong("init", folder).code == 130
    assert not folder.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [(("x" * 300,), 7), (("sea", "--title", ""), 2), (("sea", "--title", "x" * 300), 2)],
)
def test_init_leaves_nothing_where_it_cannot(tmp_path, undersong, monkeypatch, words, code):
    monkeypatch.chdir(tmp_path)
    outcome = undersong("init", *words)
    assert outcome.code == code, outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_no_markup(tmp_path, undersong, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = undersong("init", "[/b]x")
    assert (outcome.code, "cd [/b]x" in outcome.out) == (0, True)


def test_a_file_in_place_of_a_cache_folder_is_named_with_what_helps(
    library, undersong, tmp_path, monkeypatch
):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "surveys").write_text("")
    monkeypatch.setenv("UNDERSONG_CACHE", str(cache))
    outcome = undersong("render", "rest")
    assert outcome.code == 7
    assert "surveys" in outcome.err
    assert "UNDERSONG_CACHE" in outcome.err


def test_what_the_system_refuses_is_told_with_its_path():
    error = of_system(PermissionError(errno.EACCES, "Permission denied", "takes/anna"))
    assert (error.message, error.exit_code) == ("cannot use takes/anna: Permission denied", 7)
    assert of_system(OSError("no device")).message == "the system refused: no device"


def test_a_folder_without_a_library_is_no_clean_library(tmp_path, undersong):
    (tmp_path / "empty").mkdir()
    (fault,) = told(undersong("check", tmp_path / "empty", "--json"))["faults"]
    assert "there is no library here" in fault["message"]


@pytest.mark.parametrize("command", ["voices", "ambience"])
def test_lists_of_a_folder_that_is_not_there_are_wrong_usage(tmp_path, undersong, command):
    outcome = undersong(command, "--library", tmp_path / "none")
    assert (outcome.code, "there is no folder" in outcome.err) == (2, True)


def test_voices_are_compared_when_both_are_there(library, undersong, tmp_path):
    outcome = undersong("voices", "compare", "tone", "ton", "Rest.", "--out", tmp_path / "two")
    assert (outcome.code, (tmp_path / "two").exists()) == (3, False)
    assert "did you mean `tone`" in outcome.err


def test_a_phrase_that_is_not_there_is_answered_with_some_that_are(library, undersong):
    outcome = undersong("takes", "pick", "rest", "zzz", "1")
    assert (outcome.code, "Rest here." in outcome.err) == (3, True)


def test_plan_says_what_lengths_are_possible(library, undersong):
    found = json.loads(undersong("plan", "rest", "--json").out)
    assert found["shortest"] < found["natural"] == found["length"] < found["longest"]
    assert "shortest possible" in undersong("plan", "rest").out


def test_long_names_of_tracks_stay_within_what_files_may_have(library, undersong):
    path = recipe_with(library, "", name="a" * 240)
    (recipe,) = load_recipe(path)
    assert 180 < len(recipe.slug) < 200
    assert undersong("render", path).code == 0
