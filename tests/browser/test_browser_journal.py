"""The session journal in a real Chromium: kept, carried, drawn, deleted; never sent."""

import json

import pytest
from browser_kit import go_to, note_session, until

pytestmark = pytest.mark.browser

PAGE = "episodes/evening.html"
HARD = '=1+1, "quoted"\nsecond line; \'=odd ünï ] "'


def to_journal(page):
    page.get_by_role("link", name="Open the journal").click()
    page.wait_for_url("**/journal.html")


def rows(page):
    return [row.split("\t") for row in page.locator("#rows tr").all_inner_texts()]


def exported(page, form):
    with page.expect_download() as coming:
        page.get_by_role("button", name=f"Export as {form}").click()
    return coming.value.path().read_bytes()


def brought(page, tmp_path, content, name="file"):
    path = tmp_path / name
    path.write_bytes(content)
    page.locator("#said").evaluate("box => { box.textContent = ''; }")
    page.locator("#import").set_input_files(path)
    until(lambda: page.locator("#said").inner_text() != "")
    return page.locator("#said").inner_text()


def test_a_session_is_noted_and_survives_a_reload(visit):
    one = visit(timezone_id="Asia/Kolkata")
    page = one.open(PAGE)
    note_session(page, 7, 3, "softer")
    to_journal(page)
    ((_, title, before, after, note, _),) = rows(page)
    assert (title, before, after, note) == ("Quiet Evenings: evening", "7", "3", "softer")
    page.reload()
    assert len(rows(page)) == 1
    (entry,) = json.loads(exported(page, "JSON"))["entries"]
    assert entry["when"].endswith("+05:30")
    assert entry["episode"] == "evening"


def test_what_was_chosen_before_waits_until_after(visit):
    page = visit().open(PAGE)
    page.locator("input[name=before][value='8']").check(force=True)
    assert not page.locator("#later").is_visible()
    page.reload()  # a phone does so too, when somebody comes back in the morning
    assert page.locator("input[name=before]:checked").input_value() == "8"
    assert page.locator("#later").is_visible()


def test_the_end_of_the_sound_offers_the_second_half_and_wakes_nobody(visit):
    page = visit().open(PAGE)
    go_to(page, 399)
    page.locator("#play").click()
    until(page.locator("#later").is_visible)
    assert page.evaluate("document.activeElement.id") == "play"
    assert page.evaluate("window.scrollY") == 0
    assert page.evaluate("document.getElementById('sound').ended")


def test_nothing_is_kept_of_nothing(visit):
    page = visit().open(PAGE)
    page.locator("#open").click()
    page.get_by_role("button", name="Keep in my journal").click()
    assert page.locator("#kept").inner_text() == ""
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("form", ["CSV", "JSON"])
def test_an_export_comes_back_whole(visit, tmp_path, form):
    one = visit()
    page = one.open(PAGE)
    note_session(page, 6, 0, HARD)
    note_session(page, 10, 10)
    page.locator("#open").click()
    page.locator("textarea[name=note]").fill("only words")
    page.locator("#session button[type=submit]").click()
    to_journal(page)
    before, file = rows(page), exported(page, form)
    assert len(before) == 3
    page.get_by_role("button", name="Delete all").click()
    page.get_by_role("button", name="Yes, delete all").click()
    assert rows(page) == []
    assert brought(page, tmp_path, file) == "3 entries added."
    assert rows(page) == before
    assert exported(page, form) == file
    assert brought(page, tmp_path, file) == "There is nothing new in this file."


def test_a_spreadsheet_takes_no_note_for_a_formula(visit):
    page = visit().open(PAGE)
    note_session(page, 6, 1, "=HYPERLINK(1)")
    to_journal(page)
    file = exported(page, "CSV").decode("utf-8-sig")
    assert file.splitlines()[1].endswith(",6,1,'=HYPERLINK(1)")


WHOLE = {"id": "0123456789abcdef", "when": "2026-11-21T21:00:00+01:00", "before": 5, "after": 2}
BROKEN = [
    b"", b"nonsense", b"{", b"[]", b'{"entries": 5}', b"\xff\xfe\x00", b'id,when\r\n"open',
    b"id,when,episode,title,before,after\r\n1,2,3,4,5,6",
]  # fmt: skip
WRONG = [
    {"id": "x"}, {"id": None}, {"when": "yesterday"}, {"when": "2026-13-41T99:00:00Z"},
    {"before": 11}, {"before": -1}, {"before": 2.5}, {"after": "many"}, {"after": [1]},
    {"before": True},
]  # fmt: skip


def test_a_file_that_is_no_journal_changes_nothing(visit, tmp_path):
    page = visit().open("journal.html")
    for content in BROKEN:
        assert "Nothing was changed" in brought(page, tmp_path, content), content
    for change in WRONG:
        content = json.dumps({"entries": [WHOLE, WHOLE | change]}).encode()
        said = brought(page, tmp_path, content)
        assert said == "Row 2 of this file cannot be right. Nothing was changed.", change
    assert page.evaluate("localStorage.length") == 0


def test_hostile_words_stay_words(visit, tmp_path):
    page = visit().open("journal.html")
    bad = WHOLE | {"title": "<img src=x onerror=alert(1)>", "note": "</td><script>1</script>"}
    assert brought(page, tmp_path, json.dumps({"entries": [bad]}).encode()) == "1 entries added."
    assert "<img src=x onerror=alert(1)>" in page.locator("#rows").inner_text()
    assert page.locator("#rows img, #rows script").count() == 0


def test_deleting_all_asks_once_more(visit):
    page = visit().open(PAGE)
    note_session(page, 6, 1)
    to_journal(page)
    page.get_by_role("button", name="Delete all").click()
    assert page.evaluate("document.activeElement.id") == "no"
    page.get_by_role("button", name="Keep them").click()
    assert len(rows(page)) == 1
    page.get_by_role("button", name="Delete all").click()
    page.get_by_role("button", name="Yes, delete all").click()
    assert page.evaluate("localStorage.length") == 0
    assert page.get_by_text("Nothing here yet").is_visible()


def test_one_entry_can_go(visit):
    page = visit().open(PAGE)
    note_session(page, 6, 1, "stays")
    note_session(page, 5, 2, "goes")
    to_journal(page)
    row = page.locator("#rows tr", has_text="goes")
    row.get_by_role("button", name="Remove the entry of").click()
    assert [row[4] for row in rows(page)] == ["stays"]


def test_two_open_pages_do_not_overwrite_each_other(visit):
    one = visit()
    first, second, journal = one.open(PAGE), one.open(PAGE), one.open("journal.html")
    note_session(first, 6, 1)
    note_session(second, 4, 2)
    until(lambda: len(rows(journal)) == 2)


def test_the_picture_shows_before_and_after(visit, tmp_path):
    page = visit().open("journal.html")
    steps = [(9, 5), (7, 7), (None, 2), (4, None)]
    list_ = [
        WHOLE | {"id": f"{k:016x}", "when": f"2026-11-0{k + 1}T21:00:00Z", "before": b, "after": a}
        for k, (b, a) in enumerate(steps)
    ]
    brought(page, tmp_path, json.dumps({"entries": list_}).encode())
    marks = page.locator("#trend circle").evaluate_all(
        "all => all.map(({ className: kind, cx: { baseVal: x }, cy: { baseVal: y } }) =>"
        " [kind.baseVal, x.value, y.value])"
    )
    assert [kind for kind, _, _ in marks] == [
        "before",
        "after",
        "before",
        "after",
        "after",
        "before",
    ]
    xs = [x for _, x, _ in marks]
    assert xs == sorted(xs)
    heights = {step: y for (_, _, y), step in zip(marks, [9, 5, 7, 7, 2, 4], strict=True)}
    unit = (heights[5] - heights[9]) / 4
    assert unit > 10  # pixels: less tension is further down
    assert all(heights[9] + unit * (9 - step) == pytest.approx(y) for step, y in heights.items())
    assert page.locator("#trend line.way").count() == 1
    picture = page.get_by_role("img", name="Tension before and after each of the last 4 sessions")
    assert picture.is_visible()
    assert page.locator("#means").inner_text() == (
        "4 sessions. On average 8 before and 6 after, in 2 sessions with both."
    )


def test_a_long_journal_is_drawn_as_far_as_there_is_room(visit, tmp_path):
    page = visit(viewport={"width": 320, "height": 700}).open("journal.html")
    list_ = [
        WHOLE | {"id": f"{k:016x}", "when": f"2026-{k // 28 + 1:02d}-{k % 28 + 1:02d}T21:00:00Z"}
        for k in range(300)
    ]
    brought(page, tmp_path, json.dumps({"entries": list_}).encode())
    narrow = page.locator("#trend circle.after").count()
    page.set_viewport_size({"width": 1200, "height": 700})
    until(lambda: 30 < page.locator("#trend circle.after").count() <= 40)
    assert 5 <= narrow < 12
    assert len(rows(page)) == 300


def test_a_browser_that_keeps_nothing_says_so_and_plays_all_the_same(refusing):
    page = refusing.open(PAGE)
    assert page.get_by_text("does not let the page keep anything").is_visible()
    assert page.locator("input[name=before]").first.is_hidden()
    page.locator("#play").click()
    until(lambda: page.locator("#player.playing").count() == 1)
    to_journal(page)
    assert page.get_by_text("does not let the page keep anything").is_visible()
    assert page.locator("#journal").is_hidden()


FILL = """(left) => {
    for (let size = 1 << 22; size >= 1; size >>= 1) {
        const words = "x".repeat(size);
        try { for (let k = 0; ; k += 1) localStorage.setItem(`x${size}.${k}`, words); }
        catch { /* full for this size */ }
    }
    for (let size = 1; left > 0; size *= 2) {
        localStorage.removeItem(`x${size}.0`);
        left -= size;
    }
}"""


def test_a_full_store_is_told(visit):
    page = visit().open(PAGE)
    page.evaluate(FILL, 0)
    page.locator("#open").click()
    page.locator("textarea[name=note]").fill("no room")
    page.locator("#session button[type=submit]").click()
    assert "no room left" in page.locator("#kept").inner_text()
    assert page.locator("textarea[name=note]").input_value() == "no room"


def test_an_import_that_does_not_fit_changes_nothing(visit, tmp_path):
    page = visit().open("journal.html")
    page.evaluate(FILL, 2000)
    before = page.evaluate("localStorage.length")
    list_ = [WHOLE | {"id": f"{k:016x}", "note": "x" * 300} for k in range(40)]
    file = json.dumps({"entries": list_}).encode()
    assert "no room left" in brought(page, tmp_path, file)
    assert page.evaluate("localStorage.length") == before
    few = json.dumps({"entries": list_[:1]}).encode()
    assert brought(page, tmp_path, few) == "1 entries added."
