"""The words of every error class, the data they carry, and which builtin catches them."""

from __future__ import annotations

import ast
import inspect
import pickle
import re

import pytest

from vultus import errors

SAMPLES: list[tuple[errors.VultusError, str, dict[str, object]]] = [
    (
        errors.ShapeError("box", "float32 (4,)", "int64 (3,)"),
        "box must be float32 (4,), but is int64 (3,)",
        {"name": "box", "expected": "float32 (4,)", "actual": "int64 (3,)"},
    ),
    (
        errors.ImageError("a.jpg", "no such file"),
        "cannot read image a.jpg: no such file",
        {"source": "a.jpg", "reason": "no such file"},
    ),
    (
        errors.VideoError("a.mp4", "no such file"),
        "cannot read video a.mp4: no such file",
        {"source": "a.mp4", "reason": "no such file"},
    ),
    (
        errors.UnsupportedTargetError("FMR", 1e-9, 2.5e-6, "only 1.2 million comparisons"),
        "FMR 1e-09 is not supported: only 1.2 million comparisons; the smallest supported FMR is 2.5e-06",
        {"kind": "FMR", "target": 1e-9, "smallest": 2.5e-6},
    ),
    (errors.NoFaceError("a.jpg"), "no face found in a.jpg", {"source": "a.jpg"}),
    (
        errors.NoFaceError("a.jpg", "spoof"),
        "the face in a.jpg was refused: spoof",
        {"source": "a.jpg", "reason": "spoof"},
    ),
    (
        errors.MissingExtraError("scikit-learn", "bench"),
        'scikit-learn is not installed; run: pip install "vultus[bench]"',
        {"package": "scikit-learn", "extra": "bench"},
    ),
    (
        errors.ContractError("dlib:00", "opencv:11"),
        "this gallery holds embeddings of contract dlib:00, but these are of opencv:11; "
        "open it with the pack it was made with, or move it to the other: vultus gallery migrate --to PACK",
        {"gallery": "dlib:00", "engine": "opencv:11"},
    ),
    (
        errors.RemoteError("not_found", "there is no person 7", 404, {"kind": "person"}, "6f0a"),
        "there is no person 7 (not_found)",
        {"code": "not_found", "status": 404, "details": {"kind": "person"}, "request_id": "6f0a"},
    ),
    (errors.NameClashError("Ada"), "a person named 'Ada' exists already", {"name": "Ada"}),
]
BUILTINS = {
    "InputError": ValueError,
    "NoFaceError": LookupError,
    "MissingExtraError": ImportError,
}


@pytest.mark.parametrize("error", [sample[0] for sample in SAMPLES], ids=lambda value: type(value).__name__)
def test_errors_travel_between_processes(error: errors.VultusError) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert (str(arrived), vars(arrived)) == (str(error), vars(error))


@pytest.mark.parametrize(("error", "text", "data"), SAMPLES, ids=lambda value: type(value).__name__)
def test_words_and_data(error: errors.VultusError, text: str, data: dict[str, object]) -> None:
    assert str(error) == text
    assert {name: getattr(error, name) for name in data} == data


def _classes() -> dict[str, type[Exception]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }


def test_one_root_and_the_builtins_in_brackets() -> None:
    classes = _classes()
    assert len(classes) >= 16
    assert all(issubclass(value, errors.VultusError) for value in classes.values())
    for name, builtin in BUILTINS.items():
        assert issubclass(classes[name], builtin)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    classes = _classes()
    drawn: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─\s]*)(\w+Error)\b", line):
            depth = len(found[1]) // 4
            drawn[depth:] = [found[2]]
            if depth:
                assert issubclass(classes[found[2]], classes[drawn[depth - 1]])
    text = errors.__doc__ or ""
    assert [name for name in classes if not re.search(rf"\b{name}\b", text)] == []


def test_a_near_name_is_suggested_and_a_far_one_is_not() -> None:
    near = errors.UnknownNameError("pack", "dlip", ["dlib", "opencv"])
    assert str(near) == "unknown pack 'dlip'; did you mean 'dlib'?"
    assert (near.kind, near.name, near.suggestion) == ("pack", "dlip", "dlib")
    far = errors.UnknownNameError("pack", "zzz", ["dlib", "opencv"])
    assert str(far) == "unknown pack 'zzz'"
    assert far.suggestion is None


def test_hints_read_as_part_of_the_sentence() -> None:
    assert str(errors.UnknownNameError("pack", "zzz", [], "Known: a, b")) == "unknown pack 'zzz'. Known: a, b"
    assert str(errors.UnknownNameError("pack", "zzz", [], "(see the list)")) == "unknown pack 'zzz' (see the list)"
    near = errors.UnknownNameError("pack", "dlip", ["dlib"], "Known: dlib")
    assert str(near) == "unknown pack 'dlip'; did you mean 'dlib'? Known: dlib"
    assert str(errors.NameClashError("Ada", "; take another")) == "a person named 'Ada' exists already; take another"


def test_classes_without_words_of_their_own_take_them_from_the_raise() -> None:
    plain = {node.name for node in ast.parse(inspect.getsource(errors)).body if isinstance(node, ast.ClassDef)}
    plain -= {type(error).__name__ for error, _, _ in SAMPLES} | {"UnknownNameError"}
    for name in plain:
        assert str(_classes()[name]("the words")) == "the words"
