from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

import pytest

from unit.research.toy import Config, Part
from vultus.config import apply, merge, read_settings
from vultus.errors import InputError, MissingExtraError, UnknownNameError


def test_settings_take_the_kind_of_what_they_replace():
    found = apply(Config(), ["effect=1", "parameters=7", "name=12", "sizes=[3,4]", "part.width=5"])
    assert found == Config(effect=1.0, parameters=7, name="12", sizes=(3, 4), part=Part(5))
    assert isinstance(found.effect, float)
    assert apply(Config(), []) == Config()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("effect", "a setting must be KEY=VALUE, but is 'effect'"),
        ("effect=much", "effect must be of the kind of 0.0, but is 'much'"),
        ("parameters=1.5", "parameters must be of the kind of 100"),
        ("parameters=true", "parameters must be of the kind of 100"),
        ("sizes=3", r"sizes must be of the kind of \(1, 2\), but is '3'"),
    ],
)
def test_values_that_do_not_fit(override, message):
    with pytest.raises(InputError, match=message):
        apply(Config(), [override])


def test_settings_that_are_not_there():
    with pytest.raises(UnknownNameError, match="unknown setting 'with'; did you mean 'width'"):
        apply(Config(), ["part.with=1"])
    with pytest.raises(UnknownNameError, match="effect has no parts"):
        apply(Config(), ["effect.x=1"])


def test_settings_of_a_mapping_and_of_a_file(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("effect: 1\nname: b\nsizes: [3, 4]\npart:\n  width: 5\n", "utf-8")
    found = merge(Config(), read_settings(path))
    assert found == Config(effect=1.0, name="b", sizes=(3, 4), part=Part(5))
    assert merge(Config(), json.loads(json.dumps(asdict(found)))) == found, "what a checkpoint holds leads back"
    assert merge(Nested(), {"rows": [[1, 2], [3]], "maybe": 4}) == Nested(((1, 2), (3,)), 4)


@dataclass(frozen=True)
class Nested:
    rows: tuple[tuple[int, ...], ...] = ()
    maybe: int | None = None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"part": {"width": "wide"}}, r"part\.width must be of the kind of 3, but is '\"wide\"'"),
        ({"part": 3}, r"part must be of the kind of Part"),
        ({"name": 12}, "name must be of the kind of 'a', but is '12'"),
        ({"part": {"with": 1}}, "unknown setting 'with'; did you mean 'width'"),
    ],
)
def test_a_mapping_that_does_not_fit(settings, message):
    with pytest.raises(InputError, match=message):
        merge(Config(), settings)


def test_files_that_hold_no_settings(tmp_path, monkeypatch):
    path = tmp_path / "settings.yaml"
    with pytest.raises(InputError, match=r"cannot read the settings of .*: No such file"):
        read_settings(path)
    path.write_text("a: [1", "utf-8")
    with pytest.raises(InputError, match="is no YAML: "):
        read_settings(path)
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InputError, match="is no YAML: "):
        read_settings(path)
    path.write_text("just words", "utf-8")
    with pytest.raises(InputError, match=r"must hold settings, one `name: value` a line"):
        read_settings(path)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match=r"vultus\[research\]"):
        read_settings(path)
