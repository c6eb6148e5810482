from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from unit.inference.portraits import POINTS, portrait
from vultus.errors import LicenceError, UnknownNameError, WeightsError
from vultus.inference.engine import FaceEngine
from vultus.inference.expression import ExpressionReader, Expressions
from vultus.inference.session import open_session
from vultus.weights.expression import expression_spec
from vultus.weights.shipped import checked

SPEC = expression_spec()


@pytest.fixture(scope="module")
def reader() -> ExpressionReader:
    return ExpressionReader(open_session(checked(SPEC), threads=1), SPEC)


def test_a_smile_is_happy_upright_turned_dark_and_mirrored(reader: ExpressionReader) -> None:
    smile, points = portrait(), np.array([POINTS], np.float32)
    crops = reader.crops(smile, points)
    assert crops.shape == (1, 1, 48, 48)
    views = np.concatenate([crops, crops[..., ::-1], crops * 0.5 + 20])
    first, mirrored, dark = reader.read(views)
    assert first.label == "happy"
    assert sum(first.scores.values()) == pytest.approx(1, abs=1e-4)
    assert list(first.scores) == list(SPEC.labels)
    for other in (mirrored, dark):
        for word, score in first.scores.items():
            assert other.scores[word] == pytest.approx(score, abs=0.02), "light and side do not matter"
    turned = np.rot90(smile, axes=(1, 0))
    places = np.stack([len(smile) - 1 - points[..., 1], points[..., 0]], -1)
    assert reader.read(reader.crops(np.ascontiguousarray(turned), places))[0].label == "happy"


def test_landmarks_land_on_the_template(reader: ExpressionReader) -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    place = np.array(SPEC.template) * 3 + 20
    for x, y in place.round().astype(int):
        picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    (crop,) = reader.crops(picture, place[None].astype(np.float32))
    for x, y in np.round(SPEC.template).astype(int):
        assert crop[0, y - 1 : y + 2, x - 1 : x + 2].max() > 60


def test_no_face_is_no_expression(reader: ExpressionReader) -> None:
    none = np.zeros((0, 5, 2), np.float32)
    assert reader.read(reader.crops(portrait(), none)) == []
    shared = Expressions("cpu", 1, "any")
    assert shared.read([], []) == []
    assert shared.read([portrait()], [none]) == []


def test_it_is_opened_once_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, opened = Expressions("cpu", 1, "any"), []
    monkeypatch.setattr(
        "vultus.inference.expression.open_session",
        lambda *args, **options: opened.append(args) or open_session(*args, **options),
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: shared.read([portrait()], [np.array([POINTS], np.float32)]), range(8)))
    assert len(opened) == 1
    assert all(answer[0].label == "happy" for answer in answers)


def test_a_model_of_another_shape_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"must take \(N, 1, 32, 32\) and give \(N, 7\)"):
        ExpressionReader(open_session(checked(SPEC), threads=1), replace(SPEC, size=32))
    shapes = [SimpleNamespace(name="a", shape=["N", 1, 48, 48])], [SimpleNamespace(name="b", shape=["N", 3])]
    fake = SimpleNamespace(get_inputs=lambda: shapes[0], get_outputs=lambda: shapes[1])
    with pytest.raises(WeightsError, match=r"and gives \['N', 3\]"):
        ExpressionReader(fake, SPEC)  # type: ignore[arg-type]


def test_the_engine_fills_expression_when_asked(engine: FaceEngine) -> None:
    (both,) = engine.find(portrait(), tasks=("identity", "expression"))
    assert both.embedding is not None
    assert both.expression is not None
    assert both.expression.label == "happy"
    (only,) = engine.find(portrait(), tasks=("expression",))
    assert only.embedding is None
    assert only.expression is not None
    (plain,) = engine.find(portrait(), tasks=())
    assert plain.embedding is plain.expression is None
    (usual,) = engine.find(portrait())
    assert usual.expression is None
    pairs = list(engine.find_each([portrait(), portrait()], tasks=["expression"]))
    assert [[face.expression.label for face in faces] for _, faces in pairs] == [["happy"], ["happy"]]
    with pytest.raises(UnknownNameError, match=r"unknown task 'age'\. Known: identity, expression"):
        engine.find(portrait(), tasks=("age",))  # type: ignore[arg-type]


def test_the_commercial_policy_refuses() -> None:
    with pytest.raises(LicenceError, match="licence policy is commercial"):
        Expressions("cpu", 1, "commercial").read([portrait()], [np.array([POINTS], np.float32)])
