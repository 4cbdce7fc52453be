import json

import numpy as np
import pyebur128
import soundfile
from track_kit import contents


def integrated(path):
    """Loudness by libebur128, which shares nothing with our meter."""
    frames, rate = soundfile.read(path, dtype="float64", always_2d=True)
    state = pyebur128.R128State(frames.shape[1], rate, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(frames.ravel(), len(frames))
    return pyebur128.get_loudness_global(state)


def render(undersong, *words):
    outcome = undersong("render", "rest", *words)
    assert outcome.code == 0, outcome.err
    return outcome


def test_a_track_comes_with_captions_and_a_manifest(library, undersong):
    render(undersong)
    folder = library / "build" / "rest"
    names = {path.name for path in folder.iterdir()}
    assert names == {"rest.wav", "rest.vtt", "rest.srt", "rest.txt", "manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["draft"] is True
    assert [chapter["title"] for chapter in manifest["chapters"]] == ["Arriving", "The air"]
    assert manifest["ambience"] == ["breeze", "waves"]


def test_the_delivered_file_has_the_loudness_that_the_manifest_states(library, undersong):
    render(undersong)
    path = library / "build" / "rest" / "rest.wav"
    stated = json.loads(path.with_name("manifest.json").read_text())["deliverables"][0]
    measured = integrated(path)
    assert abs(measured - -18.0) < 0.1
    assert abs(measured - stated["levels"]["integrated_lufs"]) < 0.02
    assert soundfile.info(path).frames == round(stated["levels"]["length_s"] * 48_000)
    assert path.stat().st_size == stated["size_bytes"]


def test_an_unchanged_track_is_left_alone(library, undersong):
    render(undersong)
    path = library / "build" / "rest" / "rest.wav"
    before = path.stat().st_mtime_ns
    assert "nothing has changed" in render(undersong).out
    assert path.stat().st_mtime_ns == before


def test_a_comment_or_an_empty_line_changes_nothing(library, undersong):
    render(undersong)
    recipe = library / "recipes" / "rest.md"
    text = recipe.read_text()
    recipe.write_text(text.replace("# The air", "<!-- a note\nto myself -->\n\n\n# The air"))
    assert "nothing has changed" in render(undersong).out


def test_a_changed_sentence_changes_the_track(library, undersong):
    render(undersong)
    path = library / "build" / "rest" / "rest.wav"
    before = path.read_bytes()
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("Rest here.", "Rest here for a while."))
    assert "nothing has changed" not in render(undersong).out
    assert path.read_bytes() != before


def test_a_missing_file_is_made_again(library, undersong):
    render(undersong)
    path = library / "build" / "rest" / "rest.wav"
    whole = path.read_bytes()
    path.unlink()
    render(undersong)
    assert path.read_bytes() == whole


def test_the_same_recipe_gives_the_same_bytes(library, undersong, monkeypatch, tmp_path):
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("[wav]", "[wav, flac, mp3, opus]"))
    render(undersong, "--out", tmp_path / "a", "--stems")
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path / "another-cache"))
    render(undersong, "--out", tmp_path / "b", "--stems")
    ours, theirs = (contents(tmp_path / name / "rest") for name in "ab")
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name] == theirs[name], name


def test_stems_have_the_length_of_the_mix_and_sum_to_it(library, undersong):
    render(undersong, "--stems")
    folder = library / "build" / "rest"
    stems = {
        name: soundfile.read(folder / "stems" / f"{name}.wav", dtype="float32")[0]
        for name in ("voice", "bed", "bed-ducked", "cues")
    }
    master, rate = soundfile.read(folder / "rest.wav", dtype="float32")
    assert rate == 48_000
    assert {stem.shape for stem in stems.values()} == {master.shape}
    manifest = json.loads((folder / "manifest.json").read_text())
    gain = 10 ** (manifest["deliverables"][0]["gain_db"] / 20)
    mixed = stems["voice"] + stems["bed-ducked"] + stems["cues"]
    assert manifest["limited_share"] == 0
    assert np.abs(mixed * np.float32(gain) - master).max() < 2**-22


def test_there_is_no_digital_silence_in_the_bed(library, undersong):
    render(undersong, "--stems")
    bed, _ = soundfile.read(library / "build" / "rest" / "stems" / "bed.wav", dtype="float32")
    silent = np.flatnonzero((bed == 0).all(axis=1))
    assert silent.size == 0


def test_pauses_are_exact_between_speech_edges(library, undersong):
    """`[2s]` lies between the first two phrases; edges are measured on the stem at -60 dBFS."""
    render(undersong, "--stems")
    voice, rate = soundfile.read(
        library / "build" / "rest" / "stems" / "voice.wav", dtype="float32"
    )
    loud = np.flatnonzero(np.abs(voice[:, 0]) > 10 ** (-60 / 20))
    gaps = np.diff(loud)
    longest_first = gaps[gaps > rate // 10][0]
    assert abs(longest_first / rate - 2.0) < 0.010


def test_a_preview_is_the_render_sample_for_sample(library, undersong):
    render(undersong)
    path = library / "build" / "rest" / "rest.wav"
    span = library / "span.wav"
    outcome = undersong("preview", "rest", "--at", "3.5s", "--for", "4s", "--out", span)
    assert outcome.code == 0, outcome.err
    whole, part = (soundfile.read(p, dtype="int32")[0] for p in (path, span))
    start = round(3.5 * 48_000)
    assert np.array_equal(whole[start : start + 4 * 48_000], part)


def test_a_preview_can_be_one_stem(library, undersong):
    span = library / "span.wav"
    words = ("preview", "rest", "--at", "0:08", "--for", "2s", "--stem", "voice", "--out", span)
    assert undersong(*words).code == 0
    assert soundfile.info(span).frames == 96_000


def test_a_preview_past_the_end_says_where_the_end_is(library, undersong):
    outcome = undersong("preview", "rest", "--at", "9m", "--out", library / "span.wav")
    assert outcome.code == 2
    assert "the track ends at 0:2" in outcome.err
    assert not (library / "span.wav").exists()


def test_a_preview_without_a_player_says_so(library, undersong, monkeypatch):
    monkeypatch.setattr("undersong.preview.player.PLAYERS", ())
    outcome = undersong("preview", "rest", "--for", "1s")
    assert outcome.code == 0
    assert "rest-preview.wav" in outcome.out
    assert (library / "build" / "rest-preview.wav").is_file()


def test_manifests_can_be_printed_for_machines(library, undersong):
    printed = json.loads(render(undersong, "--json").out)
    assert printed["slug"] == "rest"
    assert printed["deliverables"][0]["format"] == "wav"


def test_variants_are_tracks_of_their_own(library, undersong):
    recipe = library / "recipes" / "rest.md"
    text = recipe.read_text().replace(
        "formats: [wav]", "formats: [wav]\nvariants: {ambience: [breeze, waves]}"
    )
    recipe.write_text(text)
    assert undersong("render", "rest", "--variant", "rest-waves").code == 0
    assert [path.name for path in (library / "build").iterdir()] == ["rest-waves"]
    outcome = undersong("render", "rest", "--variant", "rest-wave")
    assert outcome.code == 3
    assert "did you mean `rest-waves`?" in outcome.err


def test_a_failing_track_does_not_stop_the_others(library, undersong):
    broken = library / "recipes" / "broken.md"
    broken.write_text("---\ntitle: Broken\nvoice: nobody\n---\n\nHello.\n")
    outcome = undersong("render", "broken", "rest")
    assert outcome.code == 3
    assert "nobody" in outcome.err
    assert (library / "build" / "rest" / "rest.wav").is_file()
    assert not (library / "build" / "broken").exists()


def test_a_picture_is_drawn_when_asked(library, undersong):
    render(undersong, "--picture")
    picture = library / "build" / "rest" / "picture.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_speech_can_be_the_anchor(library, undersong):
    """The voice stem at the master's gain is at the target; the file is where that brings it."""
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("---\n", "---\nanchor: speech\n", 1))
    render(undersong, "--stems")
    folder = library / "build" / "rest"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["anchor"] == "speech"
    assert manifest["limited_share"] == 0
    spoken = integrated(folder / "stems" / "voice.wav") + manifest["deliverables"][0]["gain_db"]
    assert abs(spoken - manifest["target_lufs"]) < 0.1
    assert abs(manifest["speech_lufs"] - manifest["target_lufs"]) < 0.01
    assert abs(integrated(folder / "rest.wav") - manifest["aim_lufs"]) < 0.05


def test_speech_that_stands_out_is_told_of(library, undersong):
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text() + "\n[100s]\n\nRest.\n")
    outcome = render(undersong)
    assert "`anchor: speech`" in outcome.err + outcome.out


def test_a_recording_without_rights_is_noted_in_the_manifest(library, undersong):
    rng = np.random.default_rng(1)
    brook = 0.05 * rng.standard_normal((48_000 * 12, 2))
    soundfile.write(library / "brook.flac", brook, 48_000)
    bed = "title: Brook\nlayers:\n  - {recording: ../brook.flac}\n"
    (library / "ambience").mkdir(exist_ok=True)
    (library / "ambience" / "brook.yaml").write_text(bed)
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("ambience: breeze", "ambience: brook"))
    outcome = undersong("render", "rest")
    assert outcome.code == 0, outcome.err
    path = library / "build" / "rest" / "manifest.json"
    assert "has no licence" in json.loads(path.read_text())["withheld"][0]
    (library / "ambience" / "brook.yaml").write_text(f"{bed}licence: CC0-1.0\ncredit: A. Field\n")
    undersong("render", "rest")
    assert json.loads(path.read_text())["withheld"] == []
