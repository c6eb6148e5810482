"""Whose faces a calibration was measured on: noticed, and not read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError
from vultus.weights.origin import Origin, origin_of, parse_origin

NAMES = st.sets(st.text(max_size=8), max_size=20)


@given(NAMES, NAMES)
def test_those_in_both_are_told(one: set[str], other: set[str]) -> None:
    origin = parse_origin(json.loads(json.dumps(origin_of(one).document())), "here")
    told = {name.strip() for name in origin.known_people(other)}
    assert {name.strip() for name in one & other} <= told


def test_pictures_and_the_list(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.jpg", "b.jpg")]
    for file in files:
        file.write_bytes(file.name.encode())
    (tmp_path / "list.csv").write_text("score,same\n")
    found = origin_of(["Ada"], [*files, tmp_path / "gone.jpg"], tmp_path / "list.csv")
    assert len(found.pictures) == 2
    assert parse_origin(found.document(), "here") == found
    # a copy under another name, bytes, another picture, and one that is not there
    (tmp_path / "copy.jpg").write_bytes(b"a.jpg")
    assert found.known_pictures([tmp_path / "copy.jpg", b"b.jpg", b"c", tmp_path / "gone.jpg"]) == 2
    assert found.is_source(tmp_path / "list.csv")
    assert not found.is_source(tmp_path / "a.jpg")
    assert not found.is_source(tmp_path)
    assert not origin_of(["Ada"]).is_source(tmp_path / "list.csv")
    assert origin_of(["Ada"]).known_pictures(files) == 0
    with pytest.raises(InputError, match=r"cannot read .*none.csv"):
        origin_of((), (), tmp_path / "none.csv")


def test_files_cannot_be_joined_and_names_not_be_read() -> None:
    one, other = origin_of(["Ada", "Grace"]), origin_of(["Ada", "Grace"])
    assert not one.people & other.people
    assert "Ada" not in json.dumps(one.document())
    # but whoever holds the file can try a name: it is no secret
    assert one.known_people(["Ada", "Marie"]) == ["Ada"]


def test_accents_are_the_same_however_they_are_written() -> None:
    assert origin_of(["Zoe\u0308"]).known_people(["Zo\u00eb"]) == ["Zo\u00eb"]


@pytest.mark.parametrize(
    "changed", [{"key": "xy"}, {"people": "not base64!"}, {"people": 3}, {"list": None}, {"pictures": "A"}]
)
def test_what_is_none(changed: dict[str, object]) -> None:
    document = {**Origin(b"k" * 16).document(), **changed}
    with pytest.raises(ConfigError, match="here: measured_on must hold key, people, pictures and list, as calibrate"):
        parse_origin(document, "here")
    with pytest.raises(ConfigError, match="measured_on must hold key"):
        parse_origin({}, "here")
