"""Unknown people, the audit log, calibrations and fairness on the page, in a real browser against a real service."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from e2e.conftest import Served
from e2e.page import Page

Portraits = dict[str, Path]


GROUPS = "[...document.querySelectorAll('.group')]"


def test_a_group_is_split_and_joined_again(page: Page, portraits: Portraits) -> None:
    page.go("unknown", "Unknown people")
    page.give(portraits["eileen"], portraits["eileen darker"])
    page.see("2 unknown faces kept", ".notice")
    page.see("2 faces", ".group")
    page.script("document.querySelector('.group h2 a').click()")
    page.see("2 faces", ".page-head")
    page.script("document.querySelector('.face-card input').click()")
    page.click("Split off the chosen")
    page.see("1 face", ".page-head")
    page.go("unknown", "Unknown people")
    page.until(lambda: page.script(f"return {GROUPS}.length") == 2, "not two groups")
    page.script(f"{GROUPS}.forEach((group) => group.querySelector('input').click())")
    page.click("Join the chosen")
    page.see("2 faces", ".group")
    page.click("Forget")
    page.click("Forget them")
    page.see("No unknown faces are kept")


def test_unknown_faces_are_kept_from_a_picture_and_named(page: Page, portraits: Portraits) -> None:
    page.go("unknown", "Unknown people")
    page.see("No unknown faces are kept")
    page.go("identify", "Identify")
    page.give(portraits["grace"])
    page.see("1 face. Nobody is known.")
    page.click("Keep the unknown faces")
    page.see("1 face kept", ".notice")
    page.click("See the unknown people")
    page.see("Unknown people", "h1")
    page.until(lambda: page.script("return document.querySelector('.strip img')?.naturalWidth > 50"), "no cut-out")
    page.click("Name")
    page.write("Name", "Grace Hopper")
    page.script("document.querySelector('dialog [type=submit]').click()")
    page.see("No unknown faces are kept")
    page.go("people", "People")
    page.see("Grace Hopper", ".person")


def test_a_face_is_said_not_to_be_somebody_and_forgotten(page: Page, portraits: Portraits) -> None:
    page.go("unknown", "Unknown people")
    page.give(portraits["both"])
    page.see("1 unknown face kept, 1 known already", ".notice")
    page.click("Not the same")
    page.see("Not the same person as", "dialog")
    page.script("document.querySelector('dialog [type=submit]').click()")
    page.see("Choose a person first", "dialog")
    page.script("const s = document.querySelector('dialog select'); s.value = s.options[1].value")
    page.script("document.querySelector('dialog [type=submit]').click()")
    page.see("Noted", ".toast")
    page.click("Forget")
    page.click("Forget them")
    page.see("No unknown faces are kept")


def test_the_log_tells_who_did_it_what_for_and_that_it_is_whole(page: Page) -> None:
    page.go("settings", "Keys and settings")
    page.write("Purpose of your work", "visitors of Monday\t")
    page.go("people", "People")
    page.go("audit", "Audit log")
    page.choose("Log of", "default")
    assert "first admin" in page.see("visitors of Monday", "main table")
    page.choose("What", "view")
    page.gone("Enrolled", "main table tbody")
    page.click("Check that it is whole")
    page.see("The log is whole", ".notice.good")
    page.choose("Log of", "")
    page.see("/v1/collections", "main table")
    page.see("1 to 50", ".pager")
    page.click("Next")
    page.see("51 to", ".pager")
    page.click("Previous")
    page.see("1 to 50", ".pager")


def test_the_calibration_tells_what_another_rate_would_mean(page: Page) -> None:
    page.go("calibration", "Calibration and fairness")
    page.see("1 in 1,000 pairs of different people pass as one at the threshold 0.932.")
    slider = page.named("Accepted rate of false matches")
    slider.send_keys("\ue010")
    page.see("1 in 2,000,000 pairs of different people")
    assert "1 in 2,000,000" in slider.get_attribute("aria-valuetext")


def test_a_calibration_of_ones_own_is_added_and_used(page: Page, tmp_path: Path) -> None:
    page.go("calibration", "Calibration and fairness")
    page.see("In use")
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    page.give(broken)
    page.see("no JSON", ".notice.bad")
    broken.write_text('{"schema": "vultus.calibration/1"}', "utf-8")
    page.give(broken)
    page.see("Request", ".notice.bad")


def test_a_fairness_report_is_drawn_in_the_browser(page: Page, checkout: Path, tmp_path: Path, served: Served) -> None:
    report = json.loads((checkout / "results/audit_lfw.json").read_text("utf-8"))
    report["findings"] = ["gender female: more false matches than the others."]
    report["attributes"][0]["tests"].append(
        {"group": "female", "error": "fmr", "value": 0.003, "others": 0.001, "p": 0.001, "p_holm": 0.002,
         "significant": True}
    )  # fmt: skip
    file = tmp_path / "audit.json"
    file.write_text(json.dumps(report), "utf-8")
    page.go("calibration", "Calibration and fairness")
    page.click("Fairness", "tab")
    before = page.script("return performance.getEntriesByType('resource').length")
    page.give(file)
    page.see("Some groups are treated differently")
    labels = page.script("return [...document.querySelectorAll('.chart')].map(c => c.getAttribute('aria-label'))")
    assert "differs from the others" in labels[0]
    assert page.script("return performance.getEntriesByType('resource').length") == before
    file.write_text('{"schema": "another"}', "utf-8")
    page.give(file)
    page.see("is no fairness report", ".notice.bad")


def test_a_zip_file_is_enrolled_as_a_job(page: Page, portraits: Portraits, tmp_path: Path) -> None:
    page.go("jobs", "Jobs")
    page.see("No jobs yet")
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.write(portraits["eileen"], "Eileen Collins/1.jpg")
        archive.write(portraits["cat"], "Eileen Collins/2.jpg")
    page.click("New job")
    page.see("What to do", "dialog")
    page.give(tmp_path / "people.zip", inside="dialog")
    page.see("people.zip", "dialog")
    page.click("Start")
    page.see("Enrol people", "h1")
    page.see("Done", ".job")
    page.see("2 of 2", ".job")
    page.see("Eileen Collins/1.jpg", "main table")
    page.go("people", "People")
    page.see("Eileen Collins", ".person")


def _film(portrait: Path, folder: Path) -> Path:
    """A second and a half of somebody, as browsers and OpenCV can read it."""
    import cv2

    film = folder / "film.webm"
    frame = cv2.resize(cv2.imread(str(portrait)), (480, 480))
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"VP80"), 8, (480, 480))
    for _ in range(12):
        writer.write(frame)
    writer.release()
    return film


def test_a_film_is_looked_at_here_and_as_a_job(page: Page, portraits: Portraits, tmp_path: Path) -> None:
    film = _film(portraits["eileen"], tmp_path)
    page.go("identify", "Identify")
    page.click("Video", "tab")
    page.give(film)
    page.see("Eileen Collins", "main ul")
    page.named("Look again")
    assert "best similarity" in page.see("Eileen Collins", "main ul")
    page.click("Go to Eileen Collins at 0:00")
    page.see("Eileen Collins", ".box-name")
    page.click("Look at it as a job")
    page.see("Identify faces", "h1")
    page.see("Done", ".job")
    page.see("Eileen Collins", "main table")


def test_a_monitor_tells_who_is_seen_as_it_happens(page: Page, portraits: Portraits, served: Served) -> None:
    film = _film(portraits["eileen"], served.inbox)
    page.go("monitors", "Monitors")
    page.see("No camera is watched")
    page.click("Watch a camera")
    page.write("Name", "Front door")
    page.write("Address", "rtsp://guard:secret@127.0.0.1:1/never")
    page.script("document.querySelector('dialog [type=submit]').click()")
    page.see("Front door", ".job")
    assert "secret" not in page.text()
    page.click("Front door")
    page.see("Front door", "h1")
    page.click("Remove")
    page.script("document.querySelector('dialog [type=submit]').click()")
    page.see("No camera is watched")
    page.click("Watch a camera")
    page.write("Name", "Film")
    page.write("Address", str(film))
    page.script("document.querySelector('dialog [type=submit]').click()")
    page.click("Film")
    page.see("Same person as Eileen Collins", "[role=log]")
    page.see("Eileen Collins left", "[role=log]")
    page.see("the film is over", "[role=log]")
