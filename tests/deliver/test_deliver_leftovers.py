"""What a track no longer has goes away, whenever the render before was killed."""

import json

import pytest

from undersong.deliver.leftovers import UNFINISHED, making, settle
from undersong.errors import OutputError
from undersong.manifest import MANIFEST

OLD = ("rest.wav", "rest.vtt", "stems/voice.wav", "stems/bed.wav")
NEW = ("rest.mp3", "rest.vtt")


def manifest(names):
    return json.dumps({"deliverables": [], "companions": list(names)})


def write(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def make(folder, names):
    with making(folder, names):
        write(folder, names)
        (folder / MANIFEST).write_text(manifest(names))


def make_and_be_killed(folder, names, upto):
    """Be killed after so many files: nothing of ours runs after that."""
    begun = making(folder, names)
    begun.__enter__()
    write(folder, names[:upto])
    note = (folder / UNFINISHED).read_text()
    begun.gen.close()
    (folder / UNFINISHED).write_text(note)


def there(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_files_of_an_earlier_render_go_and_nobody_elses(tmp_path):
    make(tmp_path, OLD)
    write(tmp_path, ["notes.txt", "stems/mine.wav"])
    make(tmp_path, NEW)
    assert there(tmp_path) == {*NEW, MANIFEST, "notes.txt", "stems", "stems/mine.wav"}


def test_an_empty_folder_of_stems_goes_too(tmp_path):
    make(tmp_path, OLD)
    make(tmp_path, NEW)
    assert there(tmp_path) == {*NEW, MANIFEST}


@pytest.mark.parametrize("upto", range(len(OLD) + 1))
def test_what_a_killed_render_made_goes_with_the_next(tmp_path, upto):
    make_and_be_killed(tmp_path, OLD, upto)
    make(tmp_path, NEW)
    assert there(tmp_path) == {*NEW, MANIFEST}


def test_what_several_killed_renders_made_goes_with_the_next(tmp_path):
    make_and_be_killed(tmp_path, ("rest.opus",), 1)
    make_and_be_killed(tmp_path, OLD, 2)
    make_and_be_killed(tmp_path, NEW, 1)
    make(tmp_path, NEW)
    assert there(tmp_path) == {*NEW, MANIFEST}


def test_a_render_killed_after_its_manifest_is_settled_by_the_next_look(tmp_path):
    make(tmp_path, OLD)
    make_and_be_killed(tmp_path, NEW, len(NEW))
    (tmp_path / MANIFEST).write_text(manifest(NEW))
    settle(tmp_path)
    assert there(tmp_path) == {*NEW, MANIFEST}


def test_a_failed_render_keeps_what_was_there(tmp_path):
    make(tmp_path, OLD)

    def fail():
        with making(tmp_path, NEW):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert there(tmp_path) == {*OLD, MANIFEST, "stems"}


def test_a_file_of_somebody_else_is_not_removed_because_a_killed_render_meant_to_replace_it(
    tmp_path,
):
    write(tmp_path, ["rest.wav"])
    make_and_be_killed(tmp_path, OLD, 0)
    make(tmp_path, NEW)
    assert there(tmp_path) == {*NEW, MANIFEST, "rest.wav"}


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/outside.txt", "", "..", "a/../../outside.txt"]
)
def test_a_note_cannot_reach_outside(tmp_path, name):
    (tmp_path / "outside.txt").write_text("mine")
    folder = tmp_path / "track"
    folder.mkdir()
    (folder / UNFINISHED).write_text(json.dumps([name, str(tmp_path / "outside.txt")]))
    make(folder, NEW)
    assert there(folder) == {*NEW, MANIFEST}
    assert (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize("note", ["", "{}", "[", "null"])
def test_a_damaged_note_is_no_note(tmp_path, note):
    (tmp_path / UNFINISHED).write_text(note)
    make(tmp_path, NEW)
    assert there(tmp_path) == {*NEW, MANIFEST}


def test_a_file_that_cannot_be_removed_is_a_clear_error(tmp_path):
    make(tmp_path, OLD)
    (tmp_path / "rest.wav").unlink()
    (tmp_path / "rest.wav").mkdir()
    with pytest.raises(OutputError, match=r"rest\.wav"):
        make(tmp_path, NEW)
