"""The show page in a real Chromium: filters."""

import pytest

pytestmark = pytest.mark.browser

ALL = ["evening", "midday", "breaths"]


def shown(page):
    return sorted(page.locator("#cards > li:visible h3").all_inner_texts())


def titles(*slugs):
    return sorted(f"Quiet Evenings: {slug}" for slug in slugs)


def choose(page, group, choice):
    page.get_by_role("group", name=group).get_by_role("radio", name=choice, exact=True).check()


def test_filters_by_time_region_and_length(visit):
    page = visit().open()
    assert shown(page) == titles(*ALL)
    choose(page, "Time of day", "daytime")
    assert shown(page) == titles("midday", "breaths")
    assert page.locator("#count").inner_text() == "2 of 3"
    choose(page, "Part of the body", "breath")
    assert shown(page) == titles("breaths")
    choose(page, "Time of day", "any")
    choose(page, "Part of the body", "any")
    choose(page, "Length", "5 to 10 min")
    assert shown(page) == titles("evening")


def test_filters_stand_in_the_address_and_survive_a_reload(visit):
    page = visit().open()
    choose(page, "Time of day", "evening")
    choose(page, "Part of the body", "lower back")
    page.reload()
    assert shown(page) == titles("midday")
    assert "time=evening" in page.url


def test_when_nothing_fits_one_click_shows_all(visit):
    page = visit().open("?region=breath&length=20")
    assert shown(page) == []
    page.get_by_role("button", name="Show all").click()
    assert shown(page) == titles(*ALL)
    assert "?" not in page.url


def test_filters_work_by_keyboard(visit):
    page = visit().open()
    page.locator("input[name=time]:checked").focus()
    page.keyboard.press("ArrowRight")
    assert shown(page) == titles("midday", "breaths")


def test_a_whole_card_leads_to_its_page(visit):
    page = visit().open()
    facts = page.locator("#cards > li", has_text="midday").locator(".facts")
    facts.scroll_into_view_if_needed()
    box = facts.bounding_box()
    page.mouse.click(box["x"] + 10, box["y"] + 5)
    page.wait_for_url("**/midday.html")
    page.locator(".home").click()
    assert page.locator("h1").inner_text() == "Quiet Evenings"
