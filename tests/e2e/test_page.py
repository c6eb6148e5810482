"""What people do on the page, one thing after another, in a real browser, with a real service and the default pack."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from e2e.conftest import Served
from e2e.page import Page

Portraits = dict[str, Path]
BOX = """
const box = document.querySelector('.box.known').getBoundingClientRect();
const stage = document.querySelector('.stage').getBoundingClientRect();
return [(box.left - stage.left) / stage.width, (box.top - stage.top) / stage.height];
"""
DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));
const dataTransfer = new DataTransfer();
dataTransfer.items.add(new File([bytes], 'dropped.jpg', { type: 'image/jpeg' }));
document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
"""
OUTLINE = """
const has = document.activeElement;
return getComputedStyle(has).outlineStyle + getComputedStyle(has.parentElement).outlineStyle;
"""


def test_a_key_is_asked_for_and_stays_out_of_addresses(page: Page, served: Served) -> None:
    page.fresh()
    page.write("API key", "vultus_00000000_wrong" + Keys.ENTER)
    page.see("key", ".notice")
    assert "unauthenticated" not in page.text()
    page.write("API key", served.key + Keys.ENTER)
    page.see("People", "h1")
    assert page.script("return location.href").endswith("#/people")
    assert page.script("return sessionStorage.getItem('vultus-key')") == served.key
    assert served.key not in page.script("return JSON.stringify(localStorage) + document.cookie")
    addresses = page.script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert addresses
    assert all(address.startswith(served.address) and "vultus_" not in address for address in addresses)
    page.click("Sign out")
    page.see("Sign in", "h1")
    assert page.script("return sessionStorage.length") == 0


def test_an_empty_gallery_teaches_and_faces_are_enrolled_from_files(page: Page, portraits: Portraits) -> None:
    page.see("Nobody is enrolled yet")
    page.click("Enrol the first person")
    page.see("Enrol", "h1")
    page.give(portraits["eileen"], portraits["cat"], portraits["broken"])
    shown = page.see("Ready", ".shots")
    page.until(lambda: "Looking" not in page.see("Ready", ".shots"), "the pictures are not all looked at")
    shown = page.see("Ready", ".shots")
    assert "No face was found" in shown
    assert "cannot be read" in shown
    page.click("Leave out cat.jpg")
    page.gone("cat.jpg")
    page.click("Enrol 2 pictures")
    page.see("Write the person's name first", ".notice")
    assert page.focused() == "Name"
    page.write("Name", "Eileen Collins")
    page.click("They know it and agree")
    page.write("Note", "form 12")
    page.click("Enrol 2 pictures")
    page.see("Eileen Collins can be recognised now", ".notice")
    assert page.see("Refused", ".shots").count("Enrolled") == 1
    page.click("See Eileen Collins")
    page.see("Eileen Collins", "h1")
    assert "form 12" in page.see("Grounds", ".facts")
    page.until(lambda: page.script("return document.querySelector('.portrait img')?.naturalWidth > 50"), "no portrait")


def test_somebody_is_enrolled_at_the_camera(page: Page) -> None:
    page.go("enrol", "Enrol")
    page.click("Camera", "tab")
    page.click("Turn the camera on")
    page.see("Good: hold still")
    page.click("Take a picture")
    page.see("Ready", ".shots")
    page.write("Name", "Eileen Collins")
    page.click("Enrol 1 picture")
    page.see("is enrolled already", "dialog")
    page.click("The same person: add")
    page.see("can be recognised now", ".notice")
    page.go("people", "People")
    page.see("2 faces", ".person")
    assert not page.script("return [...document.querySelectorAll('video')].some(v => v.srcObject)")


def test_folders_named_after_people_are_enrolled_together(page: Page, portraits: Portraits, tmp_path: Path) -> None:
    for name, picture in (("Eileen Collins", "eileen"), ("Chelsea", "cat")):
        (tmp_path / "album" / name).mkdir(parents=True)
        (tmp_path / "album" / name / "1.jpg").write_bytes(portraits[picture].read_bytes())
    page.go("enrol", "Enrol")
    page.click("Many people", "tab")
    page.give(tmp_path / "album")
    page.see("No face was found", ".group")
    page.see("Ready", ".group")
    page.click("Enrol all")
    page.see("1 person enrolled or added to", ".notice")
    page.see("Was enrolled before", ".group")
    page.see("Refused", ".group")


def test_who_is_in_a_picture_is_told_in_words(page: Page, portraits: Portraits) -> None:
    page.go("identify", "Identify")
    page.give(portraits["both"])
    page.see("2 faces. Known: Eileen Collins. 1 unknown.")
    known = page.see("Same person as Eileen Collins", ".found")
    assert "chosen so that at most 1 search in 100 for a stranger names anybody" in known
    assert "Unknown. The closest is Eileen Collins" in known
    assert len(page.script("return [...document.querySelectorAll('.box')].map(b => b.ariaLabel)")) == 2
    page.choose("How careful", "0.1")
    page.see("at most 1 search in 10 for a stranger", ".found")
    boxes = page.script(BOX)
    assert 0.1 < boxes[0] < 0.3
    assert boxes[1] < 0.3


def test_a_picture_is_dropped_with_the_mouse(page: Page, portraits: Portraits) -> None:
    page.go("identify", "Identify")
    page.script(DROP, base64.b64encode(portraits["eileen"].read_bytes()).decode())
    page.see("1 face. Known: Eileen Collins.")


def test_the_camera_is_watched_live(page: Page) -> None:
    page.go("identify", "Identify")
    page.click("Camera", "tab")
    page.click("Turn the camera on")
    page.see("1 face. Known: Eileen Collins.")
    page.see("Same person as Eileen Collins", ".found")
    page.click("Stop the camera")
    page.see("The camera is off")


def test_two_faces_are_compared(page: Page, portraits: Portraits) -> None:
    page.go("compare", "Compare")
    page.give(portraits["eileen"])
    page.see("eileen.jpg", ".slot")
    page.give(portraits["eileen darker"])
    same = page.see("Same person", ".verdict")
    assert "above the threshold" in same
    assert "1 false match in 1,000 comparisons of different people" in same
    page.driver.find_elements("css selector", ".slot button")[1].click()
    page.give(portraits["grace"])
    assert "below the threshold" in page.see("Not shown to be the same person", ".verdict")
    page.driver.find_elements("css selector", ".slot button")[1].click()
    page.give(portraits["cat"])
    page.see("No face was found", ".verdict")
    page.driver.find_elements("css selector", ".slot button")[1].click()
    page.give(portraits["broken"])
    page.see("cannot be read", ".notice.bad")


def test_people_are_found_by_name_and_by_photo(page: Page, portraits: Portraits) -> None:
    page.write("Search by name", "zzz")
    page.see("Nobody of that name")
    page.write("Search by name", "eil")
    page.see("Eileen Collins", ".person")
    page.click("Eileen Collins")
    page.see("Eileen Collins", "h1")
    page.driver.back()
    page.see("People", "h1")
    assert page.named("Search by name").get_attribute("value") == "eil"
    page.click("Search by photo")
    page.give(portraits["eileen darker"])
    assert "Same person" in page.see("Same person as Eileen Collins", "main")


def test_a_person_is_renamed_tagged_and_removed(page: Page) -> None:
    page.click("Eileen Collins")
    page.see("Eileen Collins", "h1")
    page.click("Rename")
    assert page.focused() == "Name"
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.gone("Rename", "dialog")
    assert page.focused() == "Rename"
    page.click("Rename")
    page.write("Name", "Commander Collins" + Keys.ENTER)
    page.see("Commander Collins", "h1")
    page.click("Tags")
    page.write("Tags", "pilot, STS-93" + Keys.ENTER)
    page.see("STS-93", ".facts")
    removals = page.script("return [...document.querySelectorAll('.faces button')].map(b => b.ariaLabel)")
    assert len(removals) == 2
    page.click(removals[0])
    page.click("Remove the face")
    page.see("1 enrolled face", "header")
    page.click("Remove")
    page.see("deleted at once", "dialog")
    page.click("Remove this person")
    page.see("Nobody is enrolled yet")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.script("document.querySelector('.skip').focus()")
    names = []
    for _ in range(17):
        names.append(page.focused())
        outline = page.script(OUTLINE)
        assert outline != "nonenone", names[-1]
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert names[:4] == ["Skip to the page", "Vultus", "People", "Enrol"]
    assert {"Identify", "Compare", "Audit log", "Settings", "Sign out", "Search by name"} <= {*names, page.focused()}
    page.named("Identify").send_keys(Keys.ENTER)
    page.see("Identify", "h1")
    assert page.script("return document.activeElement.tagName") == "H1"
    tab = page.named("Picture", "tab")
    tab.send_keys(Keys.ARROW_RIGHT)
    assert page.focused() == "Camera"
    assert page.script("return document.activeElement.ariaSelected") == "true"


def test_a_key_is_made_once_shown_and_revoked_which_ends_its_session(page: Page, served: Served) -> None:
    page.go("settings", "Keys and settings")
    page.click("New key")
    page.write("Name", "Kiosk")
    page.click("Make the key")
    secret = (
        page.script("return document.querySelector('.secret span').innerText")
        if page.see("shown this once", "dialog")
        else ""
    )
    page.click("I have kept it")
    page.see("Kiosk", "main table")
    assert secret not in page.text()
    page.fresh(secret, "Identify")
    links = page.script("return [...document.querySelectorAll('.side nav a')].map(a => a.innerText)")
    assert links == ["Identify", "Compare", "Settings"]
    page.fresh(served.key)
    page.go("settings", "Keys and settings")
    page.click("Revoke the key Kiosk")
    page.click("Revoke")
    page.see("Revoked", "main table")
    page.fresh(secret, "Sign in")


def test_nothing_is_refused_by_the_browser(page: Page, portraits: Portraits) -> None:
    for view, title in (
        ("people", "People"),
        ("identify", "Identify"),
        ("compare", "Compare"),
        ("enrol", "Enrol"),
        ("settings", "Keys and settings"),
    ):
        page.go(view, title)
    page.go("identify", "Identify")
    page.give(portraits["eileen"])
    page.see("1 face.")
    assert page.complaints() == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_colours_follow_the_system_until_chosen(page: Page, colours: str) -> None:
    page.colours(colours)
    read = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128"
    assert page.script(read) is (colours == "light")
    other = "Dark" if colours == "light" else "Light"
    page.script(
        "[...document.querySelectorAll('.side .theme input')].find(i => i.ariaLabel === arguments[0]).click()", other
    )
    assert page.script(read) is (colours != "light")
    page.driver.refresh()
    page.see("People", "h1")
    assert page.script(read) is (colours != "light")
