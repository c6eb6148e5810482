from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.service.jobs.conftest import filled, packed
from vultus.service.envelope import ServiceError
from vultus.service.jobs import sources
from vultus.service.jobs.sources import Folder, Zip, below, is_video, read_below


@pytest.fixture
def tree(tmp_path: Path) -> Folder:
    root = filled(tmp_path / "in", {
        "people/Ada/1.jpg": b"one", "people/Ada/more/2.JPG": b"two", "people/Bob/1.png": b"three",
        "people/top.jpg": b"top", "people/.hidden/1.jpg": b"x", "people/Bob/notes.txt": b"x", "other/1.jpg": b"x",
    })  # fmt: skip
    filled(tmp_path / "secret", {"eve/1.jpg": b"secret"})
    return Folder(root.resolve(), (root / "people").resolve(), 100)


def test_a_folder_is_walked_in_order(tree: Folder) -> None:
    assert list(tree.paths()) == ["top.jpg", "Ada/1.jpg", "Ada/more/2.JPG", "Bob/1.png"]
    assert [tree.person(path) for path in tree.paths()] == ["", "Ada", "Ada", "Bob"]
    assert tree.read("Ada/1.jpg") == b"one"
    tree.close()


def test_links_out_of_the_root_lead_nowhere(tree: Folder, tmp_path: Path) -> None:
    (tree.folder / "Eve").symlink_to(tmp_path / "secret/eve")
    (tree.folder / "eve.jpg").symlink_to(tmp_path / "secret/eve/1.jpg")
    (tree.folder / "loop").symlink_to(tree.folder)
    (tree.folder / "broken.jpg").symlink_to("nowhere")
    (tree.folder / "inside.jpg").symlink_to(tree.root / "other/1.jpg")
    assert list(tree.paths()) == ["inside.jpg", "top.jpg", "Ada/1.jpg", "Ada/more/2.JPG", "Bob/1.png"]
    assert tree.read("inside.jpg") == b"x"
    for path in ("eve.jpg", "Eve/1.jpg", "../../secret/eve/1.jpg"):
        with pytest.raises(ServiceError, match="it is no file below the folder for jobs"):
            tree.read(path)


def test_what_cannot_be_read_is_told(tree: Folder) -> None:
    os.mkfifo(tree.folder / "pipe.jpg")
    filled(tree.folder, {"large.jpg": b"x" * 101})
    for path, words in (
        ("gone.jpg", "No such file"), ("pipe.jpg", "it is no file below"), ("a\0b.jpg", "it cannot be opened"),
        ("large.jpg", "a picture may have 100 bytes"),
    ):  # fmt: skip
        with pytest.raises(ServiceError, match=words):
            tree.read(path)


def test_only_what_lies_below_the_root_can_be_named(tmp_path: Path) -> None:
    root = filled(tmp_path / "in", {"a/x.mp4": b"film"})
    filled(tmp_path / "else", {"x.jpg": b"x"})
    (root / "out").symlink_to(tmp_path / "else")
    assert below(root, "a", "folder") == (root / "a").resolve()
    assert below(root, str(root / "a"), "folder") == (root / "a").resolve()
    assert below(root, "a/x.mp4", "video").name == "x.mp4"
    for bad, what in (
        ("..", "folder"), ("../else", "folder"), ("out", "folder"), ("/etc", "folder"), ("gone", "folder"),
        ("a/x.mp4", "folder"), ("a", "video"), ("a\0", "folder"), ("a/" * 3000, "folder"),
    ):  # fmt: skip
        with pytest.raises(ServiceError, match=r"there is no such (folder|video) below the folder for jobs"):
            below(root, bad, what)
    with pytest.raises(ServiceError, match="this service reads no folders of its machine"):
        below(None, "a", "folder")


def test_a_file_is_judged_by_where_it_is_when_it_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, {"in/a.jpg": b"a", "out.jpg": b"b"})
    (tmp_path / "in/b.jpg").symlink_to(tmp_path / "out.jpg")
    # what a race would do: the name was checked, and leads elsewhere by the time it is opened
    with pytest.raises(ServiceError, match="no file below"):
        read_below(tmp_path / "in", tmp_path / "in/b.jpg", 10)
    assert read_below(tmp_path / "in", tmp_path / "in/a.jpg", 10) == b"a"


def zipped(tmp_path: Path, data: bytes) -> Zip:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return Zip(path, 1000)


def test_pictures_of_a_zip_file(tmp_path: Path) -> None:
    made = zipped(tmp_path, packed({
        "b/2.jpg": b"two", "a/1.jpg": b"one", "a/notes.txt": b"x", "__MACOSX/a/1.jpg": b"x", ".x/1.jpg": b"x",
        "top.png": b"t",
    }))  # fmt: skip
    assert list(made.paths()) == ["a/1.jpg", "b/2.jpg", "top.png"]
    assert [made.person(path) for path in made.paths()] == ["a", "b", ""]
    assert made.read("b/2.jpg") == b"two"
    with pytest.raises(ServiceError, match="it is not in the zip file any more"):
        made.read("c.jpg")
    made.close()


def test_a_folder_around_everything_is_passed_over(tmp_path: Path) -> None:
    made = zipped(tmp_path, packed({"people/Ada/1.jpg": b"1", "people/Bob/1.jpg": b"1"}))
    assert [made.person(path) for path in made.paths()] == ["Ada", "Bob"]


def test_names_outside_of_it_are_names_only(tmp_path: Path) -> None:
    made = zipped(tmp_path, packed({"../../evil.jpg": b"x", "/etc/evil.jpg": b"y"}))
    assert [made.read(path) for path in made.paths() if "etc" in path] == [b"y"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["upload"], "nothing is ever unpacked"


def test_names_that_do_not_say_that_they_are_utf_8(tmp_path: Path) -> None:
    data = packed({"Zoé/1.jpg": b"1"})
    data = data.replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00")  # the flag of both headers
    made = zipped(tmp_path, data.replace(b"\x00\x08\x00\x00", b"\x00\x00\x00\x00"))
    assert [made.person(path) for path in made.paths()] == ["Zoé"]


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06", packed({"a.jpg": b"1"})[:-5], b"PK\x03\x04" * 50])
def test_what_is_no_zip_file(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ServiceError, match="this is no zip file, or a damaged one"):
        zipped(tmp_path, data)


def test_bombs_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceError, match="would unpack to far more than it holds"):
        zipped(tmp_path, packed({f"{n}.jpg": b"0" * 600_000 for n in range(20)}))
    monkeypatch.setattr(sources, "MOST_ENTRIES", 2)
    with pytest.raises(ServiceError, match="a zip file may have 2 entries here"):
        zipped(tmp_path, packed({f"{n}.jpg": b"0" for n in range(3)}))
    monkeypatch.setattr(sources, "_DIRECTORY_BYTES", 60)
    with pytest.raises(ServiceError, match="a zip file may have 2 entries"):
        zipped(tmp_path, packed({f"{n}.jpg": b"0" for n in range(2)}))


def test_sizes_that_lie_do_not_help_a_bomb(tmp_path: Path) -> None:
    data = packed({"a.jpg": b"0" * 50_000, "b.jpg": b"ok"})
    made = zipped(tmp_path, data.replace(struct.pack("<I", 50_000), struct.pack("<I", 10)))
    with pytest.raises(ServiceError, match=r"damaged at this place|may have 1,000 bytes"):
        made.read("a.jpg")
    assert made.read("b.jpg") == b"ok"


def test_entries_that_are_not_read(tmp_path: Path) -> None:
    made = zipped(tmp_path, packed({"a.jpg": b"1" * 50}, zipfile.ZIP_LZMA))
    with pytest.raises(ServiceError, match="packed in a way that is not read here"):
        made.read("a.jpg")
    made = zipped(tmp_path, packed({"a.jpg": b"x" * 1001}))
    with pytest.raises(ServiceError, match="may have 1,000 bytes"):
        made.read("a.jpg")
    locked = packed({"a.jpg": b"1"}).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
    with pytest.raises(ServiceError, match="it has a password"):
        zipped(tmp_path, locked).read("a.jpg")


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 400), byte=st.integers(0, 255), cut=st.integers(0, 400))
def test_damaged_zip_files_never_harm(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, cut: int
) -> None:
    data = bytearray(packed({"a/1.jpg": b"one" * 20, "b/2.jpg": b"two" * 20}))
    data[place % len(data)] = byte
    data = data[: len(data) - cut // 4] if cut % 4 == 0 else data
    try:
        made = zipped(tmp_path_factory.getbasetemp(), bytes(data))
    except ServiceError:
        return
    for path in made.paths():
        try:
            assert len(made.read(path)) <= 1000
        except ServiceError:
            continue
    made.close()


def test_videos_are_known_by_their_names() -> None:
    assert is_video("a.MP4")
    assert not is_video("a.zip")
