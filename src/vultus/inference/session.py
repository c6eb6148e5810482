"""Opening an ONNX model. The one file that imports onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime as ort

from vultus.errors import ConfigError, UnknownNameError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "MIGraphXExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
_ERRORS_ONLY = 3
_ALONE_PX, _EACH_PX, _DEVICE_PX = 16_384, 36_864, 589_824

# For the case that onnxruntime was imported before vultus, which sets ORT_DISABLE_TELEMETRY.
if os.environ.get("ORT_DISABLE_TELEMETRY") == "1":
    ort.disable_telemetry_events()


def available_devices() -> list[str]:
    """Devices that the installed onnxruntime was built for; "cpu" always is one of them."""
    built = ort.get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in built]


def open_session(path: Path, *, device: str = "cpu", threads: int | None = None) -> ort.InferenceSession:
    """Open a model for running; the session may be used by many threads at once.

    Args:
        path: an .onnx file whose digest was checked (`weights.store.resolve`).
        device: a key of `PROVIDERS`, with an index where there are several, e.g. "cuda:1". It is never replaced by
            another one in silence.
        threads: per operator; None takes the processors this process may use.

    Raises:
        ConfigError: the device is not there, or `threads` is below 1.
        UnknownNameError: no such device.
        WeightsError: the file is no usable model.
    """
    provider, index = _provider(device)
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = _threads(threads)
    options.inter_op_num_threads = 1
    # Plans for reusing memory are kept per input shape: with pictures of all sizes they only pile up.
    options.enable_mem_pattern = False
    # Waiting workers sleep. Spinning ones take the processors from the next model of the pipeline, from OpenCV and from
    # other callers: on two busy cores a batch of 16 embeddings took 34 ms with sleeping and 60 ms with spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings = [{} if index is None else {"device_id": str(index)}]
    try:
        session = ort.InferenceSession(str(path), options, providers=[provider], provider_options=settings)
    except Exception as error:  # onnxruntime raises a dozen unrelated classes, all of them plain Exceptions
        if provider != PROVIDERS["cpu"]:
            raise ConfigError(f"cannot run {path.name} on {device}: {_first_line(error)}") from error
        raise WeightsError(f"{path} is no usable ONNX model: {_first_line(error)}") from error
    if session.get_providers()[0] != provider:
        raise ConfigError(
            f"device {device} was asked for, but onnxruntime could not start it and offers "
            f"{session.get_providers()[0]}; check its driver and libraries, or use --device cpu"
        )
    return session


def open_graph(graph: bytes, constants: Mapping[str, NDArray[Any]]) -> ort.InferenceSession:
    """Open a small graph of our own whose constants are in memory; it runs in the thread that calls it.

    Args:
        graph: see `weights.onnx_graph.Graph.save`.
        constants: what the graph declares to be outside; may be dropped afterwards.
    """
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    # Each session would keep the memory of its largest answer.
    options.enable_cpu_mem_arena = False
    values = [ort.OrtValue.ortvalue_from_numpy(value) for value in constants.values()]
    options.add_external_initializers(list(constants), values)
    return ort.InferenceSession(graph, options, providers=[PROVIDERS["cpu"]])


def pixels_together(session: ort.InferenceSession) -> int:
    """Pixels that a small network with wide first layers should be given at once.

    On one thread what these layers give must stay in the processor's cache: 64 candidates of MTCNN took 0.046 ms each,
    28 of them 0.042 (docs/decisions/0025). Several threads wait for each other unless they get more.
    """
    if session.get_providers()[0] != PROVIDERS["cpu"]:
        return _DEVICE_PX
    threads: int = session.get_session_options().intra_op_num_threads
    return _ALONE_PX if threads == 1 else _EACH_PX * threads


def _provider(device: str) -> tuple[str, int | None]:
    kind, _, number = device.partition(":")
    if kind not in PROVIDERS or (number and not number.isdecimal()):
        raise UnknownNameError(
            "device", device, PROVIDERS, f"Known: {', '.join(PROVIDERS)}; e.g. cuda:1 for the second"
        )
    provider = PROVIDERS[kind]
    if provider not in ort.get_available_providers():
        raise ConfigError(
            f"device {device} is not there: this onnxruntime has {', '.join(available_devices())}; "
            f"install a build of onnxruntime with {provider}, or use --device cpu"
        )
    return provider, int(number) if number else None


def _threads(threads: int | None) -> int:
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ConfigError(f"threads must be at least 1, but is {threads}")
    return threads


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
