"""Films of published sets as flow: tiny copies of their layouts, with skin that moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from unit.research.data.sets.made import book
from vultus.errors import InputError
from vultus.inference.image import write
from vultus.research.data.sets.recordings import Film, Mark, numbered
from vultus.research.methods.micro_expression import boosting_vrme
from vultus.research.methods.micro_expression.boosting_vrme import flow
from vultus.research.methods.micro_expression.boosting_vrme.films import CLASSES, NEUTRAL
from vultus.research.methods.micro_expression.boosting_vrme.recorded import (
    cache,
    films_of,
    people_of,
    recorded,
    without,
)
from vultus.research.methods.micro_expression.boosting_vrme.rivals import Movement

MARKS = np.array([[24, 20], [40, 20], [32, 30], [26, 40], [38, 40]], np.float32)


def skin(folder: Path, count: int, seed: int) -> Path:
    """A film of textured skin that wanders."""
    grain = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    soft = np.asarray(cv2.GaussianBlur(grain, (0, 0), 2.0), np.uint8)
    for number in range(1, count + 1):
        write(folder / f"img{number:03d}.png", np.roll(soft, number % 3, axis=1))
    return folder


def tree(root: Path, people: int = 2) -> Path:
    """CAS(ME)^2 with a film of each person, and one in which nothing is marked."""
    rows = [[person, "anger1_1", 6, 9, 12, "4", "negative", "micro-expression", ""] for person in range(1, people + 1)]
    book(root / "CAS(ME)^2code_final.xlsx", rows, [[one, f"s{one:02d}", one] for one in range(1, people + 1)],
         [["0401", "anger1"]])  # fmt: skip
    for person in range(1, people + 1):
        skin(root / f"rawpic/s{person:02d}/{person:02d}_0401girlcrashed", 14 + person, person)
    skin(root / "rawpic/s01/01_0101disgustingteeth", 10, 9)
    return root


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(flow, "finder", lambda: lambda frame: MARKS)


@pytest.mark.usefixtures("found")
def test_a_set_in_a_folder_becomes_data(tmp_path: Path) -> None:
    config = replace(boosting_vrme.Config.tiny(), window=8)
    folder = tree(tmp_path / "set")
    data = boosting_vrme.data(config, 1, folder)
    assert set(data.test.subjects) == {"s02"}
    assert set(data.train.subjects) == {"s01"}
    assert data.test["flow"].shape == (1, 16, 38)
    assert data.test["marks"].tolist() == [[[5, 8, 11, CLASSES.index("negative")]]]
    assert np.flatnonzero(data.test["label"][0] != NEUTRAL).tolist() == [6, 7, 8, 9, 10]
    assert data.test["kp"].tolist() == [4]
    assert data.train["flow"].shape[1:] == (8, 38)
    assert set(boosting_vrme.data(config, 0, folder).test.subjects) == {"s01"}
    model = Movement()
    model.fit(data.train, 1)
    assert 0 <= boosting_vrme.score(model, data.test)["strs"] <= 1
    assert len(list(cache().glob("*.npy"))) == 2
    every = boosting_vrme.data(replace(config, marked_only=False), 0, folder)
    assert len(every.test) == 2
    assert sorted(every.test["length"].tolist()) == [10, 15]
    assert every.test["flow"].shape[1] == 16
    short = every.test["length"].argmin()
    np.testing.assert_array_equal(every.test["flow"][short, 10:], every.test["flow"][short, [9] * 6])


def test_what_was_measured_is_kept_until_the_film_changes(tmp_path: Path) -> None:
    asked: list[int] = []

    def find(frame: np.ndarray) -> np.ndarray:
        asked.append(1)
        return MARKS

    home = skin(tmp_path / "a", 8, 0)
    film = Film("a", "x", numbered(home), 30.0, (Mark("micro", 3, 5, 8, "happy"),))
    named: list[str] = []
    first = recorded([film], 6, tmp_path / "kept", find, named.append)
    assert named == ["a"]
    looks = len(asked)
    again = recorded([film], 6, tmp_path / "kept", find)
    np.testing.assert_array_equal(first["flow"], again["flow"])
    assert len(asked) == looks
    kept = next((tmp_path / "kept").glob("*.npy"))
    kept.write_bytes(kept.read_bytes()[:500])
    np.testing.assert_array_equal(first["flow"], recorded([film], 6, tmp_path / "kept", find)["flow"])
    recorded([film], 7, tmp_path / "kept", find)
    skin(home, 9, 1)
    recorded([replace(film, frames=numbered(home))], 6, tmp_path / "kept", find)
    assert len(asked) == 4 * looks
    assert len(list((tmp_path / "kept").iterdir())) == 3


def test_fast_films_are_thinned_out_and_marks_with_them(tmp_path: Path) -> None:
    marks = (Mark("micro", 14, 28, 200, "surprise"), Mark("micro", 70, 71, 72, ""), Mark("macro", 0, 5, 9, "happy"),
             Mark("micro", 900, 901, 902, "happy"))  # fmt: skip
    film = Film("a", "x", numbered(skin(tmp_path / "a", 64, 0)), 200.0, marks)
    whole = recorded([film], 8, tmp_path / "kept", lambda frame: MARKS)
    assert whole["length"].tolist() == [10]
    assert whole["marks"].tolist() == [[[2, 4, 9, CLASSES.index("surprise")]]]


def test_films_that_cannot_be_used(tmp_path: Path) -> None:
    film = Film("a", "x", numbered(skin(tmp_path / "a", 9, 0)), 30.0)
    with (
        pytest.warns(UserWarning, match="a is left out: 9 frames, but 16 are needed"),
        pytest.raises(InputError, match="no film has 16 frames"),
    ):
        recorded([film], 16, tmp_path / "kept", lambda frame: MARKS)
    with pytest.raises(InputError, match="a: no face is in the film"):
        recorded([film], 8, tmp_path / "kept", lambda frame: None)
    with pytest.raises(InputError, match=r"holds no films with marked micro-expressions; looked for: CAS\(ME\)"):
        films_of(tmp_path, marked_only=True)
    folder = tree(tmp_path / "set", people=1)
    whole = recorded(films_of(folder, marked_only=True), 8, tmp_path / "kept", lambda frame: MARKS)
    with pytest.raises(InputError, match="of 1 people something is marked"):
        people_of(whole)
    mine = without(whole, "s01")[1]
    assert mine.name == "films of s01"
    book(folder / "CAS(ME)^2code_final.xlsx", [[1, "anger1_1", 1, 2, 3, "", "", "micro-expression", ""]],
         [[1, "s01", 1]], [["0401", "anger1"]])  # fmt: skip
    with pytest.raises(InputError, match=r"no micro-expression of casme_squared in .* says its emotion"):
        films_of(folder, marked_only=True)
