from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from vultus.errors import ConfigError, UnknownNameError, WeightsError
from vultus.inference import session as module
from vultus.inference.session import available_devices, open_session, pixels_together
from vultus.weights.onnx_graph import Graph


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """y = x * 2 on (N, 64), through a layer large enough to be shared out to threads."""
    graph = Graph("double")
    x = graph.input("x", np.float32, ("N", 64))
    graph.output(graph.node("MatMul", x, graph.constant(2 * np.eye(64, dtype=np.float32))), np.float32, ("N", 64), "y")
    (tmp_path / "double.onnx").write_bytes(graph.save())
    return tmp_path / "double.onnx"


def test_a_model_runs(model: Path) -> None:
    rows = np.random.default_rng(0).random((5, 64), np.float32)
    (out,) = open_session(model, threads=1).run(None, {"x": rows})
    np.testing.assert_allclose(out, rows * 2)


def test_many_threads_over_one_session_get_the_serial_answer(model: Path) -> None:
    session = open_session(model, threads=2)
    inputs = [np.random.default_rng(seed).random((7, 64), np.float32) for seed in range(32)]
    serial = [session.run(None, {"x": rows})[0] for rows in inputs]
    found: dict[int, Any] = {}

    def work(index: int) -> None:
        found[index] = session.run(None, {"x": inputs[index]})[0]

    workers = [threading.Thread(target=work, args=(index,)) for index in range(32)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for index, expected in enumerate(serial):
        np.testing.assert_array_equal(found[index], expected)


def test_an_idle_session_uses_no_processor(model: Path) -> None:
    session = open_session(model, threads=4)
    session.run(None, {"x": np.ones((512, 64), np.float32)})
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def test_devices(model: Path) -> None:
    assert "cpu" in available_devices()
    assert open_session(model, device="cpu:0").get_providers()[0] == "CPUExecutionProvider"
    with pytest.raises(UnknownNameError, match=r"unknown device 'cudaa'; did you mean 'cuda'. Known: cpu, cuda"):
        open_session(model, device="cudaa")
    with pytest.raises(UnknownNameError, match="unknown device 'cuda:x'"):
        open_session(model, device="cuda:x")


def test_more_threads_and_devices_get_more_at_once(model: Path) -> None:
    one, two, four = (pixels_together(open_session(model, threads=count)) for count in (1, 2, 4))

    class Device:
        def get_providers(self) -> list[str]:
            return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    assert 48**2 < one < two < four == 2 * two < pixels_together(Device())  # type: ignore[arg-type]


def test_a_device_that_is_not_there_is_never_replaced(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match=r"device cuda is not there: this onnxruntime has cpu; install a build"):
        open_session(model, device="cuda")


def test_a_device_that_does_not_start_is_never_replaced(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ort.InferenceSession
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    monkeypatch.setattr(ort, "InferenceSession", lambda path, options, **_: real(path, options))
    with pytest.raises(ConfigError, match="device cuda:1 was asked for, but onnxruntime could not start it and offers"):
        open_session(model, device="cuda:1")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("libcublas is missing\nand more")

    monkeypatch.setattr(ort, "InferenceSession", broken)
    with pytest.raises(ConfigError, match=r"cannot run double\.onnx on cuda: libcublas is missing$"):
        open_session(model, device="cuda")


def test_threads(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="threads must be at least 1, but is 0"):
        open_session(model, threads=0)
    assert open_session(model, threads=3).get_session_options().intra_op_num_threads == 3
    expected = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert open_session(model).get_session_options().intra_op_num_threads == expected
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert module._threads(None) == os.cpu_count()


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"bad\.onnx is no usable ONNX model: "):
        open_session(path)
