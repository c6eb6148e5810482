"""Rebuild a MobileFaceNet checkpoint as ONNX with a pack manifest, a second embedding space for development.

python tools/mobilefacenet.py ../shared/data/ref_weights/mobilefacenet_068.ckpt OUT_FOLDER

The checkpoint states no licence, so what this writes stays on the machine it was written on and is never shipped. The
file is PyTorch's old format: pickles that describe tensors, then their raw values. Nothing is unpickled: the opcodes
are walked with `pickletools`, which executes none of them, and only names, places and shapes are picked up.

Source of the network: Chen et al., "MobileFaceNets", CCBR 2018, for pictures of 112 x 96.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from vultus.weights.onnx_graph import Graph
from vultus.weights.table import load_pack

# Expansion, channels, repeats and stride of the first repeat, from the paper's table 1.
BLOCKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
SIDE, MARGIN = 112, 8  # crops of 112 x 112 lose 8 pixels left and right
# Right eye, left eye, nose, mouth corners, the crop that ArcFace and this network were trained with.
TEMPLATE = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
EPSILON = 1e-5

Floats = np.ndarray[Any, np.dtype[np.float32]]


def read_checkpoint(data: bytes) -> dict[str, Floats]:
    """The float32 tensors of a checkpoint, by name."""
    stream = io.BytesIO(data)
    pickles = [list(pickletools.genops(stream)) for _ in range(5)]
    keys = [str(argument) for opcode, argument, _ in pickles[4] if opcode.name == "BINUNICODE"]
    sizes, places = _places([(opcode.name, argument) for opcode, argument, _ in pickles[3]])
    stored = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), "little")
        kind, wanted = sizes[key]
        if count != wanted:
            raise ValueError(f"storage {key} must hold {wanted} values, but holds {count}")
        raw = stream.read(count * np.dtype(kind).itemsize)
        stored[key] = np.frombuffer(raw, kind)
    tensors = {}
    for name, (key, offset, shape) in places.items():
        if sizes[key][0] == "<f4":
            tensors[name] = stored[key][offset : offset + math.prod(shape)].astype(np.float32).reshape(shape)
    return tensors


def _places(codes: list[tuple[str, Any]]) -> tuple[dict[str, tuple[str, int]], dict[str, tuple[str, int, list[int]]]]:
    """Type and length of each storage; storage, first value and shape of each tensor."""
    memo: dict[int, Any] = {}
    seen: list[Any] = []
    sizes: dict[str, tuple[str, int]] = {}
    places: dict[str, tuple[str, int, list[int]]] = {}
    at = 0
    while at < len(codes):
        name, argument = codes[at]
        at += 1
        if name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = seen[-1] if seen else None
        elif name in ("BINGET", "LONG_BINGET"):
            seen.append(memo[argument])
        elif name in ("BINUNICODE", "BININT", "BININT1", "BININT2", "GLOBAL"):
            seen.append(argument)
        elif name.startswith("TUPLE") or name in ("MARK", "NONE", "EMPTY_TUPLE", "EMPTY_DICT", "REDUCE"):
            seen.append(None)
        elif name == "BINPERSID":
            # The last words are: name, rebuild function, "storage", type, key, device, length; marks between them.
            words = [word for word in seen if word is not None][-7:]
            kind = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}[words[3]]
            sizes[words[4]] = kind, words[6]
            numbers, at = _numbers(codes, at)
            places[words[0]] = words[4], numbers[0], numbers[1:]
            seen = []
    return sizes, places


def _numbers(codes: list[tuple[str, Any]], at: int) -> tuple[list[int], int]:
    """The whole numbers up to the end of the next tuple: where a tensor begins, and its shape."""
    found = []
    while not codes[at][0].startswith(("TUPLE", "EMPTY_TUPLE")):
        if codes[at][0].startswith("BININT"):
            found.append(int(codes[at][1]))
        at += 1
    return found, at


def build(tensors: dict[str, Floats]) -> bytes:
    """The network as ONNX: RGB uint8 (N, 112, 112, 3) -> float32 (N, 128), not normalised."""
    graph = Graph("mobilefacenet")
    image = graph.input("image", np.uint8, ("N", SIDE, SIDE, 3))
    x = graph.node("Transpose", graph.node("Cast", image, to=1), perm=(0, 3, 1, 2))
    cut = [np.array(side, np.int64) for side in ([MARGIN], [SIDE - MARGIN], [3])]
    x = graph.node("Slice", x, *(graph.constant(part) for part in cut))
    centred = graph.node("Sub", x, graph.constant(np.float32([127.5])))
    x = graph.node("Mul", centred, graph.constant(np.float32([1 / 128])))
    layer = _Layers(graph, tensors)
    x = layer.named(x, "conv1", stride=2, pad=1)
    x = layer.named(x, "dw_conv1", pad=1)
    number = 0
    for _, channels, repeats, first in BLOCKS:
        for repeat in range(repeats):
            shortcut = x if repeat or (first == 1 and channels == 128) else None
            x = layer.bottleneck(x, f"blocks.{number}.conv", first if repeat == 0 else 1)
            x = x if shortcut is None else graph.node("Add", x, shortcut)
            number += 1
    x = layer.named(x, "conv2")
    x = layer.named(x, "linear7")
    x = graph.node("Flatten", layer.named(x, "linear1"))
    graph.output(x, np.float32, ("N", 128), "embedding")
    return graph.save()


class _Layers:
    """Convolutions with their batch normalisation folded in, and their PReLU where there is one."""

    def __init__(self, graph: Graph, tensors: dict[str, Floats]) -> None:
        self._graph, self._tensors = graph, tensors

    def named(self, x: str, name: str, *, stride: int = 1, pad: int = 0) -> str:
        return self._one(x, f"{name}.conv", f"{name}.bn", f"{name}.prelu", stride, pad)

    def bottleneck(self, x: str, name: str, stride: int) -> str:
        x = self._one(x, f"{name}.0", f"{name}.1", f"{name}.2", 1, 0)
        x = self._one(x, f"{name}.3", f"{name}.4", f"{name}.5", stride, 1)
        return self._one(x, f"{name}.6", f"{name}.7", "", 1, 0)

    def _one(self, x: str, convolution: str, normal: str, slope: str, stride: int, pad: int) -> str:
        weight = self._tensors[f"{convolution}.weight"].astype(np.float64)
        gamma, beta, mean, variance = (
            self._tensors[f"{normal}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        folded = (weight * scale[:, None, None, None]).astype(np.float32)
        bias = (beta - mean * scale).astype(np.float32)
        kernel = tuple(int(side) for side in weight.shape[2:])
        # A depth-wise convolution sees one channel with each filter.
        group = len(weight) if weight.shape[1] == 1 else 1
        inputs = (x, self._graph.constant(folded), self._graph.constant(bias))
        x = self._graph.node(
            "Conv", *inputs, strides=(stride, stride), pads=(pad,) * 4, kernel_shape=kernel, group=group
        )
        steep = self._tensors.get(f"{slope}.weight")
        return x if steep is None else self._graph.node("PRelu", x, self._graph.constant(steep.reshape(-1, 1, 1)))


def manifest(model: bytes) -> dict[str, Any]:
    """A pack with the detector of pack dlib and this embedder."""
    pack = load_pack("dlib")
    files = [
        {"name": spec.name, "sha256": spec.sha256, "size_bytes": spec.size_bytes, "licence": spec.licence,
         "package": spec.package, "package_path": spec.package_path, "rebuild": spec.rebuild}
        for spec in pack.files if spec.name in pack.detector.files
    ]  # fmt: skip
    files.append({"name": "mobilefacenet.onnx", "sha256": hashlib.sha256(model).hexdigest(),
                  "size_bytes": len(model), "licence": "LicenceRef-None-Stated"})  # fmt: skip
    return {
        "schema": "vultus.pack/1",
        "name": "mobilefacenet",
        "title": "MobileFaceNet 112 x 96 behind MTCNN, for development only",
        "version": "1",
        "licence": {"id": "LicenceRef-None-Stated", "use": "research",
                    "summary": "The repository that the checkpoint comes from states no licence."},
        "provenance": "Checkpoint 068.ckpt of Xiaoccer/MobileFaceNet_Pytorch, rebuilt by tools/mobilefacenet.py.",
        "detector": {"kind": pack.detector.kind, "files": list(pack.detector.files), "options": {}},
        "aligner": {"kind": "similarity", "template": TEMPLATE, "size": SIDE},
        "embedder": {"kind": "onnx", "file": "mobilefacenet.onnx", "dimension": 128, "size": SIDE, "colour": "RGB",
                     "mean": [0, 0, 0], "scale": 1, "layout": "NHWC", "flip": True},
        "files": files,
    }  # fmt: skip


def random_weights(tensors: dict[str, Floats], seed: int = 0) -> dict[str, Floats]:
    """The same network before training, as a control: whatever such a space can do, training has not done."""
    random = np.random.default_rng(seed)
    made: dict[str, Floats] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 4:
            spread = np.sqrt(2 / np.prod(tensor.shape[1:]))
            made[name] = (spread * random.normal(size=tensor.shape)).astype(np.float32)
        elif name.endswith((".bias", "running_mean")):
            made[name] = np.zeros_like(tensor)
        else:
            slope = f"{name.removesuffix('.weight')}.running_mean" not in tensors and name.endswith(".weight")
            made[name] = np.full_like(tensor, 0.25 if slope else 1.0)
    return made


def write_pack(tensors: dict[str, Floats], folder: Path) -> None:
    """Write the model and its manifest."""
    model = build(tensors)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mobilefacenet.onnx").write_bytes(model)
    (folder / "manifest.json").write_text(json.dumps(manifest(model), indent=1))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    write_pack(read_checkpoint(arguments.checkpoint.read_bytes()), arguments.folder)
    print(f"wrote {arguments.folder / 'manifest.json'}")


if __name__ == "__main__":
    main()
