"""Action units from OpenFace's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.research.data.sets.openface import UNITS, intensities


def written(path: Path, faces: list[tuple[float, float]], *, success: list[int] | None = None) -> Path:
    """A table as OpenFace writes it, with blanks behind commas; a face is its confidence and the strength of AU01."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [
        "face" if success is None else "frame",
        "confidence",
        *(["success"] if success else []),
        *UNITS,
        "AU01_c",
    ]
    lines = [", ".join(columns)]
    for row, (confidence, strength) in enumerate(faces):
        units = [strength, *(0.1 * number for number in range(1, 17))]
        lines.append(", ".join(map(str, [row, confidence, *([success[row]] if success else []), *units, 1.0])))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_the_surest_face_of_each_picture(tmp_path: Path) -> None:
    written(tmp_path / "tables/a.csv", [(0.3, 1.0), (0.9, 2.5)])
    written(tmp_path / "tables/deep/b.csv", [(0.9, 4.0), (0.5, 3.0)], success=[0, 1])
    pictures = [tmp_path / "set/deep/b.jpg", tmp_path / "set/deep/a.png"]
    found = intensities(tmp_path / "tables", pictures, tmp_path / "set")
    assert found.shape == (2, 17)
    assert found.dtype == np.float32
    assert found[:, 0].tolist() == [3.0, 2.5]
    np.testing.assert_allclose(found[0, 1:], np.arange(1, 17) * 0.1, rtol=1e-6)
    assert intensities(tmp_path / "tables", [Path("/elsewhere/a.jpg")], tmp_path / "set")[0, 0] == 2.5


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="tables is no folder with tables of OpenFace"):
        intensities(tmp_path / "tables", [], tmp_path)
    tables = tmp_path / "tables"
    written(tables / "a.csv", [(0.5, 1.0)])
    with pytest.raises(InputError, match=r"b\.jpg has no table of OpenFace: neither .*x/b\.csv nor .*tables/b\.csv"):
        intensities(tables, [tmp_path / "x/b.jpg"], tmp_path)
    with pytest.raises(InputError, match=r"a\.csv would be the table of .*x/a\.jpg and of .*y/a\.jpg: keep folders"):
        intensities(tables, [tmp_path / "x/a.jpg", tmp_path / "y/a.jpg"], tmp_path)
    written(tables / "c.csv", [(0.5, 1.0)], success=[0])
    with pytest.raises(InputError, match=r"c\.csv: OpenFace found no face"):
        intensities(tables, [tmp_path / "c.jpg"], tmp_path)
    written(tables / "d.csv", [(0.5, 7.0)])
    with pytest.raises(InputError, match=r"d\.csv: intensities lie between 0 and 5, but go from 0\.1 to 7"):
        intensities(tables, [tmp_path / "d.jpg"], tmp_path)
    (tables / "e.csv").write_text("face, confidence, AU01_r\n0, 0.9, 1\n", "utf-8")
    with pytest.raises(InputError, match=r"e\.csv must have the columns confidence,AU01_r,AU02_r"):
        intensities(tables, [tmp_path / "e.jpg"], tmp_path)
