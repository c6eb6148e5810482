"""Other libraries' weight files rebuilt as ONNX graphs (and one as plain arrays).

Each function takes the bytes of a source file and gives the bytes of the file that inference opens. Normalisation of
the input and batch normalisation are folded into the convolutions, so the graphs take raw RGB uint8 pixels.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import WeightsError
from vultus.weights.dlib_dat import Layer, Network, read_network, read_shape_model
from vultus.weights.joblib_file import read_arrays
from vultus.weights.onnx_graph import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Float = NDArray[np.float32]

_BLOCK = 16  # onnxruntime keeps its fast channel-blocked layout where channels come in multiples of this


def _pixels(graph: Graph, rows: int | str, columns: int | str) -> str:
    """Input of RGB uint8 (N, rows, columns, 3), turned into float NCHW."""
    image = graph.input("image", np.uint8, ("N", rows, columns, 3))
    return graph.node("Transpose", graph.node("Cast", image, to=1), perm=(0, 3, 1, 2))


def _convolve(graph: Graph, x: str, weight: Float, bias: Float, stride: int = 1, pad: int = 0) -> str:
    shape = tuple(int(side) for side in weight.shape[2:])
    inputs = (x, graph.constant(weight), graph.constant(bias))
    return graph.node("Conv", *inputs, strides=(stride, stride), pads=(pad,) * 4, kernel_shape=shape)


def _fold_input(weight: Float, bias: Float, mean: Float, scale: float) -> tuple[Float, Float]:
    """Let a convolution without padding see (pixel - mean) * scale."""
    scaled = weight.astype(np.float64) * scale
    bias64 = bias - (scaled * np.asarray(mean, np.float64)[None, :, None, None]).sum((1, 2, 3))
    return scaled.astype(np.float32), bias64.astype(np.float32)


def _folded(convolution: Layer, affine: Layer | None, channels: int) -> tuple[Float, Float]:
    """Weight (F, C, rows, columns) and bias (F,) of a convolution and the affine map behind it."""
    sizes = convolution.sizes
    shape = (sizes["filters"], channels, sizes["rows"], sizes["columns"])
    count = int(np.prod(shape))
    if convolution.params.size != count + shape[0]:
        raise WeightsError(f"dlib convolution has {convolution.params.size} values, expected {count + shape[0]}")
    weight = convolution.params[:count].reshape(shape).astype(np.float64)
    bias = convolution.params[count:].astype(np.float64)
    if affine is not None:
        gamma, beta = np.split(affine.params.astype(np.float64), 2)
        weight, bias = weight * gamma[:, None, None, None], bias * gamma + beta
    return weight.astype(np.float32), bias.astype(np.float32)


def _check(network: Network, loss: str, counts: dict[str, int]) -> None:
    found = {kind: sum(layer.kind == kind for layer in network.layers) for kind in counts}
    if network.loss != loss or found != counts:
        raise WeightsError(f"not the dlib network expected: {network.loss} with {found}, expected {loss} with {counts}")


def dlib_resnet(data: bytes) -> bytes:
    """dlib's 29-convolution face embedder: RGB uint8 (N, 150, 150, 3) -> float32 (N, 128), not normalised.

    Source: D. King, dlib `dnn_face_recognition_ex.cpp`; He et al., "Deep Residual Learning", CVPR 2016, with fewer
    layers and half the filters. Shortcuts that halve the picture are mean-pooled and padded with empty channels.
    """
    network = read_network(data)
    _check(network, "loss_metric_2", {"con": 29, "affine": 29, "add_prev": 14, "fc": 1})
    graph = Graph("dlib_resnet")
    x = _pixels(graph, 150, 150)
    layers = iter(network.layers)
    weight, bias = _folded(next(layers), next(layers), 3)
    x = _convolve(graph, x, *_fold_input(weight, bias, np.array(network.mean, np.float32), 1 / 256), stride=2)
    x = graph.node("Relu", x)
    next(layers), next(layers)
    x = graph.node("MaxPool", x, kernel_shape=(3, 3), strides=(2, 2))
    channels, side = 32, 35
    for _ in range(14):
        x, channels, side = _residual(graph, x, layers, channels, side)
    dense = network.layers[-1]
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    x = graph.node("MatMul", x, graph.constant(dense.params.reshape(dense.sizes["inputs"], dense.sizes["outputs"])))
    graph.output(x, np.float32, ("N", dense.sizes["outputs"]), "descriptor")
    return graph.save()


def _residual(graph: Graph, x: str, layers: Iterator[Layer], channels: int, side: int) -> tuple[str, int, int]:
    """One residual block; gives its output with that output's channels and side in pixels."""
    first, affine, _, second, affine2 = (next(layers) for _ in range(5))
    filters, stride = first.sizes["filters"], first.sizes["stride_y"]
    pad = first.sizes["pad_y"]
    main = graph.node("Relu", _convolve(graph, x, *_folded(first, affine, channels), stride=stride, pad=pad))
    main = _convolve(graph, main, *_folded(second, affine2, filters), pad=1)
    if stride == 2:
        next(layers)
        main_side, side = (side - 3) // 2 + 1, side // 2
        if main_side < side:
            gap = side - main_side
            main = graph.node("Pad", main, graph.constant(np.array([0, 0, 0, 0, 0, 0, gap, gap], np.int64)))
        # mean pooling and empty channels in one convolution, which keeps the blocked layout
        pool = np.zeros((filters, channels, 2, 2), np.float32)
        pool[np.arange(channels), np.arange(channels)] = 0.25
        x = _convolve(graph, x, pool, np.zeros(filters, np.float32), stride=2)
    next(layers), next(layers)
    return graph.node("Relu", graph.node("Add", main, x)), filters, side


def dlib_mmod(data: bytes) -> bytes:
    """dlib's max-margin CNN face detector: RGB uint8 (N, H, W, 3) -> float32 (N, h, w), one score per 8 pixels.

    Source: D. King, "Max-Margin Object Detection", arXiv 1502.00046; dlib `dnn_mmod_face_detection_ex.cpp`. The cell
    (r, c) scores an 80 x 80 window around pixel (8 c + 14, 8 r + 14).
    """
    network = read_network(data)
    _check(network, "loss_mmod_", {"con": 7, "affine": 6, "relu": 6})
    graph = Graph("dlib_mmod")
    x = _pixels(graph, "H", "W")
    channels = padded = 3
    layers = list(network.layers)
    while layers:
        convolution, affine = layers[0], layers[1] if len(layers) > 1 else None
        layers = layers[3:]
        weight, bias = _folded(convolution, affine, channels)
        if channels == 3:
            weight, bias = _fold_input(weight, bias, np.array(network.mean, np.float32), 1 / 256)
        channels = convolution.sizes["filters"]
        wide = -(-channels // _BLOCK) * _BLOCK if affine is not None else channels
        weight = np.pad(weight, ((0, wide - channels), (0, padded - weight.shape[1]), (0, 0), (0, 0)))
        bias, padded = np.pad(bias, (0, wide - channels)), wide
        x = _convolve(graph, x, weight, bias, convolution.sizes["stride_y"], convolution.sizes["pad_y"])
        x = graph.node("Relu", x) if affine is not None else x
    x = graph.node("Squeeze", x, graph.constant(np.array([1], np.int64)))
    graph.output(x, np.float32, ("N", "h", "w"), "score")
    return graph.save()


def dlib_landmarks5(data: bytes) -> bytes:
    """dlib's five-point landmark model as an `.npz` of plain arrays (see `dlib_dat.ShapeModel`)."""
    model = read_shape_model(data)
    if model.mean_shape.shape != (5, 2):
        raise WeightsError(f"not the five-point landmark model: it has {len(model.mean_shape)} points")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: getattr(model, name) for name in model.__slots__})
    return buffer.getvalue()


def _keras(arrays: list[Float], shapes: list[tuple[int, ...]], name: str) -> Iterator[Float]:
    found = [array.shape for array in arrays]
    if found != shapes:
        raise WeightsError(f"not the weights of MTCNN's {name}: its arrays are {found}")
    return iter(arrays)


def _mtcnn_arrays(arrays: Iterator[Float]) -> tuple[Float, Float, Float]:
    """Weight (F, C, rows, columns), bias (F,) and slopes (F,) of the next convolution."""
    return np.ascontiguousarray(next(arrays).transpose(3, 2, 0, 1)), next(arrays), next(arrays).ravel()


def _mtcnn_first(graph: Graph, image: str, arrays: Iterator[Float], pool: int) -> str:
    """The first convolution of a network, its ReLU, and the largest of `pool` x `pool` neighbours.

    Pooling comes before the ReLU, which then has a quarter of the values to do and gives the same to the last bit: what
    rises with x goes through it as it is, and what falls (slopes below 0) rises with -x, made by the convolution too.
    """
    weight, bias, slope = _mtcnn_arrays(arrays)
    weight, bias = _fold_input(weight, bias, np.full(3, 127.5, np.float32), 1 / 128)
    falling, count = np.flatnonzero(slope < 0), len(slope)
    empty = -(count + len(falling)) % _BLOCK
    weight = np.pad(np.concatenate([weight, -weight[falling]]), ((0, empty), (0, 0), (0, 0), (0, 0)))
    x = _convolve(graph, image, weight, np.pad(np.concatenate([bias, -bias[falling]]), (0, empty)))
    x = _mtcnn_pool(graph, x, pool)
    scaled = np.arange(count)
    scaled[falling] = count + np.arange(len(falling))
    own, turned = (graph.node("Gather", x, graph.constant(rows), axis=1) for rows in (np.arange(count), scaled))
    return _parametric_relu(graph, own, turned, slope, np.abs(slope))


def _mtcnn_pool(graph: Graph, x: str, size: int, *, ceil: bool = True) -> str:
    # TensorFlow's "same" padding is at the far edges, as ceil_mode is
    return graph.node("MaxPool", x, kernel_shape=(size, size), strides=(2, 2), ceil_mode=int(ceil))


def _mtcnn_convolution(graph: Graph, x: str, arrays: Iterator[Float]) -> str:
    weight, bias, slope = _mtcnn_arrays(arrays)
    x = _convolve(graph, x, weight, bias)
    return _parametric_relu(graph, x, x, slope, slope)


def _parametric_relu(graph: Graph, x: str, scaled: str, slope: Float, factor: Float) -> str:
    """x above 0, and `factor` times `scaled`, which is `slope` times x, elsewhere; channels (N, C, H, W) and (C,).

    The larger of the two, or the smaller where the slope is above 1: onnxruntime's own PRelu gives the same, but took
    more than half of the time of these networks.
    """
    sign = np.where(slope > 1, np.float32(-1), np.float32(1))[:, None, None]
    scaled = graph.node("Mul", scaled, graph.constant(factor[:, None, None] * sign))
    if (sign == 1).all():
        return graph.node("Max", x, scaled)
    signs = graph.constant(sign)
    return graph.node("Mul", graph.node("Max", graph.node("Mul", x, signs), scaled), signs)


def _mtcnn_dense(graph: Graph, x: str, arrays: Iterator[Float]) -> str:
    return graph.node("Gemm", x, graph.constant(next(arrays)), graph.constant(next(arrays)))


def _mtcnn_face_score(graph: Graph, logits: str, axis: int) -> str:
    score = graph.node("Softmax", logits, axis=axis)
    return graph.node("Gather", score, graph.constant(np.array(1, np.int64)), axis=axis)


def mtcnn_pnet(data: bytes) -> bytes:
    """MTCNN's proposal network: RGB uint8 (N, H, W, 3) -> score (N, h, w) and box offsets (N, 4, h, w).

    Source: Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", 2016.
    """
    shapes: list[tuple[int, ...]] = [(3, 3, 3, 10), (10,), (1, 1, 10), (3, 3, 10, 16), (16,), (1, 1, 16)]
    shapes += [(3, 3, 16, 32), (32,), (1, 1, 32), (1, 1, 32, 4), (4,), (1, 1, 32, 2), (2,)]
    arrays = _keras(read_arrays(data), shapes, "P-Net")
    graph = Graph("mtcnn_pnet")
    x = _mtcnn_first(graph, _pixels(graph, "H", "W"), arrays, 2)
    x = _mtcnn_convolution(graph, _mtcnn_convolution(graph, x, arrays), arrays)
    offsets = _convolve(graph, x, np.ascontiguousarray(next(arrays).transpose(3, 2, 0, 1)), next(arrays))
    logits = _convolve(graph, x, np.ascontiguousarray(next(arrays).transpose(3, 2, 0, 1)), next(arrays))
    graph.output(_mtcnn_face_score(graph, logits, 1), np.float32, ("N", "h", "w"), "score")
    graph.output(offsets, np.float32, ("N", 4, "h", "w"), "offsets")
    return graph.save()


def _mtcnn_trunk(graph: Graph, arrays: Iterator[Float], side: int, pools: tuple[int, ...], last: int) -> str:
    """Convolutions of R-Net and O-Net up to the shared dense layer."""
    x = _mtcnn_convolution(graph, _mtcnn_first(graph, _pixels(graph, side, side), arrays, pools[0]), arrays)
    for index, size in enumerate(pools[1:]):
        x = _mtcnn_convolution(graph, _mtcnn_pool(graph, x, size, ceil=index > 0), arrays)
    x = graph.node("Flatten", graph.node("Transpose", x, perm=(0, 3, 2, 1)))
    x = graph.node("Gemm", x, graph.constant(next(arrays)), graph.constant(next(arrays)))
    return graph.node("PRelu", x, graph.constant(next(arrays).reshape(last)))


def mtcnn_rnet(data: bytes) -> bytes:
    """MTCNN's refinement network: RGB uint8 (N, 24, 24, 3) -> score (N,) and box offsets (N, 4)."""
    shapes: list[tuple[int, ...]] = [(3, 3, 3, 28), (28,), (1, 1, 28), (3, 3, 28, 48), (48,), (1, 1, 48)]
    shapes += [(2, 2, 48, 64), (64,), (1, 1, 64), (576, 128), (128,), (128,), (128, 4), (4,), (128, 2), (2,)]
    arrays = _keras(read_arrays(data), shapes, "R-Net")
    graph = Graph("mtcnn_rnet")
    x = _mtcnn_trunk(graph, arrays, 24, (3, 3), 128)
    offsets, logits = _mtcnn_dense(graph, x, arrays), _mtcnn_dense(graph, x, arrays)
    graph.output(_mtcnn_face_score(graph, logits, 1), np.float32, ("N",), "score")
    graph.output(offsets, np.float32, ("N", 4), "offsets")
    return graph.save()


def mtcnn_onet(data: bytes) -> bytes:
    """MTCNN's output network: RGB uint8 (N, 48, 48, 3) -> score (N,), box offsets (N, 4), landmarks (N, 10)."""
    shapes: list[tuple[int, ...]] = [(3, 3, 3, 32), (32,), (1, 1, 32), (3, 3, 32, 64), (64,), (1, 1, 64)]
    shapes += [(3, 3, 64, 64), (64,), (1, 1, 64), (2, 2, 64, 128), (128,), (1, 1, 128)]
    shapes += [(1152, 256), (256,), (256,), (256, 4), (4,), (256, 10), (10,), (256, 2), (2,)]
    arrays = _keras(read_arrays(data), shapes, "O-Net")
    graph = Graph("mtcnn_onet")
    x = _mtcnn_trunk(graph, arrays, 48, (3, 3, 2), 256)
    offsets, points = _mtcnn_dense(graph, x, arrays), _mtcnn_dense(graph, x, arrays)
    logits = _mtcnn_dense(graph, x, arrays)
    graph.output(_mtcnn_face_score(graph, logits, 1), np.float32, ("N",), "score")
    graph.output(offsets, np.float32, ("N", 4), "offsets")
    graph.output(points, np.float32, ("N", 10), "landmarks")
    return graph.save()


REBUILDERS: dict[str, Callable[[bytes], bytes]] = {
    function.__name__: function
    for function in (dlib_resnet, dlib_mmod, dlib_landmarks5, mtcnn_pnet, mtcnn_rnet, mtcnn_onet)
}
