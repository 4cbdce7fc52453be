"""One finished track becomes one episode, and the files that travel with it."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.errors import Fault, FaultsError
from undersong.files import digest_bytes
from undersong.publish.captions import Cue, parse_vtt, to_json, to_srt
from undersong.publish.identity import Locked
from undersong.publish.jsonfeed import write_chapters
from undersong.publish.model import (
    Episode,
    EpisodeChoice,
    Image,
    Link,
    Media,
    Piece,
    Show,
    Stage,
)
from undersong.publish.names import FORMS, Form, hashed, page_path, stem_of
from undersong.publish.notes import care_of, notes_of, summary_of
from undersong.publish.picture import ART_MAX_BYTES, MIMES, SUFFIXES, art_faults, look_at
from undersong.publish.tracks import File, Track, read_text

CHAPTERS_MIME: Final = "application/json+chapters"

_REFUSED: Final = {
    "art-square": "square",
    "art-size": "1400 to 3000 pixels along each side",
    "art-colour": "RGB colours without transparency",
}
"""What directories refuse a cover for; its name and weight are ours to mend or only advice."""


class Made(Struct, frozen=True, kw_only=True):
    """An episode, its pieces, and what its web page says besides.

    Attributes:
        cues: what is heard and when; none when the track has no captions.
        care: what is said of safety.
    """

    episode: Episode
    pieces: tuple[Piece, ...]
    track: Track
    cues: tuple[Cue, ...]
    care: str


def make_episode(show: Show, choice: EpisodeChoice, track: Track, locked: Locked) -> Made:
    """Return a track as an episode.

    Raises:
        FaultsError: it has no file that podcast apps play, its captions or cover are damaged, or
            something in it does not fit a feed.
    """
    made = track.made
    main, *others = _sounds(show, track)
    cover = read_art(Path(choice.artwork), made.slug) if choice.artwork else None
    timed, cues = _captions_of(track)
    links = tuple(_beside(show, track, timed, cues))
    script = track.companion(".txt")
    summary = choice.summary or summary_of(read_text(script) if script else "", made.chapters)
    care = care_of(made.language, made.about.get("care", ""), show.care)
    _refuse_soundbite(choice, track)
    episode = Episode(
        slug=made.slug,
        guid=locked.guid,
        title=choice.title or made.title,
        published=locked.moment,
        number=locked.number,
        season=choice.season,
        kind=choice.kind,
        summary=summary,
        notes=notes_of(track, summary, care),
        explicit=show.explicit if choice.explicit is None else choice.explicit,
        link=choice.link or (show.url + page_path(track.slug) if show.site else show.link),
        language=made.language,
        length_s=made.length_s,
        synthetic=made.synthetic,
        enclosure=main[0],
        alternates=tuple(media for media, _ in others),
        transcripts=tuple(link for link, _ in links if link.mime != CHAPTERS_MIME),
        chapters=next((link for link, _ in links if link.mime == CHAPTERS_MIME), None),
        image=image_of(show, cover, made.title) if cover else None,
        persons=choice.persons,
        soundbite=choice.soundbite,
    )
    pieces = (main[1], *(piece for _, piece in others), *(piece for _, piece in links))
    return Made(
        episode=episode,
        pieces=(*pieces, *([cover] if cover else [])),
        track=track,
        cues=cues,
        care=care,
    )


def read_art(path: Path, stem: str) -> Piece:
    """Return a cover as a piece; a new picture has a new name, as Apple wants it.

    Raises:
        FaultsError: missing, damaged, or not what directories take.
    """
    try:
        content = path.read_bytes() if path.stat().st_size <= ART_MAX_BYTES else b""
        look = look_at(content)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise FaultsError([Fault(file=str(path), message=message)]) from error
    except ValueError as error:
        raise FaultsError([Fault(file=str(path), message=str(error))]) from error
    suffix = SUFFIXES[look.kind][0]
    wrong = [
        Fault(file=str(path), message="no directory takes this cover", seen=seen, legal=legal)
        for name, seen in art_faults(look, suffix)
        if (legal := _REFUSED.get(name)) is not None
    ]
    if wrong:
        raise FaultsError(wrong)
    sha256 = digest_bytes(content)
    return Piece(
        path=f"art/{hashed(stem_of(stem), sha256, suffix)}",
        stage=Stage.BESIDE,
        mime=MIMES[look.kind],
        source=content,
        size_bytes=len(content),
        sha256=sha256,
    )


def image_of(show: Show, piece: Piece, alt: str) -> Image:
    """Return a cover as the feed names it."""
    content = piece.source if isinstance(piece.source, bytes) else piece.source.read_bytes()
    width = look_at(content).width
    return Image(url=show.url + piece.path, mime=piece.mime, width=width, alt=alt)


def text_piece(path: str, content: bytes, mime: str, stage: Stage, *, immutable: bool) -> Piece:
    """Return a small file that was just written, as a piece."""
    return Piece(
        path=path,
        stage=stage,
        mime=mime,
        source=content,
        size_bytes=len(content),
        sha256=digest_bytes(content),
        immutable=immutable,
    )


def _sounds(show: Show, track: Track) -> list[tuple[Media, Piece]]:
    """Return the enclosure and the wanted alternates, each with its piece.

    Raises:
        FaultsError: no file fit for an enclosure, or a file that is not as the manifest says.
    """
    by_form = {file.format: file for file in track.made.deliverables}
    main = next((name for name, form in FORMS.items() if form.enclosure and name in by_form), None)
    if main is None:
        raise FaultsError(
            [
                Fault(
                    file=str(track.folder),
                    message="no podcast app plays any of these files",
                    seen=", ".join(sorted(by_form)) or "none",
                    legal=", ".join(name for name, form in FORMS.items() if form.enclosure),
                )
            ],
            hint="add mp3 to the recipe's `formats` and render again",
        )
    wanted = [main, *(name for name in show.alternates if name in by_form and name != main)]
    return [_sound(show, track, by_form[name], FORMS[name]) for name in wanted if name in FORMS]


def _sound(show: Show, track: Track, file: File, form: Form) -> tuple[Media, Piece]:
    path = track.folder / file.file
    if not path.is_file() or path.stat().st_size != file.size_bytes:
        fault = Fault(file=str(path), message="this is not the file that the manifest notes")
        raise FaultsError([fault], hint="render the track again")
    stem = stem_of(track.slug)
    name = stem + form.suffix if show.in_place else hashed(stem, file.sha256, form.suffix)
    piece = Piece(
        path=f"media/{name}",
        stage=Stage.MEDIA,
        mime=form.mime,
        source=path,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        immutable=not show.in_place,
    )
    media = Media(
        url=show.url + piece.path,
        mime=form.mime,
        size_bytes=file.size_bytes,
        bitrate_bps=round(file.size_bytes * 8 / track.made.length_s),
        title=form.title,
        integrity="sha256-" + base64.b64encode(bytes.fromhex(file.sha256)).decode(),
        codecs=form.codecs,
    )
    return media, piece


def _captions_of(track: Track) -> tuple[str, tuple[Cue, ...]]:
    """Return the WebVTT of a track, as text and as cues.

    Raises:
        FaultsError: it is damaged.
    """
    path = track.companion(".vtt")
    if path is None:
        return "", ()
    text = read_text(path)
    try:
        return text, parse_vtt(text)
    except ValueError as error:
        fault = Fault(file=str(path), message=str(error))
        raise FaultsError([fault], hint="render the track again") from error


def _beside(
    show: Show, track: Track, timed: str, cues: Sequence[Cue]
) -> Iterator[tuple[Link, Piece]]:
    """Yield transcripts and chapters, each with its piece."""
    stem = stem_of(track.slug)
    for suffix, mime, content in _texts(track, timed, cues):
        raw = content.encode()
        folder = "chapters" if mime == CHAPTERS_MIME else "transcripts"
        path = f"{folder}/{hashed(stem, digest_bytes(raw), suffix)}"
        piece = text_piece(path, raw, mime, Stage.BESIDE, immutable=True)
        follows = suffix in {".vtt", ".srt"}
        yield Link(url=show.url + path, mime=mime, captions=follows), piece


def _texts(track: Track, timed: str, cues: Sequence[Cue]) -> Iterator[tuple[str, str, str]]:
    """Yield suffix, media type and text of everything small beside the sound."""
    if cues:
        yield ".vtt", "text/vtt", timed
        yield ".srt", "application/x-subrip", to_srt(cues)
        yield ".json", "application/json", to_json(cues)
    chapters = [(c.title, c.start_s, c.end_s) for c in track.made.chapters]
    if chapters:
        yield ".json", CHAPTERS_MIME, write_chapters(chapters).decode()


def _refuse_soundbite(choice: EpisodeChoice, track: Track) -> None:
    bite = choice.soundbite
    if bite is not None and bite.start_s + bite.length_s > track.made.length_s:
        raise FaultsError(
            [
                Fault(
                    file=str(track.folder),
                    message=f"the soundbite of `{track.slug}` ends after the track",
                    seen=f"{bite.start_s + bite.length_s:g} s",
                    legal=f"up to {track.made.length_s:g} s",
                )
            ]
        )
