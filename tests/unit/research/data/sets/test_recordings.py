"""Long films and the expressions marked in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.made import broken, frames, picture
from vultus.errors import InputError
from vultus.inference.image import read
from vultus.inference.record import VideoWriter
from vultus.research.data.sets.material import Block, Files
from vultus.research.data.sets.recordings import Film, Mark, found, gathered, mark, numbered

CLASSES = ("positive", "negative")
CELLS = {"onset": "11", "apex": "15", "offset": "21", "expression": "positive"}


def film(path: Path, count: int, side: int = 64) -> Path:
    """A film whose frames become lighter."""
    with VideoWriter(path, fps=30) as writer:
        for number in range(count):
            writer.write(np.full((side, side, 3), 20 + 10 * number, np.uint8))
    return path


def test_frames_follow_their_numbers_and_gaps_hold_the_last(tmp_path: Path) -> None:
    home = frames(tmp_path, ["img2.png", "img10.png", "img4.png"])
    names = [path.name for path in numbered(home)]
    assert names == ["img2.png"] * 3 + ["img4.png"] * 6 + ["img10.png"]
    picture(home / "img0.png")
    assert numbered(home)[1].name == "img0.png"
    (tmp_path / "empty").mkdir()
    assert numbered(tmp_path / "empty") == ()
    picture(home / "10.png")
    with pytest.raises(InputError, match=r"img10\.png has the same number as 10\.png"):
        numbered(home)
    with pytest.raises(InputError, match=r"cover\.png: the name of a frame must end with its number"):
        numbered(frames(tmp_path / "other", ["cover.png"]))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [({}, (10, 14, 20)), ({"offset": "0"}, (10, 14, 14)), ({"apex": "-1"}, (10, 15, 20)), ({"apex": "/"}, (10, 15, 20)),
     ({"apex": "40"}, (10, 15, 20)), ({"onset": "0"}, (0, 14, 20))],
)  # fmt: skip
def test_marks_count_from_nought(cells: dict[str, str], expected: tuple[int, int, int]) -> None:
    made = mark("micro", {**CELLS, **cells}, "row 1")
    assert (made.onset, made.apex, made.offset) == expected


def test_marks_that_cannot_be_are_told() -> None:
    with pytest.raises(InputError, match="row 4: the expression begins in frame 11 and ends in frame 9"):
        mark("micro", {**CELLS, "offset": "9"}, "row 4")
    with pytest.raises(InputError, match="row 4: expected a whole number, not 'soon'"):
        mark("micro", {**CELLS, "onset": "soon"}, "row 4")


def test_a_set_of_folders(tmp_path: Path) -> None:
    homes = [frames(tmp_path / name, [f"{n}.png" for n in range(1, 6)]) for name in "ab"]
    films = [Film(home.name, f"person {home.name}", numbered(home), 30.0) for home in homes]
    marks = {"a": [Mark("macro", 3, 4, 9, ""), Mark("micro", 0, 2, 3, "negative")], "c": [Mark("micro", 0, 1, 2, "")]}
    marked, remarks = gathered(films, marks)
    assert [one.onset for one in marked[0].marks] == [0, 3]
    assert remarks[0] == "1 marked expressions are of films that are not here, the first of them c"
    assert remarks[1] == "1 marked expressions end after their film, the first of them in a"
    here = found("made", marked, CLASSES, {"micro": {"": 1}}, remarks, people=3)
    assert here.films == marked
    assert here.remarks[-1] == "2 people, but 3 are published"
    assert set(here.parts) == {"films", "micro", "macro"}
    micro = here.parts["micro"]
    assert isinstance(micro.pictures, Files)
    assert micro.pictures.paths == (homes[0] / "3.png",)
    assert {key: column.tolist() for key, column in micro.fields.items()} == {
        "expression": [1], "film": [0], "onset": [0], "apex": [2], "offset": [3]
    }  # fmt: skip
    assert here.parts["macro"].fields["expression"].tolist() == [-1]
    assert micro.subjects is not None
    assert micro.subjects.tolist() == ["person a"]
    seen = list(marked[0].pictures(2))
    np.testing.assert_array_equal(seen[1], read(homes[0] / "3.png"))
    assert len(seen) == 3
    assert len(marked[0].fingerprint()) == 5
    with pytest.raises(InputError, match="'sly' is none of the labels positive, negative"):
        found("made", [Film("a", "a", films[0].frames, 30.0, (Mark("micro", 0, 1, 2, "sly"),))], CLASSES, {}, (), 1)


def test_frames_are_read_out_of_films(tmp_path: Path) -> None:
    films = [Film("a", "x", film(tmp_path / "a.avi", 8), 30.0), Film("b", "y", film(tmp_path / "b.avi", 8, 32), 30.0),
             Film("c", "z", broken(tmp_path / "c.png").rename(tmp_path / "c.avi"), 30.0)]  # fmt: skip
    marked = [Film(one.name, one.subject, one.frames, 30.0, (Mark("micro", 1, at, 30, "positive"),))
              for one, at in zip(films, (5, 5, 0), strict=True)]  # fmt: skip
    marked.append(Film("d", "x", films[0].frames, 30.0, (Mark("micro", 1, 30, 30, "positive"),)))
    here = found("made", marked, CLASSES, {}, (), people=3)
    stills = here.parts["micro"].pictures
    assert isinstance(stills, Block)
    pixels, bad = stills.load()
    assert pixels.shape == (4, 64, 64, 3)
    assert abs(int(pixels[0].mean()) - 70) < 6
    assert set(bad) == {1, 2, 3}
    assert bad[1] == "its size is 32 x 32, but others are 64 x 64"
    assert bad[3] == "its film ends before it"
    assert gathered(films[:1], {"a": [Mark("micro", 0, 1, 30, "")]})[1][0].startswith("1 marked expressions end after")
    assert len(films[0].fingerprint()) == 1
    assert len(list(films[0].pictures(3))) == 3
