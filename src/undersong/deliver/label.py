"""What a track says about itself: the tags of its files, from its recipe and timeline."""

from pathlib import Path

from undersong.deliver.artwork import Cover, read_cover
from undersong.deliver.captions import transcript
from undersong.deliver.tags import Tags
from undersong.files import digest_bytes, digest_json
from undersong.manifest import ChapterMark
from undersong.recipes.model import Recipe
from undersong.timeline.model import Timeline
from undersong.units import to_seconds

GENRE = "Guided imagery"

CARE = "Not while driving or working machines. Not a substitute for medical care."
"""Said in the comment of every track (docs/safety.md)."""


def chapter_marks(timeline: Timeline) -> tuple[ChapterMark, ...]:
    """Return the chapters in seconds from the start of the file."""
    return tuple(
        ChapterMark(
            title=chapter.title,
            start_s=float(to_seconds(chapter.start)),
            end_s=float(to_seconds(chapter.end)),
        )
        for chapter in timeline.chapters
    )


def cover_of(recipe: Recipe, cache: Path | None = None) -> Cover | None:
    """Return the cover of a track, if it has one; `cache` as for `read_cover`.

    Raises:
        AudioFileError: it cannot be read.
        FaultsError: it is too large.
        OutputError: the cache cannot be used.
    """
    return read_cover(Path(recipe.artwork), cache) if recipe.artwork else None


def tags_of(
    recipe: Recipe,
    timeline: Timeline,
    credit_lines: tuple[str, ...],
    *,
    cover: Cover | None,
    draft: bool,
) -> Tags:
    """Gather the tags of a track."""
    return Tags(
        title=recipe.title,
        artist=recipe.author,
        album=recipe.album,
        language=recipe.language,
        comment=CARE,
        credits=credit_lines,
        genre=GENRE,
        cover=cover,
        chapters=chapter_marks(timeline),
        captions=timeline.captions,
        lyrics=transcript(timeline),
        draft=draft,
    )


def label_digest(recipe: Recipe, credit_lines: tuple[str, ...], cover: Cover | None) -> str:
    """Return the digest of everything that reaches the files besides sound and format."""
    return digest_json(
        {
            "names": [recipe.slug, recipe.title, recipe.author, recipe.album, recipe.language],
            "style": recipe.style,
            "about": dict(recipe.about),
            "artwork": digest_bytes(cover.content) if cover else None,
            "credits": credit_lines,
        }
    )
