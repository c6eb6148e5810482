"""Annotated pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from unit.cli.fake import ADA, GRACE, SHOWN, FakeEngine, picture
from vultus.cli.pictures import Album, expression_marks, name_marks, plain_marks
from vultus.cli.scan import View
from vultus.errors import InputError
from vultus.inference.image import read
from vultus.types import Candidate, Decision, Identification


def items(*kinds: str) -> Any:
    return [SimpleNamespace(kind=kind, value="x") for kind in kinds]


def test_one_file_for_one_picture_only(tmp_path: Path) -> None:
    Album(tmp_path / "out.png", items("image"))
    with pytest.raises(InputError, match="names one picture, but the inputs may give several; name a folder instead"):
        Album(tmp_path / "out.png", items("image", "image"))
    with pytest.raises(InputError, match="names one picture"):
        Album(tmp_path / "out.png", items("video"))
    (tmp_path / "dir.png").mkdir()
    Album(tmp_path / "dir.png", items("image", "image"))


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    given = [SimpleNamespace(kind="image", value=tmp_path / "a.png")]
    (tmp_path / "sub").mkdir()
    for target in (tmp_path / "a.png", tmp_path / "sub/../a.png", tmp_path):
        with pytest.raises(InputError, match=r"would overwrite the input .*a\.png; name another file or folder"):
            Album(target, given)  # type: ignore[arg-type]
    Album(tmp_path / "b.png", given)  # type: ignore[arg-type]
    Album(tmp_path / "sub", given)  # type: ignore[arg-type]


def test_names_in_a_folder(tmp_path: Path) -> None:
    image = picture(ADA)
    marks = plain_marks(FakeEngine().find(image))
    album = Album(tmp_path / "out", items("image", "image", "video"))
    views = [View("a/x.png", image), View("b/X.png", image), View("-", image), View("film.mp4", image, time_s=1.5)]
    names = [album.save(view, marks).name for view in views]
    assert names == ["x.jpg", "X_2.jpg", "stdin.jpg", "film_000001.50s.jpg"]
    assert album.written == 4
    assert not np.array_equal(read(tmp_path / "out/x.jpg"), image)


def test_marks() -> None:
    good, bad = FakeEngine().find(picture(ADA))[0], FakeEngine().find(picture(GRACE, height=50))[0]
    assert [mark[1:] for mark in plain_marks([good, bad])] == [("0.99", "plain"), ("0.99 too small", "refused")]
    shown = expression_marks([replace(face, expression=SHOWN) for face in (good, bad)])
    assert [mark[1:] for mark in shown] == [("happy 0.70", "plain"), ("happy 0.70 too small", "refused")]
    assert expression_marks([good])[0][1:] == ("", "plain")
    known = Identification(good, Decision(True, 0.71, 0.5, None, "c", 0.01, 2), (Candidate("Ada", 0.71),))
    unknown = Identification(good, Decision(False, 0.3, 0.5, None, "c", 0.01, 2), (Candidate("Ada", 0.3),))
    assert [mark[1:] for mark in name_marks([known, unknown])] == [("Ada 0.71", "match"), ("unknown", "unknown")]
