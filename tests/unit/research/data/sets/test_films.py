from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.filmed import film, rows
from vultus.errors import ImageError, InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.films import films_in, middle_row, of_eyes, part
from vultus.research.data.sets.pictures import Pictures, still

KINDS = (BONA_FIDE, "print")


def test_a_film_gives_the_picture_in_its_middle_cut_to_the_face(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", [0] * 5 + [100] * 5)
    whole = part([(path, Presentation("a", "print", "7"))], KINDS, lambda path: None)
    assert whole.fields["species"].tolist() == [1]
    assert whole.fields["label"].tolist() == [1]
    assert whole.subjects is not None
    assert whole.subjects.tolist() == ["7"]
    column = Pictures(whole.pictures, 24)  # type: ignore[arg-type]
    assert abs(int(column.one(0)[0, 0, 0]) - 100) < 6
    cut = part([(path, Presentation("a", BONA_FIDE, "7"))], KINDS, lambda path: (22.0, 12.0, 36.0, 28.0))
    assert Pictures(cut.pictures, 8).one(0).mean() > 200  # type: ignore[arg-type]
    assert films_in(tmp_path) == [path]
    assert films_in(tmp_path / "none") == []


def test_where_one_film_tells_no_face_it_is_whole(tmp_path: Path) -> None:
    paths = [film(tmp_path / f"{name}.avi", [50] * 4) for name in "ab"]
    boxes = {paths[0]: (20.0, 10.0, 40.0, 30.0), paths[1]: None}
    found = part([(path, Presentation(path.stem, "print", "1")) for path in paths], KINDS, boxes.get)
    column = Pictures(found.pictures, 0)  # type: ignore[arg-type]
    assert column.one(0).shape == (30, 30, 3)
    assert column.one(1).shape == (48, 64, 3)


def test_bad_films_are_told(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(InputError, match=r"shows 'mask', but the kinds are bona_fide, print"):
        part([(tmp_path / "a.avi", Presentation("a", "mask", "1"))], KINDS, lambda path: None)
    (tmp_path / "b.avi").write_bytes(b"no film")
    with pytest.raises(ImageError, match=r"cannot read image .*b.avi"):
        still(tmp_path / "b.avi", 0.5)
    monkeypatch.setattr("vultus.inference.video.frames", lambda *_, **__: iter(()))
    with pytest.raises(ImageError, match="the film has no picture after"):
        still(film(tmp_path / "c.avi", [0] * 4), 0.5)


def test_rows_of_numbers(tmp_path: Path) -> None:
    file = rows(tmp_path / "a.face", "0 0 0 0 0", "1 5 6 7 8", "2,9,10,11,12", "3 1 2 3 4")
    found = middle_row(file, 4)
    assert found is not None
    assert found.tolist() == [9, 10, 11, 12]
    bare = middle_row(rows(tmp_path / "b.face", "5 6 7 8"), 4, numbered=False)
    assert bare is not None
    assert bare.tolist() == [5, 6, 7, 8]
    assert middle_row(tmp_path / "none.face", 4) is None
    assert middle_row(rows(tmp_path / "c.face", "0 0 0 0 0"), 4) is None
    for line in ("1 2 3", "1 2 x 4 5"):
        with pytest.raises(InputError, match="line 1: expected a frame and 4 numbers"):
            middle_row(rows(tmp_path / "d.face", line), 4)


def test_a_face_around_its_eyes() -> None:
    left, top, right, bottom = of_eyes(np.array([40.0, 50, 60, 50])) or (0.0,) * 4
    assert (left, right) == (28.0, 72.0)
    assert top < 50 < bottom
    assert of_eyes(None) is None
