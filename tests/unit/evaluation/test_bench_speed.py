from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from vultus.errors import InputError
from vultus.evaluation.bench_speed import cnn_detection, embedding, overhead, recipes, recorded


@pytest.fixture
def session():
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "twice",
        [value("x", TensorProto.FLOAT, [None])],
        [value("y", TensorProto.FLOAT, [None])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return onnxruntime.InferenceSession(model.SerializeToString())


def test_each_speed_row_has_both_sides(bench):
    rows = [*embedding(bench), *cnn_detection(bench), *recipes(bench)]
    assert [row.n for row in rows] == [2, 1, 1, 1, 1]
    for row in rows:
        assert row.ours > 0
        assert row.peer > 0
        assert row.ratio == pytest.approx(row.ours / row.peer)
        assert row.met == (row.ratio >= float(row.goal.removeprefix(">= ").removesuffix(" x")))
    assert {("cnn", 1), ("cnn", "recipe"), ("hog", "recipe")} <= set(bench.peer.asked)


def test_recorded_calls_are_repeated_and_the_class_is_left_as_it_was(session):
    original = onnxruntime.InferenceSession.run
    seen = []
    replay, count = recorded(lambda: [seen.append(session.run(None, {"x": np.ones(2, np.float32)})) for _ in range(3)])
    assert count == 3
    assert seen[0][0].tolist() == [2, 2]
    assert onnxruntime.InferenceSession.run is original
    assert replay() is None
    with pytest.raises(InputError, match="makes no onnxruntime calls"):
        recorded(lambda: None)


def test_overhead_is_the_time_beyond_the_calls(bench, engine, session):
    tensor = np.ones(200_000, np.float32)
    engine.find = lambda pictures: [session.run(["y"], {"x": tensor}) for _ in range(5)]
    (row,) = overhead(bench)
    assert row.ratio == pytest.approx(row.ours / row.peer)
    assert row.n == 2
    assert "5 calls replayed" in row.reason
