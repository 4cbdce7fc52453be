"""The recipe of the test library changed, and all that a folder holds."""


def change(library, old, new):
    """Replace words of the recipe `rest`."""
    path = library / "recipes/rest.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def contents(folder):
    """Return the bytes of all files by their names in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
