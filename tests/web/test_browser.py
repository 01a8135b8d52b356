"""The teacher's way in Chromium: wide and narrow, by keyboard alone, without JavaScript, in both languages; axe."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from grade_books import CLEAN, GRADE_BOOK, STUDY, THEIRS
from visits import Place, place_in, serving

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")]

WORDS = {
    "en": ("Send your students’ results", "You are done"),
    "ru": ("Отправьте результаты обучающихся", "Всё готово"),
}


MARKS = {"en": "This cell:", "ru": "Эта ячейка:"}  # for who does not see the colour


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Place]]:
    folder = tmp_path_factory.mktemp("pages")
    place = place_in(folder, STUDY, application=False)
    (folder / "clean.csv").write_bytes(CLEAN)
    (folder / "book.csv").write_bytes(GRADE_BOOK)
    (folder / "large.csv").write_bytes(b"x" * (21 * 2**20))
    with serving(folder) as (address, _):
        yield address, place
    place.store.close()


class Window:
    """A window of a browser that notes what should never be there."""

    def __init__(
        self, browser: Any, address: str, width: int = 1280, language: str = "en", script: bool = True
    ) -> None:
        self.width, self.script, self.address = width, script, address
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale={"en": "en-GB", "ru": "ru-RU"}[language],
            java_script_enabled=script,
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(self.address):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def look(self) -> None:
        """The page as it stands: no fault that axe finds, no wider than the window, one head."""
        assert self.complaints == []
        assert self.page.locator("h1").count() == 1
        if not self.script:
            return
        found = axe.Axe().run(self.page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width

    def enter(self, place: Place, institution: str) -> None:
        self.page.goto(self.address + place.link(institution))
        self.look()
        with self.page.expect_navigation():
            self.page.click("main button")
        self.look()

    def send(self, path: Path, leaves: bool = True) -> None:
        self.page.set_input_files("#file", str(path))
        if leaves:
            with self.page.expect_navigation():
                self.page.click("#send button")
        else:
            self.page.click("#send button")

    def press(self, name: str = "main form >> nth=0") -> None:
        """Press the page's main button."""
        with self.page.expect_navigation():
            self.page.locator(name).locator("button").last.click()
        self.look()

    def choose_columns(self) -> None:
        names = [field.get_attribute("value") for field in self.page.query_selector_all('input[name^="name-"]')]
        for place, column in enumerate(names):
            self.page.select_option(f"#column-{place}", label=THEIRS[str(column)])
        self.press()


def grade_book(window: Window, place: Place, institution: str, language: str) -> None:
    start, done = WORDS[language]
    window.enter(place, institution)
    assert start in window.page.inner_text("h1")
    window.send(place.folder / "book.csv")
    window.look()
    window.choose_columns()
    window.page.check("#totals")
    window.press()  # words, as they are suggested
    window.press()
    assert window.page.locator(".fault").count() == 2
    marked = [" ".join(text.split()) for text in window.page.locator("td.marked").all_inner_texts()]
    assert marked == [f"{MARKS[language]} 55", f"{MARKS[language]} 480"]
    window.page.select_option("#cell-0", label="5")
    window.page.fill("#cell-1", "48")
    window.press()
    window.press('form[action$="/confirm"]')
    assert done in window.page.inner_text(".panel")


@pytest.mark.parametrize(
    ("width", "language", "script"),
    [(1280, "en", True), (390, "ru", True), (640, "en", True), (1280, "ru", False)],
    ids=["desktop", "phone", "zoomed to 200 %", "without JavaScript"],
)
def test_a_grade_book_goes_the_whole_way(
    browser: Any, pages: tuple[str, Place], width: int, language: str, script: bool
) -> None:
    address, place = pages
    window = Window(browser, address, width, language, script)
    grade_book(window, place, f"School {width} {language} {script}", language)
    for path in ("/", "/uploads"):
        window.page.goto(address + path)
        window.look()
    with window.page.expect_navigation():
        window.page.click('a[href$="/withdraw"]')
    window.look()
    window.context.close()


def tab_to(page: Any, wanted: Callable[[str], bool], most: int = 60) -> None:
    """Press Tab until what is focused fits, and is seen to be focused."""
    for _ in range(most):
        page.keyboard.press("Tab")
        about = page.evaluate(
            "(() => { const e = document.activeElement; return [e.tagName, e.id, e.name, e.innerText].join('|') })()"
        )
        if wanted(about):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", about
            return
    raise AssertionError("not reached with the keyboard")


def test_the_whole_way_by_keyboard_alone(browser: Any, pages: tuple[str, Place]) -> None:
    address, place = pages
    window = Window(browser, address)
    page = window.page
    page.goto(address + place.link("School of keys"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to(page, lambda about: "Open my pages" in about)
    page.keyboard.press("Enter")
    page.wait_for_selector("#file")
    tab_to(page, lambda about: "|file|" in about)
    page.set_input_files("#file", str(place.folder / "book.csv"))  # the system's own dialog is not the page's
    tab_to(page, lambda about: "Send the file" in about)
    page.keyboard.press("Enter")
    page.wait_for_url("**/file/*")
    for number in range(len(THEIRS)):
        tab_to(page, lambda about, number=number: f"|column-{number}|" in about)  # type: ignore[misc]
        column = page.get_attribute(f'input[name="name-{number}"]', "value")
        page.keyboard.press("Home")
        for _ in range(12):
            if page.evaluate("document.activeElement.value") == f"is:{THEIRS[column]}":
                break
            page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.value") == f"is:{THEIRS[column]}"
    tab_to(page, lambda about: "Continue" in about)
    page.keyboard.press("Enter")
    page.wait_for_url("**/last-row")
    tab_to(page, lambda about: "|totals|" in about)
    page.keyboard.press("Space")
    tab_to(page, lambda about: "Continue" in about)
    page.keyboard.press("Enter")
    page.wait_for_url("**/words")
    tab_to(page, lambda about: "Continue" in about)
    page.keyboard.press("Enter")
    page.wait_for_url("**/cells")
    tab_to(page, lambda about: "|cell-0|" in about)
    page.keyboard.type("5")
    tab_to(page, lambda about: "|cell-1|" in about)
    page.keyboard.press("Control+A")
    page.keyboard.type("48")
    tab_to(page, lambda about: "Save and go on" in about)
    page.keyboard.press("Enter")
    page.wait_for_url("**/preview")
    tab_to(page, lambda about: "|Confirm" in about)
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt/*")
    window.look()
    window.context.close()


def test_two_teachers_at_once_in_two_languages(browser: Any, pages: tuple[str, Place]) -> None:
    address, place = pages
    anna, vera = Window(browser, address, language="en"), Window(browser, address, 390, "ru")
    for window, institution in ((anna, "School A"), (vera, "School V")):
        window.enter(place, institution)
        window.send(place.folder / "clean.csv")
        window.press()
    for window in (vera, anna):
        window.press('form[action$="/confirm"]')
    assert "School A" in anna.page.inner_text("dl")
    assert "School V" in vera.page.inner_text("dl")
    anna.page.go_back()
    anna.page.reload()
    assert "/receipt/" in anna.page.url
    for window in (anna, vera):
        window.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_file_beyond_the_limit_is_told(browser: Any, pages: tuple[str, Place], script: bool) -> None:
    address, place = pages
    window = Window(browser, address, script=script)
    window.enter(place, "School of large files")
    window.send(place.folder / "large.csv", leaves=not script)
    if script:
        assert "larger than 20 MB" in window.page.inner_text("#sending")
        assert window.page.url == f"{address}/"
    else:
        assert "The file is too large" in window.page.inner_text("h1")
    window.context.close()


def test_the_name_and_size_are_told_while_a_file_travels(browser: Any, pages: tuple[str, Place]) -> None:
    address, place = pages
    window = Window(browser, address)
    window.enter(place, "School of patience")
    window.page.evaluate("window.addEventListener('submit', (event) => event.preventDefault())")  # it never leaves
    window.send(place.folder / "clean.csv", leaves=False)
    told = window.page.inner_text("#sending")
    assert told == "Sending clean.csv, 0.0 MB. Please wait: the next page opens by itself."
    window.context.close()


def test_a_page_that_a_problem_is_on_is_as_accessible(browser: Any, pages: tuple[str, Place]) -> None:
    address, place = pages
    window = Window(browser, address, 390)
    window.enter(place, "School of problems")
    window.page.goto(f"{address}/?problem=no-file")
    window.look()
    window.send(place.folder / "book.csv")
    window.look()
    window.page.locator("main form >> nth=0").locator("button").last.click()  # nothing chosen
    assert window.page.locator(".error-summary").count() == 1
    window.complaints.clear()  # the browser notes the status 400
    window.look()
    window.page.locator(".error-summary a").first.click()
    assert window.page.evaluate("document.activeElement.tagName") == "SELECT"
    window.context.close()
