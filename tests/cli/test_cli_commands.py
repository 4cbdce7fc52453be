import json
from pathlib import Path

import numpy as np
import pytest
import soundfile


def test_plan_shows_the_timeline_before_any_synthesis(library, undersong):
    outcome = undersong("plan", "rest")
    assert outcome.code == 0, outcome.err
    for words in ("(estimated)", "# Arriving", "Let yourself arrive.", "explicit", "bell", "waves"):
        assert words in outcome.out


def test_plan_can_speak_first(library, undersong):
    outcome = undersong("plan", "rest", "--spoken", "--json")
    timeline = json.loads(outcome.out)
    assert timeline["estimated"] is False
    first, second = timeline["phrases"][:2]
    assert second["start"] - first["end"] == 2 * 48_000


def test_plan_shows_every_move_of_the_duck_and_its_reason(library, undersong):
    outcome = undersong("plan", "rest", "--duck")
    assert outcome.code == 0, outcome.err
    for words in ("Moves", "makes room for phrase", "above LU", "Sounds", "bell", "waves"):
        assert words in outcome.out


def test_plan_gives_the_duck_to_machines(library, undersong):
    plan = json.loads(undersong("plan", "rest", "--duck", "--json").out)
    assert plan["slug"] == "rest"
    assert all(knot["reason"] for knot in plan["moves"])
    assert len(plan["phrases"]) == len(
        json.loads(undersong("plan", "rest", "--json").out)["phrases"]
    )


def test_plan_says_what_length_is_possible(library, undersong):
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("fades:", "length: 10m\nfades:"))
    outcome = undersong("plan", "rest")
    assert outcome.code == 3
    assert "rest.md:5:" in outcome.err
    assert "longest" in outcome.err


def test_check_finds_nothing_in_a_good_library(library, undersong):
    outcome = undersong("check")
    assert outcome.code == 0, outcome.err
    assert "no faults" in outcome.out


def test_check_reports_all_faults_of_all_files(library, undersong):
    (library / "recipes" / "bad.md").write_text("---\ntitel: X\npace: slep\n---\n\n[4x] Hello.\n")
    (library / "voices" / "bad.yaml").write_text("title: X\nengines:\n  - engine: fakee\n")
    (library / "ambience").mkdir()
    (library / "ambience" / "bad.yaml").write_text("title: X\nlayers:\n  - generator: wavs\n")
    outcome = undersong("check")
    assert outcome.code == 3
    for words in ("bad.md:2:1", "`title`", "bad.md:3:", "sleep", "bad.md:6:", "fake", "waves"):
        assert words in outcome.err, words
    faults = json.loads(undersong("check", "--json").out)["faults"]
    assert {fault["file"].rsplit("/", 1)[-1] for fault in faults} == {"bad.md", "bad.yaml"}


def test_check_takes_single_files(library, undersong):
    assert undersong("check", "recipes/rest.md").code == 0
    assert undersong("check", "recipes/none.md").code == 3


def test_measure_reads_any_sound(tmp_path, undersong):
    t = np.arange(48_000 * 4) / 48_000
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * t)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 48_000, "PCM_24")
    measured = json.loads(undersong("measure", tmp_path / "tone.wav", "--json").out)
    assert measured["integrated_lufs"] == pytest.approx(-23.0, abs=0.1)
    assert measured["true_peak_dbtp"] == pytest.approx(-23.0, abs=0.2)
    assert measured["length_s"] == 4.0
    keys = {"short_term_max_lufs", "momentary_max_lufs", "range_lu"}
    assert keys <= measured.keys()
    shown = undersong("measure", tmp_path / "tone.wav", tmp_path / "tone.wav").out
    assert shown.count("0:04") == 2


def test_measure_of_silence_is_null_for_machines(tmp_path, undersong):
    soundfile.write(tmp_path / "none.wav", np.zeros((48_000, 2)), 48_000)
    measured = json.loads(undersong("measure", tmp_path / "none.wav", "--json").out)
    assert measured["integrated_lufs"] is None


def test_measure_goes_on_after_a_file_that_cannot_be_measured(tmp_path, undersong, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, rate, value in (("a", 48_000, 0.1), ("bad", 48_000, np.nan), ("slow", 4_000, 0.1)):
        soundfile.write(tmp_path / f"{name}.wav", np.full((rate, 1), value), rate, "FLOAT")
    files = [f"{name}.wav" for name in ("bad", "a", "slow", "none")]
    outcome = undersong("measure", *files)
    assert outcome.code == 5
    assert "a.wav" in outcome.out
    assert not any(name in outcome.out for name in ("bad.wav", "slow.wav", "none.wav"))
    for words in ("bad.wav as sound: it holds values", "slow.wav: cannot measure", "none.wav"):
        assert words in outcome.err
    assert "Internal" not in outcome.err
    rows = json.loads(undersong("measure", *files, "--json").out)
    assert [Path(row["file"]).stem for row in rows] == ["bad", "a", "slow", "none"]
    assert ["error" in row for row in rows] == [True, False, True, True]
    assert undersong("measure", files[1]).code == 0


@pytest.mark.parametrize(("rate", "length_s"), [(48_000, 0.1), (48_000, 0.001), (192_000, 0.5)])
def test_short_and_fast_files_have_levels(tmp_path, undersong, rate, length_s):
    sound = np.full((round(rate * length_s), 2), 0.5)
    soundfile.write(tmp_path / "a.wav", sound, rate, "FLOAT")
    measured = json.loads(undersong("measure", tmp_path / "a.wav", "--json").out)
    assert measured["length_s"] == pytest.approx(length_s)
    assert measured["true_peak_dbtp"] > -7
    assert (measured["integrated_lufs"] is None) == (length_s < 0.4)


def test_measure_of_no_sound_is_a_clear_error(tmp_path, undersong):
    (tmp_path / "text.wav").write_text("hello" * 99)
    outcome = undersong("measure", tmp_path / "text.wav")
    assert outcome.code == 5
    assert "text.wav" in outcome.err


def test_voices_are_listed_with_reasons(library, undersong):
    outcome = undersong("voices")
    assert "tone" in outcome.out
    listed = {voice["name"]: voice for voice in json.loads(undersong("voices", "--json").out)}
    assert listed["tone"]["engines"][0] == {
        "engine": "fake", "draft": True, "online": False, "why_not": None,
    }  # fmt: skip
    assert json.loads(undersong("voices", "--language", "de", "--json").out) == []


def test_beds_are_listed(library, undersong):
    beds = json.loads(undersong("ambience", "--json").out)
    assert {"waves", "forest", "breeze"} <= {bed["name"] for bed in beds}
    assert "waves" in undersong("ambience").out


def test_a_bed_can_be_rendered_alone(library, undersong, tmp_path):
    path = tmp_path / "bed.wav"
    words = ("ambience", "render", "waves", "--length", "3s", "--seed", "7", "--out")
    assert undersong(*words, path).code == 0
    assert soundfile.info(path).frames == 3 * 48_000
    again = tmp_path / "again.wav"
    assert undersong(*words, again).code == 0
    assert path.read_bytes() == again.read_bytes()
    flac = tmp_path / "bed.flac"
    assert undersong(*words, flac).code == 0
    a, b = (soundfile.read(p, dtype="float64")[0] for p in (path, flac))
    assert np.abs(a - b).max() <= 2**-23


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ambience", "render", "wave", "--out", "x.wav"), 3, "did you mean `waves`"),
        (("ambience", "render", "waves", "--length", "soon", "--out", "x.wav"), 2, "3:00"),
        (("ambience", "render", "waves", "--length", "0s", "--out", "x.wav"), 2, "too short"),
        (("ambience", "render", "waves", "--length", "1s", "--out", "x.ogg"), 2, ".flac"),
        (("preview", "rest", "--stem", "vioce"), 3, "did you mean `voice`"),
        (("preview", "rest", "--at", "-3s"), 2, "not a time"),
        (("render", "resst"), 3, "did you mean `rest`"),
        (("render", "nowhere/rest.md"), 3, "nowhere/rest.md"),
        (("render", "rest", "--engine", "espek"), 3, "did you mean `espeak`"),
        (("schema", "recip"), 3, "did you mean `recipe`"),
        (("new", "X", "--voice", "ton"), 3, "did you mean `tone`"),
    ],
)  # fmt: skip
def test_wrong_words_are_answered_with_right_ones(library, undersong, words, code, said):
    outcome = undersong(*words)
    assert (outcome.code, said in outcome.err) == (code, True), outcome.err


def test_a_new_recipe_is_ready_to_plan(library, undersong):
    outcome = undersong("new", "Warm water: evening", "--voice", "tone", "--ambience", "waves")
    assert outcome.code == 0, outcome.err
    path = library / "recipes" / "warm-water-evening.md"
    assert 'title: "Warm water: evening"' in path.read_text()
    assert undersong("plan", "warm-water-evening").code == 0
    again = undersong("new", "Warm water: evening", "--voice", "tone")
    assert again.code == 7
    assert "exists already" in again.err


def test_init_begins_a_library_that_checks_clean(tmp_path, undersong, monkeypatch):
    folder = tmp_path / "my sea"
    assert undersong("init", folder).code == 0
    assert 'title: "My sea"\n' in (folder / "undersong.yaml").read_text()
    monkeypatch.chdir(folder)
    outcome = undersong("check")
    assert outcome.code == 0, outcome.err
    again = undersong("init", folder)
    assert (again.code, "not empty" in again.err) == (7, True)


def test_schemas_are_exported_as_json_and_as_pages(undersong, tmp_path):
    for kind in ("recipe", "library", "voice", "bed"):
        assert json.loads(undersong("schema", kind).out)["properties"]
        page = undersong("schema", kind, "--markdown").out
        assert page.startswith(f"# Reference: {kind} files")
    assert undersong("schema", "recipe", "--out", tmp_path / "r.json").code == 0
    assert json.loads((tmp_path / "r.json").read_text())["properties"]["title"]


def test_doctor_finds_what_is_needed(library, undersong):
    outcome = undersong("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(outcome.out)}
    assert outcome.code == 0
    assert all(finding["works"] for finding in findings.values() if finding["needed"])
    assert {"cache", "player", "voice engine edge", "writing opus"} <= findings.keys()
    assert "undersong" in undersong("doctor").out


def test_doctor_fails_when_something_needed_is_missing(library, undersong, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path / "file" / "cache"))
    outcome = undersong("doctor")
    assert outcome.code == 1
    assert "UNDERSONG_CACHE" in outcome.out
