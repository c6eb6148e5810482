"""Nobody is shut out: axe-core finds nothing serious in any view, light or dark, and a phone shows all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.page import Page

VIEWS = {
    "people": "People",
    "people/1": "Eileen Collins",
    "enrol": "Enrol",
    "identify": "Identify",
    "compare": "Compare",
    "unknown": "Unknown people",
    "jobs": "Jobs",
    "monitors": "Monitors",
    "calibration": "Calibration and fairness",
    "audit": "Audit log",
    "settings": "Keys and settings",
}
RUN = """
const done = arguments[arguments.length - 1];
const where = (one) => one.nodes.map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ');
axe.run(document, { resultTypes: ['violations'] }).then(
    (found) => done(found.violations
        .filter((one) => ['serious', 'critical'].includes(one.impact))
        .map((one) => `${one.impact} ${one.id}: ${where(one)}`)),
    (error) => done([String(error)]));
"""


@pytest.fixture
def peopled(page: Page, portraits: dict[str, Path]) -> Page:
    """A page with somebody on it."""
    if "Nobody is enrolled yet" in page.text():
        page.go("enrol", "Enrol")
        page.give(portraits["eileen"])
        page.see("Ready", ".shots")
        page.write("Name", "Eileen Collins")
        page.click("Enrol 1 picture")
        page.see("can be recognised now")
    return page


def _violations(page: Page, axe: str) -> list[str]:
    page.script("if (!window.axe) { " + axe + " }")
    page.driver.set_script_timeout(30)
    return list(page.driver.execute_async_script(RUN))


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_serious(peopled: Page, portraits: dict[str, Path], axe: str, width: int) -> None:
    found = {}

    def look(what: str) -> None:
        for colours in ("light", "dark"):
            peopled.colours(colours)
            if bad := _violations(peopled, axe):
                found[f"{what}, {colours}"] = bad

    peopled.size(width, 800)
    for view, title in VIEWS.items():
        peopled.go(view, title)
        look(view)
    peopled.go("identify", "Identify")
    peopled.give(portraits["both"])
    peopled.see("Same person as Eileen Collins", ".found")
    look("identified")
    peopled.go("settings", "Keys and settings")
    peopled.click("New key")
    peopled.see("It may", "dialog")
    look("dialog")
    assert found == {}


def test_the_door_has_nothing_serious_either(page: Page, axe: str) -> None:
    page.fresh()
    assert _violations(page, axe) == []


def test_a_phone_shows_all_of_every_view(peopled: Page, portraits: dict[str, Path]) -> None:
    peopled.size(360, 740)
    wide = {}
    for view, title in VIEWS.items():
        peopled.go(view, title)
        wide[view] = peopled.script("return document.documentElement.scrollWidth - innerWidth")
    peopled.go("identify", "Identify")
    peopled.give(portraits["both"])
    peopled.see("Same person as Eileen Collins", ".found")
    wide["identified"] = peopled.script("return document.documentElement.scrollWidth - innerWidth")
    assert {view: over for view, over in wide.items() if over > 0} == {}
    peopled.click("More")
    peopled.see("Audit log", "dialog")
    peopled.click("Audit log")
    peopled.see("Audit log", "h1")
    assert not peopled.script("return document.querySelector('dialog')")


def test_every_view_has_its_landmarks_one_heading_and_a_title(peopled: Page) -> None:
    read = """return [document.querySelectorAll('h1').length, document.querySelectorAll('main').length, document.title,
        document.querySelectorAll('[role=status][aria-live], [role=alert][aria-live]').length,
        [...document.querySelectorAll('.side a[aria-current=page]')].length]"""
    for view, title in VIEWS.items():
        peopled.go(view, title)
        headings, mains, name, regions, current = peopled.script(read)
        assert (headings, mains, current) == (1, 1, 1), view
        assert name.endswith(" - Vultus")
        assert title.split()[0] in name
        assert regions == 2
