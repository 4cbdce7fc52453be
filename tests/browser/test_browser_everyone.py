"""The pages for everybody: assistive technology, narrow screens, no scripts, other directions."""

import socket
import threading
from contextlib import suppress

import pytest
from browser_kit import AXE, go_to, note_session, ready

pytestmark = pytest.mark.browser

PAGES = {"show": "", "episode": "episodes/evening.html", "journal": "journal.html"}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def opened(one, name):
    """Open a page as it is in use: half played, with an entry in the journal."""
    page = one.open(PAGES["episode"])
    note_session_in_any_language(page)
    if name != "episode":
        page.goto(one.home + PAGES[name])
        return page
    go_to(page, 75)
    page.locator("#open").click()
    return page


def note_session_in_any_language(page):
    page.locator("input[name=before][value='6']").check(force=True)
    page.locator("#open").click()
    page.locator("input[name=after][value='2']").check(force=True)
    page.locator("#session button[type=submit]").click()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit, name, scheme, language):
    page = opened(visit(language, color_scheme=scheme), name)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    wrong = {one["id"]: [node["html"] for node in one["nodes"]] for one in found["violations"]}
    assert wrong == {}
    assert len(found["passes"]) > 20


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", PAGES)
def test_320_pixels_are_wide_enough(visit, name, language):
    page = opened(visit(language, viewport={"width": 320, "height": 640}), name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    out = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((one) => {
            const { left, right } = one.getBoundingClientRect();
            const seen = one.offsetParent && !one.closest(".unseen, thead");
            return seen && (right > 320.5 || left < -0.5);
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert out == []
    page.evaluate(
        """() => document.querySelectorAll("h1, h3, .home, .cue span, .summary, td bdi, dd bdi")
            .forEach((one) => { one.textContent = "x".repeat(300); })"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_dark_is_dark_and_light_is_light(visit):
    look = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    light = visit(color_scheme="light").open().evaluate(look)
    dark = visit(color_scheme="dark").open().evaluate(look)
    assert min(light) > 230
    assert max(dark) < 40


def test_who_wants_no_motion_gets_none(visit):
    page = visit(reduced_motion="reduce").open(PAGES["episode"])
    assert page.locator("#play").evaluate("one => getComputedStyle(one).transitionDuration") == "0s"


def test_without_scripts_everything_can_be_heard_and_read(visit):
    one = visit(java_script_enabled=False)
    page = one.open(PAGES["episode"])
    assert page.locator("audio[controls]").bounding_box()["height"] > 20
    for name in ("#deck", "#session", "#night", "#follow-label", "#keys-hint", "#trouble"):
        assert page.locator(name).is_hidden()
    assert page.get_by_text("Phrase 40").is_visible()
    chapter = page.get_by_role("link", name="Drifting").get_attribute("href")
    assert chapter.startswith("../media/evening-")
    assert chapter.endswith(".mp3#t=300.0")
    page = one.open()
    assert page.locator("#filters").is_hidden()
    assert page.locator("#cards > li:visible").count() == 3
    page = one.open(PAGES["journal"])
    assert page.get_by_text("The journal needs JavaScript").is_visible()
    assert page.locator("#journal").is_hidden()


def test_a_show_from_right_to_left(visit):
    page = opened(visit("ar"), "episode")
    assert page.locator("html").get_attribute("dir") == "rtl"
    art, title = page.locator(".art").bounding_box(), page.locator("h1").bounding_box()
    assert art["x"] > title["x"]
    cue = page.locator(".cue").first
    time, words = cue.locator("time").bounding_box(), cue.locator("span").bounding_box()
    assert time["x"] > words["x"]
    now, length = page.locator(".times span").first, page.locator(".times span").last
    assert now.bounding_box()["x"] < length.bounding_box()["x"]  # time in players runs one way
    assert page.locator("h1").inner_text() == "أمسيات هادئة: evening"


@pytest.fixture
def stranger():
    """A host elsewhere; yields its address and every word that was said to it.

    Chromium may open a connection ahead of a request that its policy then refuses; no word is said.
    """
    words = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            with suppress(OSError):
                while True:
                    with listening.accept()[0] as caller:
                        caller.settimeout(0.2)
                        with suppress(TimeoutError):
                            words.extend(caller.recv(400))

        threading.Thread(target=answer, daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1]}/", words


def test_nothing_can_leave_the_page(visit, stranger):
    """Whatever a script tried, the browser itself would refuse."""
    one = visit()
    page = one.open(PAGES["episode"])
    note_session(page, 6, 2, "mine alone")
    address, words = stranger
    refused = page.evaluate(
        """async (address) => {
            const refused = [];
            document.addEventListener("securitypolicyviolation", (event) => {
                refused.push(event.effectiveDirective);
            });
            await fetch(`http://${address}`, { mode: "no-cors" }).catch(() => {});
            await fetch("?at-home").catch(() => {});
            navigator.sendBeacon(`http://${address}`, "x");
            try { new WebSocket(`ws://${address}`); } catch { /* refused at once */ }
            const asks = (name, key) => {
                const made = document.createElement(name);
                made[key] = `http://${address}`;
                document.body.append(made);
                return made;
            };
            ["img", "script", "iframe", "audio"].forEach((name) => asks(name, "src"));
            asks("link", "href").rel = "stylesheet";
            const form = asks("form", "action");
            form.target = "_blank";
            form.submit();
            await new Promise((done) => { setTimeout(done, 500); });
            return refused;
        }""",
        address,
    )
    wanted = {"connect-src", "img-src", "script-src-elem", "frame-src", "media-src", "form-action"}
    assert wanted | {"style-src-elem"} <= set(refused)
    assert refused.count("connect-src") == 4
    assert bytes(words) == b""
    one.complaints.clear()  # the browser's own words about what it refused
    one.asked.clear()


def test_a_folder_opened_from_a_disk_works_too(visit, shows):
    one = visit()
    one.home = shows["en"].as_uri() + "/"
    page = one.open("index.html")
    page.get_by_role("radio", name="daytime").check()
    page.get_by_role("link", name="Quiet Evenings: midday").click()
    page.wait_for_url("**/midday.html")
    ready(page)
    note_session(page, 4, 3)
    assert page.locator("#deck").is_visible()
