"""Lattices in the layout of the authors' repository, and what is wrong with some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError, ShapeError
from vultus.evaluation.geometry.lattice import Curves, Person, field_of, read_array, read_lattices, unit


def written(folder: Path, lines: list[str] | None = None, systems: tuple[str, ...] = ("",), rows: int = 6) -> Path:
    folder.mkdir(exist_ok=True)
    body = lines or ["0,7,hue,0", "1,7,hue,1", "2,7,hue,2", "5,9,3,2", "1,9,3,1", "4,9,3,0"]
    (folder / "df_param_step.csv").write_text("\n".join(["index,id_curve,moving_dimension,param_step", *body]) + "\n")
    random = np.random.default_rng(0)
    for system in systems:
        (folder / system).mkdir(exist_ok=True)
        for name in ("a", "b"):
            np.save(folder / system / f"{name}.npy", random.normal(size=(rows, 4)).astype(np.float32))
    return folder


def test_one_system_beside_the_list(tmp_path: Path) -> None:
    (found,) = read_lattices(written(tmp_path / "one"))
    assert (found.name, found.attributes, [who.name for who in found.people]) == ("one", ("hue", "3"), ["a", "b"])
    assert found.people[0].curves["3"].rows.tolist() == [[4, 1, 5]]
    assert found.people[0].curves["hue"].points.tolist() == [1]
    moved = field_of(found.people[0], "hue")
    vectors = found.people[0].vectors
    assert moved.length[0] == pytest.approx(np.linalg.norm(vectors[2] - vectors[0]), rel=1e-5)
    assert moved.along[0] == pytest.approx((vectors[2] - vectors[0]) / moved.length[0], rel=1e-4)
    assert moved.half[0] == pytest.approx(unit((vectors[1] - vectors[0])[None])[0], rel=1e-4)


def test_a_folder_per_system(tmp_path: Path) -> None:
    assert [one.name for one in read_lattices(written(tmp_path / "two", systems=("x", "y")))] == ["x", "y"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["0,7,hue,0", "1,7,hue,1"], "each curve of hue must have the steps 0, 1 and 2, once each"),
        (["0,7,hue,0", "1,8,hue,1", "2,8,hue,2"], "each curve of hue must have the steps 0, 1 and 2"),
        (["-1,7,hue,0", "1,7,hue,1", "2,7,hue,2"], "index must be a row of the arrays, but is -1"),
        (["0,7,hue,0", "1,7,hue,1", "9,7,hue,2"], "has 6 embeddings, but df_param_step.csv speaks of 10"),
    ],
)
def test_lists_that_are_not_whole(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_lattices(written(tmp_path / "bad", lines))


def test_files_that_are_no_embeddings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"but no \.npy file of a person, neither in it nor in a folder of it"):
        read_lattices(written(tmp_path / "none", systems=()))
    (tmp_path / "text.npy").write_text("no")
    with pytest.raises(InputError, match=r"cannot read .*text\.npy"):
        read_array(tmp_path / "text.npy")
    np.save(tmp_path / "flat.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"must hold embeddings, float \(N, D\)"):
        read_array(tmp_path / "flat.npy")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"cannot read .*objects\.npy"):
        read_array(tmp_path / "objects.npy")


def test_steps_that_are_not_there_and_vectors_that_are_not_finite() -> None:
    vectors = np.ones((3, 4), np.float32)
    rows = np.array([[0, 1, 3]])
    with pytest.raises(ShapeError, match=r"\(P, 3\) below 3 embeddings"):
        field_of(Person("x", vectors, {"a": Curves(rows, rows[:, 1])}), "a")
    vectors[1] = np.nan
    with pytest.raises(ShapeError, match="not finite for x along a"):
        field_of(Person("x", vectors, {"a": Curves(rows - [[0, 0, 1]], rows[:, 1])}), "a")
