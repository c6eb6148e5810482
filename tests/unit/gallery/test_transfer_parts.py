"""What killed exports leave behind does not stay."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from unit.gallery.test_store import new_face, put
from vultus.gallery.person_file import export_person
from vultus.gallery.store import Store
from vultus.gallery.transfer import export_gallery, part_of


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    put(store, "Ada", new_face())
    yield store
    store.close()


def gone() -> int:
    """Number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("export", [
    lambda store, path: export_gallery(store, path), lambda store, path: export_person(store, "Ada", path),
])  # fmt: skip
def test_the_next_export_deletes_what_a_killed_one_left(store, tmp_path, export):
    dead, folder = tmp_path / f".a[1].json.{gone()}.part", tmp_path / f".a[1].json.{gone()}.part"
    dead.write_text("templates")
    folder.mkdir()
    (folder / "person.json").write_text("templates")
    others = [
        tmp_path / f".a[1].json.{os.getppid()}.part",
        tmp_path / f".b.json.{gone()}.part",
        tmp_path / ".a[1].json.x.part",
    ]
    for other in others:
        other.write_text("somebody else's")
    export(store, tmp_path / "a[1].json")
    assert not dead.exists()
    assert not folder.exists()
    assert all(other.read_text() == "somebody else's" for other in others)


def test_the_part_is_this_process_s(tmp_path):
    assert part_of(tmp_path / "a.json") == tmp_path / f".a.json.{os.getpid()}.part"
