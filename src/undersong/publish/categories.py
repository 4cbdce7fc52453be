"""Apple's podcast categories, letter for letter: tag and case matter.

Source: Apple Podcasts for Creators, "Podcast categories" (article 5316), as of November 2026.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Arts": (
            "Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts",
        ),
        "Business": (
            "Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit",
        ),
        "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
        "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
        "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
        "Government": (),
        "History": (),
        "Health & Fitness": (
            "Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality",
        ),
        "Kids & Family": (
            "Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids",
        ),
        "Leisure": (
            "Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies",
            "Home & Garden", "Video Games",
        ),
        "Music": ("Music Commentary", "Music History", "Music Interviews"),
        "News": (
            "Business News", "Daily News", "Entertainment News", "News Commentary", "Politics",
            "Sports News", "Tech News",
        ),
        "Religion & Spirituality": (
            "Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality",
        ),
        "Science": (
            "Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics",
            "Natural Sciences", "Nature", "Physics", "Social Sciences",
        ),
        "Society & Culture": (
            "Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships",
        ),
        "Sports": (
            "Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey",
            "Rugby", "Running", "Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness",
            "Wrestling",
        ),
        "Technology": (),
        "True Crime": (),
        "TV & Film": (
            "After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews",
        ),
    }
)  # fmt: skip
"""Subcategories by category."""

WRITTEN: Final = tuple(
    name
    for category, under in CATEGORIES.items()
    for name in (category, *(f"{category} > {sub}" for sub in under))
)
"""Every choice as makers write it: `Health & Fitness > Mental Health`."""


def split_category(written: str) -> tuple[str, str | None]:
    """Return category and subcategory of one of WRITTEN."""
    category, _, under = written.partition(" > ")
    return category, under or None
