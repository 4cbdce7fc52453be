"""What search engines are told of a page: schema.org in JSON-LD."""

from typing import Any

from undersong.publish.model import Episode
from undersong.publish.names import page_path
from undersong.publish.site.model import Site


def about_show(site: Site) -> dict[str, Any]:
    """Return a show as a PodcastSeries."""
    show = site.show
    found = {
        "@context": "https://schema.org",
        **_series(site),
        "description": show.description,
        "image": show.url + site.cover,
        "inLanguage": show.language,
        "author": {"@type": "Organization", "name": show.author},
    }
    return found | ({"license": show.licence_url} if show.licence_url else {})


def about_episode(site: Site, episode: Episode) -> dict[str, Any]:
    """Return an episode as a PodcastEpisode."""
    show, sound = site.show, episode.enclosure
    length = f"PT{round(episode.length_s)}S"
    found = {
        "@context": "https://schema.org",
        "@type": "PodcastEpisode",
        "url": show.url + page_path(episode.slug),
        "name": episode.title,
        "description": episode.summary,
        "datePublished": episode.published.isoformat(),
        "inLanguage": episode.language,
        "timeRequired": length,
        "image": episode.image.url if episode.image else show.url + site.cover,
        "associatedMedia": {
            "@type": "AudioObject",
            "contentUrl": sound.url,
            "encodingFormat": sound.mime,
            "contentSize": str(sound.size_bytes),
            "duration": length,
        },
        "partOfSeries": _series(site),
    }
    return found | ({"episodeNumber": episode.number} if episode.number is not None else {})


def _series(site: Site) -> dict[str, Any]:
    show = site.show
    return {
        "@type": "PodcastSeries",
        "name": show.title,
        "url": show.url,
        "webFeed": show.feed_url,
    }
