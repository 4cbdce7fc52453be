from pathlib import Path

import pytest

from undersong.errors import FaultsError, UnknownNameError
from undersong.recipes import library as library_module
from undersong.recipes.library import Library, starter_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "voices/ember.yaml",
        "voices/.hidden.yaml",
        "voices/notes.txt",
        "ambience/cave.yml",
        "sounds/gong.wav",
        "sounds/gong.txt",
        "sounds/bell.flac",
        "takes/ember/001.wav",
        "recipes/README.md",
        "recipes/b.md",
        "recipes/night/a.md",
        "recipes/.drafts/c.md",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "cover.png").touch()
    return tmp_path


def test_a_library_is_found_upwards(root: Path) -> None:
    (root / "undersong.yaml").write_text(
        "title: Nights\nauthor: Jane\nlanguage: de\nartwork: cover.png\ndescription: Calm.\n"
        "defaults: {voice: ember, fades: {in: 3s}}\npublish: {to: here}\n",
        encoding="utf-8",
    )
    found = Library.find(root / "recipes" / "night" / "a.md")
    assert found.root == root
    assert (found.title, found.author, found.language) == ("Nights", "Jane", "de")
    assert (found.album, found.description) == ("Nights", "Calm.")
    assert found.artwork == str(root / "cover.png")
    assert found.defaults == {"voice": "ember", "fades": {"in": 3}}
    assert found.publish == {"to": "here"}
    assert found.lines["defaults.fades"].line == 6
    assert Library.find(root) == found


def test_a_library_is_found_from_a_relative_path(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "undersong.yaml").write_text("title: Nights\nalbum: All\n", encoding="utf-8")
    monkeypatch.chdir(root)
    found = Library.find(Path("recipes/b.md"))
    assert (found.root, found.file, found.album) == (root, Path("undersong.yaml"), "All")
    monkeypatch.chdir(root / "recipes")
    assert Library.find(Path()).root == root


def test_without_a_file_the_folder_above_recipes_is_the_library(root: Path) -> None:
    found = Library.find(root / "recipes" / "night" / "a.md")
    assert (found.root, found.file, found.title) == (root, None, root.name)
    alone = root / "takes" / "x.md"
    assert Library.find(alone).root == root / "takes"
    assert Library.find(root / "takes").root == root / "takes"


def test_faults_of_the_library_file_are_reported_together(root: Path) -> None:
    file = root / "undersong.yaml"
    file.write_text(
        "titel: x\nartwork: covr.png\ndefaults: {voice: embr, pace: slow}\n", encoding="utf-8"
    )
    with pytest.raises(FaultsError) as caught:
        Library.find(root)
    found = [str(fault).removeprefix(f"{file}:") for fault in caught.value.faults]
    assert [text.partition(" ")[0] for text in found] == ["1:1:", "1:1:", "2:10:", "3:19:", "3:31:"]
    assert "did you mean `cover.png`?" in found[2]
    assert "did you mean `ember`?" in found[3]


@pytest.mark.parametrize(
    ("text", "title", "defaults", "lines"),
    [
        (
            "title: Sea\nalbun: x\ndefaults: {voice: embr, pace: calm, fades: {in: 3s, out: 9d}}\n",
            "Sea",
            {"pace": "calm", "fades": {"in": 3}},
            [2, 3, 3],
        ),
        ("title: [a\ndefaults: {pace: calm}\n", None, {}, [1]),
        ("- a\n", None, {}, [1]),
        ("defaults: {pace: calm, formats: [mp4]}\n", None, {"pace": "calm"}, [1, 1]),
    ],
)
def test_a_glance_at_a_faulty_library_keeps_what_is_right(root, text, title, defaults, lines):
    (root / "undersong.yaml").write_text(text, encoding="utf-8")
    found = Library.glance(root)
    assert (found.title, found.defaults) == (title or root.name, defaults)
    assert [fault.line for fault in found.faults] == lines
    with pytest.raises(FaultsError) as caught:
        Library.find(root)
    assert caught.value.faults == found.faults


def test_names_are_our_own_first_then_the_starters(root: Path) -> None:
    found = Library.find(root)
    assert found.voice_file("ember") == root / "voices" / "ember.yaml"
    assert found.bed_file("cave") == root / "ambience" / "cave.yml"
    starter = {path.stem for path in (starter_folder() / "voices").glob("*.yaml")}
    assert set(found.voice_names()) == {"ember", *starter}
    assert list(found.bed_names()) == sorted(found.bed_names())
    for name in sorted(starter):
        assert found.voice_file(name).parent == starter_folder() / "voices"
        (root / "voices" / f"{name}.yaml").touch()
        assert found.voice_file(name).parent == root / "voices"


@pytest.mark.parametrize("name", ["embr", "../voices/ember", ".hidden", ""])
def test_unknown_names_are_errors(root: Path, name: str) -> None:
    found = Library.find(root)
    with pytest.raises(UnknownNameError, match="no voice called"):
        found.voice_file(name)
    with pytest.raises(UnknownNameError, match="no ambience called"):
        found.bed_file(name)


def test_recipes_are_found_at_any_depth(root: Path) -> None:
    found = Library.find(root)
    assert found.recipe_files() == (root / "recipes/b.md", root / "recipes/night/a.md")
    assert Library(root=root / "none", title="", album="").recipe_files() == ()


def test_sounds_go_by_name_with_or_without_suffix(root: Path) -> None:
    found = Library.find(root)
    assert found.sound_file("gong.wav") == root / "sounds" / "gong.wav"
    assert found.sound_file("gong") == root / "sounds" / "gong.wav"
    assert found.sound_file("bell.flac") == root / "sounds" / "bell.flac"
    assert found.sound_file("bell") is None  # the cue maker comes first
    assert found.sound_file("none") is None
    assert {"bell", "bell.flac", "gong", "gong.wav"} <= set(found.sound_names())


def test_the_starter_library_lies_in_the_checkout_or_in_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (starter_folder() / "voices").is_dir()
    package = tmp_path / "site" / "undersong"
    monkeypatch.setattr(library_module, "files", lambda _: package)
    assert (
        starter_folder() == package / "starter"
    )  # none there either, but that is where it belongs
    (package / "starter").mkdir(parents=True)
    assert starter_folder() == package / "starter"
