import pickle
from fractions import Fraction
from pathlib import Path

import pytest

from undersong.errors import FaultsError
from undersong.recipes.library import Library, starter_folder
from undersong.recipes.load import load_all, load_recipe
from undersong.recipes.model import Fades
from undersong.recipes.names import slug
from undersong.recipes.pace import PACES

FULL = """\
---
title: Evening by the sea
ambience: waves
length: 12m
pace: sleep
difference: 15 LU
fades: {in: 6s, out: 20s}
loudness: sleep
formats: [mp3, flac]
style: receptive
about: {time: evening, region: lower back}
variants: {length: [5m, '10:00'], ambience: [waves, none], formats: [opus, [mp3, flac]]}
---

# Arriving

Let yourself arrive, and let the day go by. [4s] Rest. [ambience: forest]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("voices/shore.yaml", "voices/ember.yaml", "ambience/waves.yaml",
                 "ambience/forest.yaml", "cover.jpg", "recipes/x"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "undersong.yaml").write_text(
        "title: Nights\nauthor: Jane\nartwork: cover.jpg\n"
        "defaults:\n  voice: shore\n  about: {series: night}\n  fades: {in: 8s, before: 10s}\n",
        encoding="utf-8",
    )
    return tmp_path


def _write(root: Path, text: str, name: str = "evening.md") -> Path:
    path = root / "recipes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _faults(root: Path, text: str) -> list[str]:
    path = _write(root, text)
    with pytest.raises(FaultsError) as caught:
        load_recipe(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_the_least_recipe_takes_everything_from_the_library_and_from_custom(root: Path) -> None:
    (recipe,) = load_recipe(_write(root, "---\ntitle: Rest\n---\nRest now."))
    assert (recipe.slug, recipe.title, recipe.author) == ("evening", "Rest", "Jane")
    assert (recipe.album, recipe.language, recipe.voice) == ("Nights", "en-US", "shore")
    assert recipe.artwork == str(root / "cover.jpg")
    assert (recipe.ambience, recipe.length, recipe.pace) == (None, None, PACES["calm"])
    assert (recipe.difference_lu, recipe.pause_difference_lu) == (15, 9)
    assert recipe.fades == Fades(
        fade_in=Fraction(8), fade_out=Fraction(15), before=Fraction(10), after=Fraction(20)
    )
    assert (recipe.loudness, recipe.formats, recipe.style) == ("podcast", ("mp3",), "directive")
    assert (recipe.about, recipe.variant) == ({"series": "night"}, {})
    assert [said.text for said in recipe.script.utterances] == ["Rest now."]
    assert pickle.loads(pickle.dumps(recipe)) == recipe  # noqa: S301 - our own bytes


def test_variants_are_every_combination_in_order_of_the_front_matter(root: Path) -> None:
    recipes = load_recipe(_write(root, FULL))
    assert [recipe.slug for recipe in recipes] == [
        "evening-5m-waves-opus",
        "evening-5m-waves-mp3-flac",
        "evening-5m-none-opus",
        "evening-5m-none-mp3-flac",
        "evening-10-00-waves-opus",
        "evening-10-00-waves-mp3-flac",
        "evening-10-00-none-opus",
        "evening-10-00-none-mp3-flac",
    ]
    last = recipes[-1]
    assert last.variant == {"length": "10:00", "ambience": "none", "formats": "[mp3, flac]"}
    assert (last.length, last.ambience, last.formats) == (Fraction(600), None, ("mp3", "flac"))
    assert last.beds == ("forest",)
    assert last.about == {"series": "night", "time": "evening", "region": "lower back"}
    assert last.fades.before == 10
    assert len({recipe.seed for recipe in recipes}) == 1
    assert len({id(recipe.script) for recipe in recipes}) == 1


def test_places_of_keys_are_kept_and_variants_point_at_their_value(root: Path) -> None:
    first, *_, last = load_recipe(_write(root, FULL))
    assert (first.lines["pace"].line, first.lines["fades.in"].column) == (5, 9)
    assert (first.lines["length"].line, first.lines["length"].column) == (12, 21)
    assert last.lines["length"].column == 25
    assert first.script.utterances[0].position.line == 17


def test_the_pace_of_a_variant_parts_its_script(root: Path) -> None:
    text = (
        "---\ntitle: A\nvariants: {pace: [calm, brisk]}\n---\nLet the day go by, and let it rest."
    )
    calm, brisk = load_recipe(_write(root, text))
    assert (len(calm.script.utterances), len(brisk.script.utterances)) == (2, 1)


def test_seeds_come_from_the_file_name_or_from_the_recipe(root: Path) -> None:
    one = load_recipe(_write(root, "---\ntitle: A\n---\nRest."))[0]
    renamed = load_recipe(_write(root, "---\ntitle: B\n---\nRest now.", "evening.md"))[0]
    other = load_recipe(_write(root, "---\ntitle: A\n---\nRest.", "other.md"))[0]
    chosen = load_recipe(_write(root, "---\ntitle: A\nseed: 7\n---\nRest."))[0]
    assert one.seed == renamed.seed == 3854370817
    assert other.seed != one.seed
    assert chosen.seed == 7


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_marks_change_nothing(root: Path, end: str) -> None:
    path = _write(root, "")
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", end).encode())
    recipe = load_recipe(path)[0]
    assert recipe.script.utterances[0].position.line == 17
    assert recipe.lines["pace"].line == 5


def test_front_matter_may_end_in_dots_or_with_the_file(root: Path) -> None:
    assert load_recipe(_write(root, "\n---\ntitle: A\n...\nRest."))[0].title == "A"
    assert _faults(root, "---\ntitle: A\n---") == [
        "3:4: the script is empty; legal: words to say, below the front matter"
    ]


# a file, and the start of every fault that it holds
BAD = [
    ("", ["1:1: there is no front matter", "1:1: the script is empty"]),
    ("Rest [paus].", ["1:1: there is no front matter", "1:6: unknown mark"]),
    ("---\ntitle: A\n\nRest.", ["1:1: the front matter is never closed"]),
    ("---\n---\nRest.", ["2:1: nothing here"]),
    ("---\ntitle: A\n---\n", ["4:1: the script is empty"]),
    ("---\nvoice: shore\n---\nRest.", ["2:1: `title` is missing"]),
    ("---\n\ttitle: A\n---\nRest [2x].", ["2:1: a tab", "4:7: this is not a time"]),
    ("---\ntitle: A\ntitle: B\n---\nRest \x07 now.", [
        "3:1: the key `title` is here twice", "5:6: a control character"]),
    (
        ("---\ntitle: A\nvoice: shor\nambience: wave\nlenght: 5m\nartwork: ../covr.jpg\n"
        "fades: {in: 11m}\n---\n# A\n\nRest [ambience: wavs].\n\n# B\n"),
        [
            "3:8: there is no voice of this name (seen: shor)",
            "4:11: there is no ambience of this name (seen: wave)",
            "5:1: unknown key `lenght`",
            "6:10: there is no picture at",
            "7:13: this time is out of range (seen: 11m); legal: 0s to 10m",
            "11:17: there is no ambience of this name (seen: wavs)",
            "13:3: nothing comes after this heading (seen: B)",
        ],
    ),
    (
        ("---\ntitle: A\nfades: {in: 12s, out: 5s, after: 4s}\ndifference: 6\npause_difference: 9\n"
        "length: 1m\n---\nRest. [40s] Rest. [breathe: times 2] [bell]"),
        [
            "3:9: `before` is shorter than the fade `in` (seen: 0:10); legal: at least 0:12",
            "3:27: `after` is shorter than the fade `out` (seen: 0:04); legal: at least 0:05",
            ("5:1: in pauses the voice would stand further above the bed than while speaking "
            "(seen: 9 LU); legal: up to `difference`, 6 LU"),
            ("6:1: this length is shorter than what cannot give way, even without a word "
            "(seen: 1:00); legal: more than 1:18 (0:10 before, 0:04 after, 1:04 of exact pauses"),
        ],
    ),
    (
        "---\ntitle: A\nvariants: {length: [15s, 5m, 300], difference: [9, 9 LU]}\n---\nRest.",
        [
            "3:21: this length is shorter",
            "3:30: this variant is here twice (seen: 300)",
            "3:52: this variant is here twice (seen: 9 LU)",
        ],
    ),
    (
        "---\ntitle: A\nvariants: {length: ["
        + ", ".join(f"{k}m" for k in range(1, 51))
        + "], difference: ["
        + ", ".join(str(k) for k in range(10, 30))
        + "]}\n---\nRest.",
        ["3:1: too many variants (seen: 1000 tracks); legal: up to 500 tracks"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[text[:40] for text, _ in BAD])
def test_bad_recipes_give_every_fault_of_front_matter_script_and_library(
    root: Path, text: str, expected: list[str]
) -> None:
    found = _faults(root, text)
    assert len(found) == len(expected), found
    for fault, words in zip(found, expected, strict=True):
        assert fault.startswith(words), found


@pytest.mark.parametrize(
    ("chosen", "pause_lu"),
    [("difference: 3", 3), ("difference: 8.9", 8.9), ("difference: 20", 9), ("", 9)],
)
def test_a_pause_difference_that_nobody_chose_follows_the_difference(
    root: Path, chosen: str, pause_lu: float
) -> None:
    (recipe,) = load_recipe(_write(root, f"---\ntitle: A\n{chosen}\n---\nRest."))
    assert recipe.pause_difference_lu == pause_lu


def test_the_bed_is_heard_at_its_level_before_and_after_the_voice_when_nobody_chose(
    root: Path,
) -> None:
    (root / "undersong.yaml").unlink()
    text = "---\ntitle: A\nvoice: shore\nfades: {in: 7s, out: 20s}\n---\nRest."
    (recipe,) = load_recipe(_write(root, text))
    assert (recipe.fades.before, recipe.fades.after) == (11, 25)


def test_a_recipe_without_any_voice_lists_those_there_are(root: Path) -> None:
    (root / "undersong.yaml").unlink()
    (fault,) = _faults(root, "---\ntitle: A\n---\nRest.")
    assert fault.startswith(
        "1:1: no voice is chosen, here or in the library's defaults; legal: voice"
    )
    assert "ember" in fault


def test_contradictions_within_the_library_are_faults_of_its_file(root: Path) -> None:
    file = root / "undersong.yaml"
    file.write_text(
        "title: N\ndefaults: {voice: shore, fades: {in: 9s, before: 8s}}\n", encoding="utf-8"
    )
    for name in ("a.md", "b.md"):
        _write(root, "---\ntitle: A\n---\nRest.", name)
    with pytest.raises(FaultsError) as caught:
        load_all(Library.find(root))
    assert [str(fault) for fault in caught.value.faults] == [
        f"{file}:2:42: `before` is shorter than the fade `in` (seen: 0:08); legal: at least 0:09"
    ]


def test_variants_that_share_a_track_name_are_a_fault(root: Path) -> None:
    for name in ("low tide", "low-tide"):
        (root / "ambience" / f"{name}.yaml").touch()
    (fault,) = _faults(
        root, "---\ntitle: A\nvariants: {ambience: [low tide, low-tide]}\n---\nRest."
    )
    assert fault == "3:1: two variants make the same track name (seen: evening-low-tide)"


def test_a_whole_library_loads_in_order_with_every_fault(root: Path) -> None:
    good = "---\ntitle: A\n---\nRest."
    _write(root, good, "b.md")
    _write(root, good, "a.md")
    library = Library.find(root)
    assert [recipe.slug for recipe in load_all(library)] == ["a", "b"]
    _write(root, good, "night/A.md")
    _write(root, "---\ntitle: A\n---\n[paus]", "c.md")
    with pytest.raises(FaultsError) as caught:
        load_all(library)
    first, second = caught.value.faults
    assert (first.file, first.message) == (str(root / "recipes/c.md"), "unknown mark")
    assert second.seen == "a"
    assert second.message == f"this makes the same track name as {root / 'recipes/a.md'}"


def test_a_missing_recipe_says_so(root: Path) -> None:
    with pytest.raises(FaultsError, match=r"none\.md: there is no such file"):
        load_recipe(root / "recipes" / "none.md")


def test_the_starter_library_holds_no_faults() -> None:
    library = Library.find(starter_folder())
    recipes = load_all(library)
    assert {recipe.path for recipe in recipes} == {str(path) for path in library.recipe_files()}
    assert recipes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Evening  Body-Scan!", "evening-body-scan"),
        ("Été à Łódź, Straße", "ete-a-lodz-strasse"),
        ("12.5 LU", "12-5-lu"),
        ("海", "x0ac6d519"),
    ],
)
def test_slugs_are_lower_case_ascii(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_slugs_without_latin_letters_differ() -> None:
    assert slug("海") != slug("山")
