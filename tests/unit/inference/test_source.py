"""Names to items: files, folders, patterns, cameras, streams, standard input, and what is refused."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vultus.errors import InputError
from vultus.inference.source import KINDS, Item, expand, stream, walk


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as people have them."""
    for name in (
        "b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "clip.mp4", "Ünï 人.jpeg", "sub/z.webp", "sub/deep/y.bmp",
        ".cache/x.jpg", "weird[1].jpg", "7",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(items: list[Item]) -> list[str]:
    return [Path(str(item.value)).as_posix() for item in items]


def refusal(*inputs: str, kinds: frozenset[str] = KINDS) -> str:
    with pytest.raises(InputError) as caught:
        expand(inputs, kinds=kinds)
    return str(caught.value)


def test_folder_is_sorted_recursive_and_without_hidden_files(folder: Path) -> None:
    items = expand(["."])
    expected = ["a.PNG", "b.jpg", "clip.mp4", "weird[1].jpg", "Ünï 人.jpeg", "sub/z.webp", "sub/deep/y.bmp"]
    assert names(items) == expected
    assert [item.kind for item in items] == ["image", "image", "video", *["image"] * 4]
    assert names(expand([str(folder)], kinds=["image"]))[2].endswith("weird[1].jpg")
    assert names(expand(["."], kinds=["video"])) == ["clip.mp4"]


def test_a_stream_has_the_same_items_one_by_one(folder: Path) -> None:
    items = list(stream([".", "b.jpg"]))
    assert sorted(names(items)) == sorted([*names(expand(["."])), "b.jpg"])
    with pytest.raises(InputError, match="no pictures in folder 'empty'"):
        list(stream(["empty"], kinds=["image"]))
    with pytest.raises(InputError, match="nothing to read; name a file"):
        stream([])
    assert list(walk("empty", ["image"])) == []


def test_a_stream_does_not_list_a_folder_before_its_first_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / f"{number}.jpg").write_bytes(b"")
    seen: list[str] = []
    whole = os.scandir

    class Counted:
        def __init__(self, folder: Path) -> None:
            self.listing = whole(folder)

        def __enter__(self) -> Counted:
            return self

        def __exit__(self, *_: object) -> None:
            self.listing.close()

        def __iter__(self) -> Counted:
            return self

        def __next__(self) -> os.DirEntry[str]:
            seen.append((entry := next(self.listing)).name)
            return entry

    monkeypatch.setattr(os, "scandir", Counted)
    items = stream([str(tmp_path)])
    next(items)
    assert len(seen) == 1
    assert sum(1 for _ in items) == 49


def test_a_named_file_is_taken_whatever_it_is_called(folder: Path) -> None:
    assert expand(["notes.txt", ".hidden.jpg", "weird[1].jpg"]) == [
        Item("image", Path("notes.txt")),
        Item("image", Path(".hidden.jpg")),
        Item("image", Path("weird[1].jpg")),
    ]
    assert expand(["notes.txt"], kinds=["video", "camera"]) == [Item("video", Path("notes.txt"))]
    assert expand(["clip.mp4", "Ünï 人.jpeg"]) == [Item("video", Path("clip.mp4")), Item("image", Path("Ünï 人.jpeg"))]


def test_patterns(folder: Path) -> None:
    assert names(expand(["*.jp*g"])) == ["b.jpg", "weird[1].jpg", "Ünï 人.jpeg"]
    assert names(expand(["**/*.[wb]*"])) == ["sub/deep/y.bmp", "sub/z.webp"]
    assert names(expand(["su*"])) == ["sub/z.webp", "sub/deep/y.bmp"]
    everything = names(expand(["**"]))
    assert len(everything) == len(set(everything)) == 7
    assert refusal("*.tiff") == "nothing matches '*.tiff'"
    assert refusal("*.txt") == "no pictures or videos match '*.txt'"
    assert refusal("em*", kinds=frozenset(["image"])) == "no pictures match 'em*'"


def test_cameras_and_streams(folder: Path) -> None:
    assert expand(["0", "12", "rtsp://user:secret@cam/1", "RTSPS://cam/2"]) == [
        Item("camera", 0),
        Item("camera", 12),
        Item("stream", "rtsp://user:secret@cam/1"),
        Item("stream", "RTSPS://cam/2"),
    ]
    assert expand(["7"]) == [Item("image", Path("7"))]
    assert refusal("12345") == "no such file or folder: '12345'"


@pytest.mark.parametrize("address", ["http://x.org/a.jpg", "HTTPS://x.org/a.jpg", "file:///tmp/a.jpg", "ftp://x/a.jpg"])
def test_web_addresses_are_refused(address: str) -> None:
    assert refusal(address) == f"'{address}' is a web address; download the file first and give its path"


def test_passwords_are_not_repeated() -> None:
    text = refusal("rtsp://user:p@ss@cam/1", kinds=frozenset(["image"]))
    assert text == "'rtsp://***@cam/1' is a stream, but this command takes pictures"


def test_what_is_missing_or_nothing(folder: Path) -> None:
    assert refusal("nobody.jpg") == "no such file or folder: 'nobody.jpg'"
    assert refusal("") == "no such file or folder: ''"
    assert refusal(" ") == "no such file or folder: ' '"
    assert refusal("a\0b") == "no such file or folder: 'a\\x00b'"
    assert refusal("a\x1bb") == "no such file or folder: 'a\\x1bb'"
    assert refusal("n" * 5000).startswith("no such file or folder: 'nnn")
    assert refusal() == (
        "nothing to read; name a file, a folder, a pattern, a camera number, rtsp://... or - for stdin"
    )
    assert refusal("empty") == "no pictures or videos in folder 'empty'"
    assert refusal("sub", kinds=frozenset(["video"])) == "no videos in folder 'sub'"
    assert refusal("empty", kinds=frozenset(["camera"])) == "no pictures in folder 'empty'"


def test_kinds_not_taken(folder: Path) -> None:
    stills = frozenset(["image", "stdin"])
    assert refusal("clip.mp4", kinds=stills) == "'clip.mp4' is a video, but this command takes pictures, standard input"
    assert refusal("0", kinds=stills).startswith("'0' is a camera, but")
    assert refusal("b.jpg", kinds=frozenset(["video", "camera", "stream"])) == (
        "'b.jpg' is a picture, but this command takes videos, cameras, streams"
    )
    assert refusal("-", kinds=frozenset(["video"])) == "'-' is standard input, but this command takes videos"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_loops_of_links_end(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "sub" / "self").symlink_to(".", target_is_directory=True)
    (folder / "broken.jpg").symlink_to("nowhere")
    found = names(expand(["."]))
    assert len(found) == 8
    assert "broken.jpg" in found
    assert expand(["broken.jpg"]) == [Item("image", Path("broken.jpg"))]


def test_a_folder_that_may_not_be_read_is_reported_by_reading_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert expand(["."], kinds=["image"])[-1] == Item("image", Path("sub"))
    assert expand(["."], kinds=["video"])[-1] == Item("video", Path("sub"))


def test_folders_deeper_than_the_call_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "/".join("d" * 300)).mkdir(parents=True)
    (tmp_path / "/".join("d" * 300) / "face.jpg").touch()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    try:
        assert len(expand(["d"])) == 1
    finally:
        sys.setrecursionlimit(limit)


class FakeStdin(io.TextIOWrapper):
    def __init__(self, content: bytes, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content))
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", FakeStdin(b"a picture"))
    assert expand(["-", "b.jpg"]) == [Item("stdin", b"a picture"), Item("image", Path("b.jpg"))]
    assert refusal("-") == "nothing came on standard input; pipe a picture into it"
    assert refusal("-", "-") == "standard input (-) can be read only once"
    monkeypatch.setattr(sys, "stdin", FakeStdin(b"", terminal=True))
    assert refusal("-").startswith("standard input is a terminal; pipe a picture into it, e.g.")
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal("-").startswith("standard input is a terminal")


def test_imports_nothing_heavy() -> None:
    code = "import sys, vultus.inference.source; sys.exit(bool({'numpy', 'cv2', 'onnxruntime'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
