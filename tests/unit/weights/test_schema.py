from __future__ import annotations

import copy
import json
import re
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.weights.conftest import toy
from vultus.errors import ConfigError, InputError, UnknownNameError
from vultus.weights.manifest import AlignerSpec, DetectorSpec, EmbedderSpec, FileSpec, Licence, LivenessSpec, Pack
from vultus.weights.schema import parse_calibration, parse_pack

HERE = Path("/nowhere")
POINT = {"fmr": 0.1, "threshold": 0.2, "low": 0.1, "high": 0.3}
CALIBRATION = {"calibration_id": "c1", "dataset": "d", "n_impostor": 1000, "n_subjects": 50, "points": [POINT]}
LIVENESS = {
    "kind": "minifasnet", "file": "embedder.onnx", "crop_scale": 2.7, "size": 80, "live_index": 1, "colour": "BGR",
    "scale": 1, "threshold": 0.5, "operating_point": "not measured",
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The toy manifest with the value at a dotted path replaced, or taken out when the value is ..."""
    data = copy.deepcopy(toy(liveness=dict(LIVENESS), calibrations=[copy.deepcopy(CALIBRATION)]))
    at: Any = data
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in steps:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return data


def parse(data: Any) -> Any:
    return parse_pack(data, where="my.json", directory=HERE)


def test_a_full_manifest_is_read_with_its_defaults() -> None:
    pack = parse(changed("title", "Toy"))
    assert pack.name == "toy"
    assert pack.directory == HERE
    assert pack.embedder.flip is False
    assert pack.embedder.centre is None
    assert pack.embedder.scale == 1.0
    assert pack.aligner.template[2] == (2.0, 2.0)
    assert pack.liveness is not None
    assert pack.liveness.live_index == 1
    assert pack.calibrations[0].points[0].threshold == 0.2
    assert parse(changed("liveness", None)).liveness is None
    assert parse(changed("calibrations", [])).calibrations == ()


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("schema", "vultus.pack/9", r"my\.json: schema must be 'vultus\.pack/1', but is 'vultus\.pack/9'"),
        ("title", ..., r"my\.json\.title is missing"),
        ("embedder.dimension", ..., r"my\.json\.embedder\.dimension is missing"),
        ("title", "  ", r"my\.json\.title must be a text, but is '  ' \(str\)"),
        ("name", "../evil", r"my\.json\.name must be a plain name of letters, digits, .* but is '\.\./evil'"),
        ("files.0.name", "a/b.onnx", r"files\[0\]\.name must be a plain name"),
        ("files.0.name", "model.pt", r"files\[0\]\.name must end in \.onnx or \.npz, but is 'model\.pt'"),
        ("files.0.sha256", "abc", r"files\[0\]\.sha256 must be 64 lowercase hex digits or null, but is 'abc'"),
        ("files.0.size_bytes", 0, r"size_bytes must be a whole number of at least 1, but is 0 \(int\)"),
        ("files.0.url", "http://x.org/a", r"url must start with https://, but is http://x\.org/a"),
        ("files.0.package", "os.path", r"package must be the name of a top-level package, but is 'os\.path'"),
        ("files.0.package", "numpy", r"needs package and package_path together"),
        ("files.0.member", "a.onnx", r"member names a file of an archive, but there is no url"),
        ("files.0.archive_bytes", 5, r"describes an archive, but names no member of it"),
        ("files", [], r"my\.json\.files must be a list of at least one item, but is \[\] \(list\)"),
        ("detector", 3, r"my\.json\.detector must be a JSON object, but is 3 \(int\)"),
        ("aligner.template", [[0, 0]], r"aligner\.template must be a list of 5 items"),
        ("aligner.template.3", [1, 2, 3], r"aligner\.template\[3\] must be a list of 2 items"),
        ("embedder.mean.1", "x", r"embedder\.mean\[1\] must be a finite number, but is 'x' \(str\)"),
        ("embedder.mean.1", float("nan"), r"embedder\.mean\[1\] must be a finite number, but is nan"),
        ("embedder.mean.1", 10**400, r"embedder\.mean\[1\] must be a finite number, but is 1000"),
        ("embedder.dimension", 10**400, r"embedder\.dimension must be a whole number of at least 1, but is 1000"),
        ("embedder.scale", 0, r"embedder\.scale must be above 0, but is 0"),
        ("aligner.kind", "dlib5", r"aligner needs one file, the landmark model, when its kind is dlib5, else none"),
        ("aligner.files", ["detector.onnx"], r"aligner needs one file, the landmark model, when its kind is dlib5"),
        ("embedder.size", 8, r"aligner\.size is 4 and my\.json\.embedder\.size is 8; they must be equal"),
        ("embedder.flip", 1, r"embedder\.flip must be true or false, but is 1 \(int\)"),
        ("embedder.centre", [1.0, 2.0, 3.0], r"embedder\.centre must have 2 numbers, but has 3"),
        ("liveness.threshold", 1.5, r"liveness\.threshold must lie between 0 and 1, but is 1\.5"),
        ("liveness.live_index", -1, r"live_index must be a whole number of at least 0, but is -1"),
        ("detector.options", {"side": None}, r"detector\.options\.side must be a finite number, but is None"),
        ("calibrations.0.n_impostor", True, r"calibrations\[0\]\.n_impostor must be a whole number of at least 1"),
        ("calibrations.0.points", [POINT, POINT], r"points must fall in fmr and rise in threshold, but fmr 0\.1 at"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_place(path: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("tittle", "x", r"unknown key in my\.json: 'tittle'; did you mean 'title'"),
        ("embedder.color", "RGB", r"unknown key in my\.json\.embedder: 'color'; did you mean 'colour'"),
        ("directory", "/etc", r"unknown key in my\.json: 'directory'"),
        ("detector.kind", "yunnet", r"unknown value of my\.json\.detector\.kind: 'yunnet'; did you mean 'yunet'"),
        ("embedder.colour", "rgb", r"unknown value of my\.json\.embedder\.colour: 'rgb'.* Allowed: RGB, BGR"),
        ("licence.use", "any", r"licence\.use: 'any'.* Allowed: commercial, research"),
        ("embedder.file", "embeder.onnx", r"unknown file in my\.json: 'embeder\.onnx'; did you mean 'embedder\.onnx'"),
        ("liveness.file", "x.onnx", r"unknown file in my\.json: 'x\.onnx'.* Listed: detector\.onnx, embedder\.onnx"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(path: str, value: Any, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        parse(changed(path, value))


def test_a_file_is_listed_once() -> None:
    data = toy()
    data["files"].append(data["files"][0])
    with pytest.raises(ConfigError, match=r"files lists detector\.onnx more than once"):
        parse(data)


def test_one_address_for_two_files_needs_members() -> None:
    data = toy()
    for spec in data["files"]:
        spec["url"] = "https://x.org/both.zip"
    with pytest.raises(ConfigError, match=r"has https://x\.org/both\.zip twice; name a member"):
        parse(data)


def test_url_and_package_exclude_each_other() -> None:
    data = toy()
    data["files"][0].update(url="https://x.org/a", package="numpy", package_path="a")
    with pytest.raises(ConfigError, match="has both url and package; give one"):
        parse(data)


@pytest.mark.parametrize("path", ["/etc/passwd", "a/../../b", "a\\b"])
def test_a_path_stays_inside_the_package(path: str) -> None:
    data = toy()
    data["files"][0].update(package="numpy", package_path=path)
    with pytest.raises(ConfigError, match="must be a path inside the package or archive"):
        parse(data)


def test_a_pack_without_folder_needs_an_origin() -> None:
    with pytest.raises(ConfigError, match=r"files\[detector\.onnx\] needs a url or a package: no folder"):
        parse_pack(toy(), where="my.json")


def test_not_an_object() -> None:
    with pytest.raises(ConfigError, match=r"my\.json must be a JSON object, but is \[\] \(list\)"):
        parse([])


def test_a_calibration_may_carry_notes() -> None:
    found = parse_calibration({**CALIBRATION, "n_failed": 3}, "here")
    assert found.calibration_id == "c1"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    "schema",
    "name",
    "licence",
    "licence.use",
    "detector.files",
    "detector.options",
    "aligner.template",
    "aligner.size",
    "embedder",
    "embedder.mean",
    "embedder.layout",
    "liveness",
    "files",
    "files.0",
    "files.0.sha256",
    "files.0.url",
    "calibrations",
    "calibrations.0.points",
    "calibrations.0.points.0.fmr",
    "golden",
]


@given(st.sampled_from(PATHS), JSON)
def test_any_junk_is_an_input_error_or_a_pack(path: str, junk: Any) -> None:
    data = json.loads(json.dumps(changed(path, junk)))
    with suppress(InputError):
        assert parse(data).name


def test_the_manifest_of_the_docs_is_sound(checkout: Path) -> None:
    (text,) = re.findall(r"^```json\n(.*?)^```", (checkout / "docs/packs.md").read_text("utf-8"), re.M | re.S)
    pack = parse(json.loads(text))
    assert pack.name == "my_pack"
    assert pack.liveness is not None


def test_every_field_is_in_the_docs(checkout: Path) -> None:
    told = (checkout / "docs/packs.md").read_text("utf-8")
    records = (Pack, Licence, FileSpec, DetectorSpec, AlignerSpec, EmbedderSpec, LivenessSpec)
    names = {part.name for record in records for part in fields(record)} - {"directory"}
    assert sorted(name for name in names if f"`{name}`" not in told and f'"{name}"' not in told) == []
