"""The coordinator's pages in a browser: wide and narrow, in both languages, by keyboard, without a script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from visits import STUDY, Place, guest_at, marks, place_in, serving

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
SHOTS = os.environ.get("EXPEVAL_SCREENSHOTS")  # a folder, to look at the pages
STUDY_OF_COHORTS = STUDY.replace('"Marks"', '"Small classes in three years"').replace(
    'class = "class"', 'institutions = "schools.csv"\nclass = "class"\ncohort = "year"'
)
STUDY_OF_COHORTS += '[plan]\nlooks = [["2025"], ["2025", "2026"]]\n'
SCHOOLS = ["School 7", "School 8", "Lyceum <b>№ 3</b> with a rather long name of its own", "Gymnasium 1", "College 12"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str, str]]:
    """Pages of a study in which some have delivered, with the address and a coordinator's link."""
    folder = tmp_path_factory.mktemp("screens")
    (folder / "schools.csv").write_text("school,size\n" + "".join(f"{name},1\n" for name in SCHOOLS), encoding="utf-8")
    place = place_in(folder, STUDY_OF_COHORTS, application=False)
    head = place.link(None, "Head of the study")
    with serving(folder) as (address, _):
        for school, tag in zip(SCHOOLS[:2], ("a", "b"), strict=True):
            with guest_at(address) as guest:
                guest.enter(place.link(school, f"Teacher of {school}"))
                assert "/receipt/" in guest.upload(marks(tag, 40), f"{tag}.csv", "2025").path
        with guest_at(address) as guest:
            guest.enter(place.link(SCHOOLS[2], "Olga"))
            seen = guest.choose(marks("c").replace(b",4\n", b",44\n"), "c.csv", "2025")
            guest.send(seen, next(form for form in seen.forms if dict(form.fields).get("step") == "columns"))
        place.link(SCHOOLS[3], "Vera")
        yield place, address, head
    place.store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def head_of(browser: Any, served: tuple[Place, str, str], width: int, language: str) -> Any:
    """The coordinator's browser, without JavaScript of the pages, at her start page."""
    place, address, _ = served
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=language, java_script_enabled=False)
    page = context.new_page()
    page.goto(address + place.link(None, "Head"))
    press(page, page.locator("main button"))
    assert page.url.endswith("/coordinator")
    return page


def press(page: Any, control: Any) -> None:
    """Press a button or a link, and wait for the page that it leads to."""
    with page.expect_navigation():
        control.click()


def checked(page: Any, name: str) -> None:
    """No part is wider than the screen; one heading of the first kind."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"coordinator-{name}.png"), full_page=True)
    assert page.locator("h1").count() == 1
    for element in page.locator("main :is(p, h1, h2, form, dl, button)").all():
        box = element.bounding_box()
        assert box is None or box["x"] + box["width"] <= page.viewport_size["width"] + 1, element.inner_text()


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_coordinator_s_way(browser: Any, served: tuple[Place, str, str], width: int, language: str) -> None:
    page = head_of(browser, served, width, language)
    name = f"{language}-{width}"
    checked(page, f"{name}-1-deliveries")
    assert page.locator("tbody tr").count() == len(SCHOOLS)
    assert "<b>№ 3</b>" in page.locator("tbody").inner_text()
    press(page, page.locator("main nav a").nth(1))
    press(page, page.locator("form button").last)
    assert page.locator(".error-summary a").count() == 2
    checked(page, f"{name}-2-link-problem")
    page.fill("#institution", SCHOOLS[4])
    page.fill("#name", "Nina")
    press(page, page.locator("form button").last)
    assert "/i/" in page.input_value("#url")
    assert SCHOOLS[4] in page.input_value("#text")
    checked(page, f"{name}-3-new-link")
    page.reload()
    page.wait_for_load_state()
    assert page.locator("#url").count() == 0
    checked(page, f"{name}-4-reminder")
    press(page, page.locator("button.warning"))
    assert page.locator("button.warning").count() == 0
    press(page, page.locator("main nav a").nth(1))
    checked(page, f"{name}-5-links")
    press(page, page.locator("main nav a").nth(2))
    checked(page, f"{name}-6-run")
    page.context.close()


def test_a_run_is_watched_and_its_report_read(browser: Any, served: tuple[Place, str, str]) -> None:
    page = head_of(browser, served, 1280, "en")
    page.goto(f"{served[1]}/coordinator/run")
    press(page, page.locator("main form button"))
    assert page.locator("button.secondary").count() == 1
    checked(page, "run-1-running")
    page.wait_for_selector("text=The analysis ended", timeout=120_000)  # the page looks again by itself
    checked(page, "run-2-ended")
    press(page, page.locator("main a", has_text="Read the report").first)
    assert page.locator("h1").inner_text() == "Small classes in three years"
    assert page.locator("svg").count() > 0
    page.locator("a", has_text="More").first.click()
    assert "#" in page.url
    # Its styles hold under its policy.
    assert page.locator("main").evaluate("main => getComputedStyle(main).maxWidth") != "none"
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / "coordinator-run-3-report.png"))
    page.context.close()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing(browser: Any, served: tuple[Place, str, str], language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    place, address, _ = served
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(address + place.link(None, "Head"))
    press(page, page.locator("main button"))
    for path in ("/coordinator", "/coordinator/links", "/coordinator/links/1", "/coordinator/run"):
        page.goto(address + path)
        found = Axe().run(page).response["violations"]
        assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    page.goto(f"{address}/coordinator/links")
    press(page, page.locator("form button").last)
    assert not Axe().run(page).response["violations"]
    context.close()


def test_a_link_is_made_by_keyboard_alone(browser: Any, served: tuple[Place, str, str]) -> None:
    page = head_of(browser, served, 1280, "en")
    page.goto(f"{served[1]}/coordinator/links")
    keys = page.keyboard
    for _ in range(40):
        keys.press("Tab")
        if page.locator("#institution:focus").count():
            break
    keys.type(SCHOOLS[3])
    keys.press("Tab")
    keys.type("Irina")
    with page.expect_navigation():
        keys.press("Enter")
    assert "Irina" in page.locator("h1").inner_text()
    assert page.locator("#url").count() == 1
    page.context.close()
