"""Our ONNX files, checked by the onnx package and run by onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from vultus.inference.session import open_graph
from vultus.weights.onnx_graph import IR_VERSION, OPSET, Graph, _varint


def _run(data: bytes, *arrays: np.ndarray) -> list[np.ndarray]:
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {place.name: array for place, array in zip(session.get_inputs(), arrays, strict=True)})


def _double() -> bytes:
    graph = Graph("double")
    x = graph.input("x", np.float32, ("N", 2))
    graph.output(graph.node("Mul", x, graph.constant(np.float32([2]))), np.float32, ("N", 2), "y")
    return graph.save()


def test_the_example_runs() -> None:
    (y,) = _run(_double(), np.float32([[1, 2], [3, 4]]))
    assert y.tolist() == [[2, 4], [6, 8]]


def test_the_checker_of_onnx_finds_nothing() -> None:
    model = onnx.load_model_from_string(_double())
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version, model.graph.name) == (IR_VERSION, OPSET, "double")
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int64])
def test_constants_keep_type_shape_and_values(dtype: type) -> None:
    array = np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2).astype(dtype)
    graph = Graph("constant")
    graph.output(graph.node("Identity", graph.constant(array)), dtype, array.shape, "y")
    model = onnx.load_model_from_string(graph.save())
    np.testing.assert_array_equal(numpy_helper.to_array(model.graph.initializer[0]), array)


def test_attributes_of_every_kind_come_back() -> None:
    graph = Graph("attributes")
    x = graph.input("x", np.float32, (1,))
    given_ = {"whole": -3, "real": 0.5, "text": "grün", "wholes": (1, 2, 300), "reals": (0.25, -1.5)}
    graph.output(graph.node("Anything", x, **given_), np.float32, (1,), "y")
    node = onnx.load_model_from_string(graph.save()).graph.node[0]
    found = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    assert found == {**given_, "text": "grün".encode(), "wholes": [1, 2, 300], "reals": [0.25, -1.5]}


def test_an_operator_may_have_several_outputs() -> None:
    graph = Graph("split")
    x = graph.input("x", np.float32, (4,))
    parts = graph.nodes("Split", x, outputs=("a", "b"), axis=0)
    for name in parts:
        graph.output(name, np.float32, (2,), f"{name}_out")
    assert [part.tolist() for part in _run(graph.save(), np.float32([1, 2, 3, 4]))] == [[1, 2], [3, 4]]


def _unpack(data: bytes) -> int:
    value = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(data))
    assert all(byte & 0x80 for byte in data[:-1])
    assert not data[-1] & 0x80
    return value


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_packed_as_protocol_buffers_have_it(value: int) -> None:
    assert _unpack(_varint(value)) == value % 2**64


def test_constants_from_outside_and_an_output_without_a_copy() -> None:
    columns = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
    graph = Graph("product")
    x = graph.input("x", np.uint8, ("Q", 3))
    found = graph.node("MatMulInteger", x, graph.outside("columns", np.int8, columns.shape), name="y")
    graph.output(found, np.int32, ("Q", 4), found)
    saved = onnx.load_model_from_string(graph.save()).graph
    assert [node.op_type for node in saved.node] == ["MatMulInteger"]
    session = open_graph(graph.save(), {"columns": columns})
    (y,) = session.run(None, {"x": np.uint8([[1, 0, 2]])})
    assert y.tolist() == (np.int32([[1, 0, 2]]) @ columns).tolist()
