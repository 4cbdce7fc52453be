"""A show with pages, hosted on loopback, and a real Chromium that looks at it."""

import pytest
from browser_kit import CHROMIUM, FLAGS, Visit, write_shows
from publish_faults import hosted


@pytest.fixture(scope="session")
def shows(tmp_path_factory):
    """Folders of two built shows: one in English, one in Arabic, which runs from the right."""
    return write_shows(tmp_path_factory.mktemp("shows"))


@pytest.fixture(scope="session")
def hosts(shows, tmp_path_factory):
    """Addresses of the two shows."""
    scratch = tmp_path_factory.mktemp("scratch")
    with hosted(shows["en"], scratch) as english, hosted(shows["ar"], scratch) as arabic:
        yield {"en": english, "ar": arabic}


@pytest.fixture(scope="session")
def playwright():
    """What drives Chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not there in `make test`

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright):
    """A Chromium without a screen."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium, hosts):
    """Open pages, each visit with empty storage; afterwards nobody was asked but us."""
    visits = []

    def begin(show="en", **options) -> Visit:
        visits.append(Visit(chromium.new_context(**options), hosts[show]))
        return visits[-1]

    yield begin
    for one in visits:
        one.end()


@pytest.fixture
def refusing(playwright, hosts, tmp_path):
    """A Chromium whose owner forbids sites to keep anything, as its settings have it."""
    home = tmp_path / "profile"
    (home / "Default").mkdir(parents=True)
    forbidden = '{"profile": {"default_content_setting_values": {"cookies": 2}}}'
    (home / "Default" / "Preferences").write_text(forbidden, encoding="utf-8")
    context = playwright.chromium.launch_persistent_context(
        str(home), executable_path=CHROMIUM, args=FLAGS
    )
    one = Visit(context, hosts["en"])
    yield one
    one.end()
