"""Networks of a few operators that find white cells, in the output shapes of YuNet and SCRFD."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vultus.weights.onnx_graph import Graph

STRIDES = (8, 16, 32)
DISTANCES = (1.0, 1.0, 2.0, 2.0)
POINTS = (0.0, 0.0, 1.0, 0.0, 0.5, 0.5, 0.0, 1.0, 1.0, 1.0)


def _brightness(graph: Graph, x: str, stride: int, anchors: int) -> str:
    """Mean brightness of each cell, (N, h, w, anchors), 0 where it is negative."""
    pooled = graph.node("AveragePool", x, kernel_shape=(stride, stride), strides=(stride, stride))
    grey = graph.node("Relu", graph.node("ReduceMean", pooled, axes=(1,), keepdims=1))
    last = graph.node("Transpose", grey, perm=(0, 2, 3, 1))
    return last if anchors == 1 else graph.node("Concat", *[last] * anchors, axis=3)


def _same_everywhere(graph: Graph, cells: str, values: tuple[float, ...]) -> str:
    """The same row for each of (..., M, 1) cells."""
    nothing = graph.node("Mul", cells, graph.constant(np.zeros(1, np.float32)))
    wide = graph.node("MatMul", nothing, graph.constant(np.ones((1, len(values)), np.float32)))
    return graph.node("Add", wide, graph.constant(np.array(values, np.float32)))


def scrfd(path: Path, *, batched: bool, size: int | None = None) -> Path:
    """Two anchors per cell; the batch axis stays in the outputs when `batched`."""
    graph = Graph("tiny_scrfd")
    sides: tuple[int | str, int | str] = ("H", "W") if size is None else (size, size)
    x = graph.input("input.1", np.float32, ("N" if batched else 1, 3, *sides))
    shape = graph.constant(np.array([0, -1, 1] if batched else [-1, 1], np.int64))
    rows = [graph.node("Reshape", _brightness(graph, x, stride, 2), shape) for stride in STRIDES]
    head: tuple[str, ...] = ("N", "M") if batched else ("M",)
    for index, row in enumerate(rows):
        graph.output(row, np.float32, (*head, 1), f"{index}")
    for width, values in ((4, DISTANCES), (10, POINTS)):
        for index, row in enumerate(rows):
            graph.output(_same_everywhere(graph, row, values), np.float32, (*head, width), f"{width}{index}")
    path.write_bytes(graph.save())
    return path


def yunet(path: Path, *, size: int | None = None) -> Path:
    """The box is two cells wide and high around the middle of the cell; input is 0 to 255."""
    graph = Graph("tiny_yunet")
    sides: tuple[int | str, int | str] = ("H", "W") if size is None else (size, size)
    x = graph.input("input", np.float32, ("N" if size is None else 1, 3, *sides))
    unit = graph.node("Mul", x, graph.constant(np.array([1 / 255], np.float32)))
    shape = graph.constant(np.array([0, -1, 1], np.int64))
    box = (0.5, 0.5, float(np.log(2)), float(np.log(2)))
    for stride in STRIDES:
        row = graph.node("Reshape", _brightness(graph, unit, stride, 1), shape)
        parts = {"cls": row, "obj": row, "bbox": _same_everywhere(graph, row, box)}
        parts["kps"] = _same_everywhere(graph, row, POINTS)
        for name, value in parts.items():
            graph.output(value, np.float32, ("N", "M", {"bbox": 4, "kps": 10}.get(name, 1)), f"{name}_{stride}")
    path.write_bytes(graph.save())
    return path


def picture(height: int, width: int, *cells: tuple[int, int], side: int = 8) -> NDArray[np.uint8]:
    """Black, with white cells at (column, row) of a grid of `side` px."""
    image = np.zeros((height, width, 3), np.uint8)
    for column, row in cells:
        image[row * side : (row + 1) * side, column * side : (column + 1) * side] = 255
    return image
