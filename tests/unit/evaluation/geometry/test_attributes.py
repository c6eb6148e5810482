"""Tables of attributes as people write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.geometry.attributes import read_attributes


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_kinds_of_columns(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv",
        "image,identity,smiling,glasses,age,hair,sex\n"
        "a,x,1,yes,20,dark,f\nb,x,-1,no,30,fair,m\nc,y,-1,,40,red,\nd,y,1,no,,dark,m\n",
    )
    found, labels = read_attributes(path, "image")
    assert found.values["identity"] == ("x", "x", "y", "y")
    assert list(labels) == ["smiling", "glasses", "age above 30", "hair dark", "hair fair", "hair red", "sex f"]
    assert labels["smiling"].tolist() == [1, -1, -1, 1]
    assert labels["glasses"][[0, 1, 3]].tolist() == [1, -1, -1]
    assert np.isnan(labels["glasses"][2])
    assert labels["age above 30"][:3].tolist() == [-1, -1, 1]
    assert np.isnan(labels["age above 30"][3])
    assert labels["sex f"][[0, 1, 3]].tolist() == [1, -1, -1]
    assert list(read_attributes(path, "image", ["smiling"])[1]) == ["smiling"]
    assert list(read_attributes(path, "identity", ["sex"])[1]) == ["sex f"]


def test_what_is_no_attribute(tmp_path: Path) -> None:
    rows = "".join(f"i{n},word{n}\n" for n in range(13))
    path = written(tmp_path / "a.csv", f"image,note\n{rows}")
    with pytest.raises(InputError, match=r"note has 13 different words, more than 12; name the columns that are"):
        read_attributes(path, "image")
    with pytest.raises(InputError, match="must have the columns image,age"):
        read_attributes(path, "image", ["age"])
    path = written(tmp_path / "b.csv", "image,smiling\na,1\n,0\n")
    with pytest.raises(InputError, match="image is empty"):
        read_attributes(path, "image")
