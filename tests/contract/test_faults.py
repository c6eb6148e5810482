"""What a gallery survives: being killed, full and read-only disks, two writers, clocks that go back, damaged pages.

`tools/break_gallery.py` does the killing, a hundred times per operation; here it is done a few times.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import StoreError
from vultus.gallery import Gallery, audit

ROOT = Path(__file__).resolve().parents[2]
ROOTLY = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a disk")


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("break_gallery", ROOT / "tools/break_gallery.py")
    found = importlib.util.module_from_spec(spec)
    sys.modules["break_gallery"] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def gallery(tmp_path):
    with Gallery.open(tmp_path / "people.vultus", engine=FakeEngine()) as gallery:
        for name in ("Ada", "Bob"):
            gallery.enroll(name, [picture(person(name, seed=n), seed=n) for n in range(3)])
        yield gallery


def crowd(name: str, count: int = 40) -> list[bytes]:
    return [picture(person(name, seed=n), seed=n) for n in range(count)]


def refusal(act) -> str:
    """What was said when it was refused, else the text it gave, or nothing."""
    try:
        given = act()
    except StoreError as error:
        return str(error)
    return given if isinstance(given, str) else ""


def standing(gallery) -> tuple:
    """Everything that must not change."""
    found = [(one.name, one.n_faces) for one in gallery._store.people()]
    templates = {name: [template.tobytes() for _, template in gallery._store.faces(name)] for name, _ in found}
    return found, templates, gallery.verify_log().problems, gallery.check()


# ------------------------------------------------------------------------------------------------------------- killing
@pytest.mark.parametrize("operation", ["enrol", "remove", "rotate", "migrate"])
def test_killed_at_random_moments(tool, operation):
    tally = tool.break_it(operation, kills=2, seed=os.getpid())
    assert tally.problems == []
    assert tally.sound_and_exact == tally.kills == 2


def test_the_killing_is_looked_at_closely(tool, tmp_path):
    """What would be wrong after a kill is found."""
    made = tmp_path / "made" / "people.vultus"
    tool.fill(made, vault=False, people=tool.PEOPLE)
    assert tool.left_of_remove(made, []) == ([], False)
    assert "were acknowledged" in tool.left_of_remove(made, ["3"])[0][0]
    assert "is still in the bytes" in tool.left_of_remove(made, ["3"])[0][-1]
    assert tool.left_of_enrol(made, ["180"])[0] == []
    assert "but 200 were acknowledged" in tool.left_of_enrol(made, ["200"])[0][0]
    assert "the gallery has the old contract" in tool.left_of_migrate(made, ["180", "applied"])[0][0]
    with tool.opened(made, contract=tool.NEW if tool.Gallery.open(made).contract == tool.NEW else tool.OLD) as gallery:
        gallery.remove(tool.name_of(1))
    assert "the people are not those" in tool.left_of_rotate(made, ["0"])[0][-1]


# ---------------------------------------------------------------------------------------------------------------- disks
@ROOTLY
def test_the_disk_is_full(tool, tmp_path):
    try:
        with tool.a_full_disk(tmp_path / "disk", 700) as disk:
            gallery = Gallery.open(disk / "people.vultus", engine=FakeEngine())
            kept = 0
            with pytest.raises(StoreError, match=r"the disk (refused|is full).*nothing of the last operation was kept"):  # noqa: PT012
                while True:
                    gallery.enroll(f"p{kept}", crowd(f"p{kept}", 20))
                    kept += 1
            assert kept > 0
            assert [(one.name, one.n_faces) for one in gallery._store.people()] == sorted(
                (f"p{n}", 20) for n in range(kept)
            )
            # no answer without its line in the log
            for attempt in (gallery.people, lambda: gallery.identify(picture(person("p0", seed=3)))):
                assert "the disk" in (refusal(attempt) or "the disk")
            assert gallery.check() == []
            gallery.close()
            with Gallery.open(disk / "people.vultus", engine=FakeEngine(), read_only=True) as reader:
                assert len(reader) == kept
                assert reader.identify(picture(person("p0", seed=3)))[0].name == "p0"
    except PermissionError:
        pytest.skip("mount is not allowed here")


@ROOTLY
def test_the_disk_is_read_only(tool, gallery, tmp_path):
    before = standing(gallery)
    gallery.close()
    try:
        with tool.a_full_disk(tmp_path / "disk", 4000) as disk:
            shutil.copy(gallery.path, disk)
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            with pytest.raises(StoreError, match=r"cannot be opened|is read-only|attempt to write a readonly"):
                Gallery.open(disk / "people.vultus", engine=FakeEngine())
            with Gallery.open(disk / "people.vultus", engine=FakeEngine(), read_only=True) as reader:
                assert standing(reader) == before
                assert reader.identify(picture(person("Ada", seed=9)))[0].name == "Ada"
                with pytest.raises(StoreError, match="was opened read-only"):
                    reader.remove("Ada")
            done = subprocess.run(
                [sys.executable, "-m", "vultus", "gallery", "list", "--gallery", str(disk / "people.vultus")],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (done.returncode, "Ada" in done.stdout) == (0, True), done.stderr
            assert "is read-only: what you ask now is not in its audit log" in done.stderr
    except PermissionError:
        pytest.skip("mount is not allowed here")


# ---------------------------------------------------------------------------------------------------------- two writers
WRITER = """
import sys
from unit.gallery.fake import FakeEngine, person, picture
from vultus.gallery import Gallery
with Gallery.open(sys.argv[1], engine=FakeEngine()) as gallery:
    for n in range(25):
        name = f"{sys.argv[2]}{n}"
        gallery.enroll(name, [picture(person(name, seed=k), seed=k) for k in range(2)])
        gallery.identify(picture(person(name, seed=9)))
        if n % 5 == 4:
            gallery.remove(name)
"""


def test_two_processes_write_and_search_at_once(gallery):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(gallery.path), name], env=environment) for name in "xy"
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    wanted = {f"{name}{n}" for name in "xy" for n in range(25) if n % 5 != 4} | {"Ada", "Bob"}
    assert {one.name for one in gallery._store.people()} == wanted
    assert gallery.check() == []
    actions = [entry.action for entry in gallery.audit_log()]
    assert [actions.count(action) for action in ("enrol", "search", "delete")] == [52, 50, 10]
    for name in ("x3", "y23"):
        assert gallery.identify(picture(person(name, seed=7)))[0].name == name


# ---------------------------------------------------------------------------------------------------------------- clock
def test_a_clock_that_jumps_back(gallery, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime(1999, 12, 31, 23, 59, tzinfo=zone)

    gallery.keep("Bob", 10)
    monkeypatch.setattr(audit, "datetime", Clock)
    monkeypatch.setattr("vultus.gallery.writer.datetime", Clock)
    gallery.enroll("Cid", crowd("Cid", 2))
    gallery.rename("Cid", "Sid")
    assert [one.name for one in gallery._store.people()] == ["Ada", "Bob", "Sid"]
    assert gallery.identify(picture(person("Cid", seed=9)))[0].name == "Sid"
    assert gallery.expire() == [], "nobody goes before the time"
    gallery.remove("Sid")
    assert gallery.check() == []
    verdict = gallery.verify_log()
    assert verdict.problems == ()
    assert len(verdict.notes) > 0
    assert all("the clock went back before entry" in note for note in verdict.notes)


# --------------------------------------------------------------------------------------------------------------- damage
def test_damaged_pages_are_told_wherever_they_are(gallery, tmp_path):
    """Every page in turn: never a wrong answer, at most a clear error; and `check` finds what was hit."""
    gallery.enroll("Cid", crowd("Cid", 30))
    before = standing(gallery)
    gallery.close()
    raw = gallery.path.read_bytes()
    found = 0
    for page in range(1, len(raw) // 4096):
        path = tmp_path / "damaged.vultus"
        path.write_bytes(raw[: page * 4096] + b"\xa5" * 300 + raw[page * 4096 + 300 :])

        def look(path=path, page=page):
            with Gallery.open(path, engine=FakeEngine()) as damaged:
                problems = damaged.check()
                assert problems or standing(damaged)[:2] == before[:2], f"page {page} is damaged, and nobody knows"
            return "damaged" if problems else ""

        told = refusal(look)
        assert told == "" or any(word in told for word in ("damaged", "no Vultus gallery", "locked"))
        found += told != ""
        for tail in ("", "-wal", "-shm"):
            Path(f"{path}{tail}").unlink(missing_ok=True)
    assert found > 0.8 * (len(raw) // 4096 - 1)


def test_a_changed_byte_of_a_sealed_template_is_found(gallery):
    """What SQLite's own check cannot see, the seal does."""
    with gallery._store.writing() as writer:
        first, second = (row[0] for row in writer._connection.execute("SELECT template FROM face WHERE face_id < 3"))
        changed = second[:40] + bytes([second[40] ^ 1]) + second[41:]
        writer._connection.execute("UPDATE face SET template = ? WHERE face_id = 2", (changed,))
        writer._connection.execute("UPDATE face SET template = ? WHERE face_id = 3", (first,))
    assert gallery.check() == ["the template of face 2 is damaged", "the template of face 3 is damaged"]
    with pytest.raises(StoreError, match="the template of row 2 is damaged, or was moved there from another row"):
        gallery.identify(picture(person("Ada", seed=9)))
