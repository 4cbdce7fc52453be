"""The player of an episode page in a real Chromium."""

import pytest
from browser_kit import LENGTH_S, at_s, go_to, ready, until

pytestmark = pytest.mark.browser

PAGE = "episodes/evening.html"


def phrase(page):
    return page.locator(".cue[aria-current] span").all_inner_texts()


def test_it_plays_and_says_where_it_is(visit):
    page = visit().open(PAGE)
    ready(page)
    page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: at_s(page) > 1.2)
    assert page.get_by_role("button", name="Pause", exact=True).is_visible()
    until(lambda: phrase(page) == ["Phrase 1"])
    until(lambda: page.locator("#now").inner_text() in {"0:01", "0:02"})
    page.get_by_role("button", name="Pause", exact=True).click()
    until(lambda: page.evaluate("document.getElementById('sound').paused"))
    told = f"0:0{int(at_s(page))} of 6:40, Settling in"
    position = page.get_by_role("slider", name="Position")
    until(lambda: position.get_attribute("aria-valuetext") == told)


def test_a_chapter_is_a_way_into_the_sound(visit):
    page = visit().open(PAGE)
    ready(page)
    page.get_by_role("link", name="The shore").click()
    until(lambda: 60 <= at_s(page) < 63)
    current = page.locator("#chapter-list a[aria-current]")
    until(lambda: current.all_inner_texts() == ["1:00\nThe shore"])
    until(lambda: page.locator("#chapter").inner_text() == "The shore")
    assert page.locator("#ticks i").count() == 2
    until(lambda: not page.evaluate("document.getElementById('sound').paused"))


def test_a_phrase_is_a_way_into_the_sound(visit):
    page = visit().open(PAGE)
    ready(page)
    page.locator(".cue", has_text="Phrase 3").first.click()
    until(lambda: 20 <= at_s(page) < 23)
    assert phrase(page) == ["Phrase 3"]


def test_the_transcript_follows_the_voice_and_keeps_its_place_in_silence(visit):
    page = visit(reduced_motion="reduce").open(PAGE)
    go_to(page, 199)
    assert phrase(page) == ["Phrase 20"]
    page.locator("#play").click()
    until(lambda: phrase(page) == ["Phrase 21"])
    box = page.locator("#transcript-words").bounding_box()
    line = page.locator(".cue[aria-current]").bounding_box()
    assert box["y"] < line["y"] < box["y"] + box["height"] - line["height"]
    assert page.evaluate("window.scrollY") == 0


def test_the_transcript_stays_where_somebody_reads(visit):
    page = visit(reduced_motion="reduce").open(PAGE)
    ready(page)
    words = page.locator("#transcript-words")
    words.scroll_into_view_if_needed()
    words.hover()
    page.mouse.wheel(0, 200)
    until(lambda: words.evaluate("box => box.scrollTop") > 100)
    here = words.evaluate("box => box.scrollTop")
    go_to(page, 399)
    assert words.evaluate("box => box.scrollTop") == here
    page.locator("#follow").uncheck()
    assert phrase(page) == ["Phrase 40"]


def test_the_transcript_is_one_stop_of_the_tab_key(visit):
    page = visit().open(PAGE)
    ready(page)
    assert page.locator(".cue button[tabindex='0']").count() == 1
    page.locator(".cue button[tabindex='0']").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    until(lambda: phrase(page) == ["Phrase 4"])
    assert page.locator(".cue button[tabindex='0']").inner_text() == "0:30"


def test_keys_work_on_the_page_but_not_where_they_mean_something_else(visit):
    page = visit().open(PAGE)
    go_to(page, 100)
    page.keyboard.press("ArrowRight")
    assert at_s(page) == pytest.approx(115, abs=0.1)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert at_s(page) == pytest.approx(85, abs=0.1)
    page.keyboard.press(" ")
    until(lambda: page.locator("#player.playing").count() == 1)
    page.keyboard.press(" ")
    until(lambda: page.locator("#player.playing").count() == 0)
    page.locator("#open").click()
    page.locator("textarea").fill("a")
    page.locator("textarea").focus()
    page.keyboard.press("End")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowLeft")
    assert page.locator("textarea").input_value() == "a "
    assert page.locator("#player.playing").count() == 0
    assert at_s(page) < 90


def test_fifteen_seconds_either_way_stop_at_the_ends(visit):
    page = visit().open(PAGE)
    go_to(page, 10)
    page.get_by_role("button", name="Back 15 seconds").click()
    assert at_s(page) == 0
    page.get_by_role("slider").fill("395")
    page.get_by_role("button", name="Forward 15 seconds").click()
    assert at_s(page) == pytest.approx(LENGTH_S, abs=0.1)


def test_the_slider_moves_by_keyboard(visit):
    page = visit().open(PAGE)
    ready(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert at_s(page) == pytest.approx(LENGTH_S - 1, abs=0.1)


def test_speed(visit):
    page = visit().open(PAGE)
    page.get_by_label("Speed").select_option("0.75")
    assert page.evaluate("document.getElementById('sound').playbackRate") == 0.75


def test_the_sound_can_stop_by_itself_softly(visit):
    page = visit().open(PAGE)
    ready(page)
    page.clock.install(time=0)
    page.clock.pause_at(60)  # from here on, time passes only as it is told to
    page.get_by_label("Stop").select_option("5")
    page.locator("#play").click()
    until(lambda: at_s(page) > 0.2)
    page.clock.run_for(290_000)
    volume = page.evaluate("document.getElementById('sound').volume")
    assert volume == pytest.approx(0.5, abs=0.03)
    assert page.locator("#player.playing").count() == 1
    page.clock.run_for(10_500)
    until(lambda: page.locator("#player.playing").count() == 0)
    assert page.evaluate("document.getElementById('sound').volume") == 1
    assert page.get_by_label("Stop").input_value() == "0"


def test_the_page_can_go_dark(visit):
    page = visit().open(PAGE)
    page.get_by_role("button", name="Darken the page").click()
    night = page.get_by_role("button", name="Touch anywhere to come back")
    assert night.bounding_box()["width"] >= page.viewport_size["width"]
    page.keyboard.press("Escape")
    assert not night.is_visible()
    assert page.evaluate("document.activeElement.id") == "dim"


def test_the_system_knows_what_is_playing(visit):
    page = visit().open(PAGE)
    told = page.evaluate("navigator.mediaSession.metadata.title")
    assert told == "Quiet Evenings: evening"


def test_a_sound_that_does_not_come_is_told(visit):
    one = visit()
    one.context.route("**/*.mp3", lambda route: route.fulfill(status=404))
    page = one.open(PAGE)
    trouble = page.get_by_role("alert")
    until(trouble.is_visible)
    assert "cannot be played" in trouble.inner_text()
    one.complaints.clear()  # the browser's own word about the missing file
