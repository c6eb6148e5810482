"""What a model pack is: frozen records of one manifest (`schema: "vultus.pack/1"`).

A pack joins a detector, an aligner, an embedder and, if it has one, a liveness model with the digests of their files,
their licence, and the thresholds measured with them. `schema.parse_pack` reads it from JSON; nothing here touches
a model file. The format is described in docs/packs.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from vultus.errors import UnknownNameError, WeightsError
from vultus.types import Calibration

SCHEMA = "vultus.pack/1"

Use = Literal["commercial", "research"]
Colour = Literal["RGB", "BGR"]
Layout = Literal["NCHW", "NHWC"]
Crop = Literal["square", "box"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Licence:
    """On what terms a pack may be used.

    Attributes:
        id: SPDX id, or a `LicenceRef-...` of one's own.
        use: "commercial" when any use is allowed, "research" when only non-commercial research is.
        summary: the terms in a sentence or two, shown before consent is asked for.
        url: where the full text stands.
    """

    id: str
    use: Use
    summary: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One model file and where its bytes come from.

    Attributes:
        name: what the detector, embedder and liveness sections call it; ends in .onnx or .npz.
        sha256: 64 hex digits of the source (before `rebuild`), or None when it is not pinned.
        size_bytes: length of the source, or None when it is not known.
        licence: SPDX id of this file.
        url: https address to pull it from; None for a file of a package or beside the manifest.
        package: importable package whose data hold it.
        package_path: path inside that package.
        rebuild: name in `weights.rebuild.REBUILDERS` of the function that turns the source into the file named.
        member: path inside the zip archive at `url`; None when `url` is the file itself.
        archive_sha256, archive_bytes: digest and length of that archive.
    """

    name: str
    sha256: str | None
    size_bytes: int | None
    licence: str
    url: str | None = None
    package: str | None = None
    package_path: str | None = None
    rebuild: str | None = None
    member: str | None = None
    archive_sha256: str | None = None
    archive_bytes: int | None = None

    @property
    def origin(self) -> Literal["url", "package", "local"]:
        """Where the bytes come from."""
        if self.url is not None:
            return "url"
        return "local" if self.package is None else "package"


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """How faces are found.

    Attributes:
        kind: "mtcnn", "mtcnn+mmod", "mmod", "yunet" or "scrfd".
        files: names in `Pack.files`, in the order the detector wants them.
        options: settings of that kind, e.g. score_threshold.
    """

    kind: str
    files: tuple[str, ...]
    options: Mapping[str, float | int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))


@dataclass(frozen=True, slots=True)
class View:
    """One crop of a face; the vectors of all views are averaged.

    Attributes:
        zoom: above 1 cuts closer, around the centre of the crop.
        mirror: left and right change places.
    """

    zoom: float = 1.0
    mirror: bool = False


@dataclass(frozen=True, slots=True)
class AlignerSpec:
    """How a face is turned upright and cropped: rotation, scale and shift by least squares.

    Attributes:
        kind: "similarity" (by the detector's landmarks) or "dlib5" (by dlib's five-point landmark model).
        template: where the five landmarks go, pixels of the crop; for "similarity" in the order of `Face.landmarks`,
            for "dlib5" left eye outer and inner, right eye outer and inner corner, base of the nose.
        size: side of the square crop, pixels.
        views: crops per face.
        files: the landmark model, for "dlib5".
    """

    kind: str
    template: tuple[Point, Point, Point, Point, Point]
    size: int
    views: tuple[View, ...] = (View(),)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """How a crop becomes a vector. The network sees `(pixel - mean) * scale` in the colour order and layout named.

    Attributes:
        kind: "onnx".
        file: name in `Pack.files`.
        dimension: length of the vector.
        size: side of the square input, pixels.
        colour: order of the channels, and of `mean`.
        mean: subtracted per channel, 0 to 255.
        scale: multiplied after that.
        layout: order of the axes.
        flip: the vectors of the crop and its mirror image are added before the length is made 1.
        centre: subtracted from the unit vector, which is then made unit again; None for no centring.
    """

    kind: str
    file: str
    dimension: int
    size: int
    colour: Colour
    mean: tuple[float, float, float]
    scale: float
    layout: Layout
    flip: bool = False
    centre: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class LivenessSpec:
    """How a presentation attack is told from a bona fide face (a softmax over classes, one of them "live").

    Attributes:
        kind: "minifasnet".
        file: name in `Pack.files`.
        crop_scale: side of the crop over the side of the face box.
        size: side of the square input, pixels.
        live_index: class of the bona fide face.
        colour: order of the channels.
        scale: multiplied to pixels 0 to 255.
        threshold: live score at or above which a face is bona fide.
        operating_point: what the threshold was chosen for, or that it was not measured.
        crop: "square" (of the longer side, padded with black) or "box" (shape of the box, moved inside the picture).
    """

    kind: str
    file: str
    crop_scale: float
    size: int
    live_index: int
    colour: Colour
    scale: float
    threshold: float
    operating_point: str
    crop: Crop = "square"


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that turns pixels into comparable vectors, and what is known of its errors.

    Attributes:
        name: short name; also the folder in the cache.
        title: one line for people.
        version: of the pack, counted up when a spec or a file changes.
        licence: of the pack as a whole, which is the strictest of its files.
        provenance: who made and trained the models, on what, and how the digests are known.
        detector, aligner, embedder: the specs that shape an embedding.
        liveness: None when the pack has no such model.
        files: every file the specs name.
        calibrations: thresholds, the default first.
        golden: reference vector of a synthetic crop (see `golden.py`), or None.
        directory: folder of a user's manifest; None for a pack that comes with Vultus.
    """

    name: str
    title: str
    version: str
    licence: Licence
    provenance: str
    detector: DetectorSpec
    aligner: AlignerSpec
    embedder: EmbedderSpec
    liveness: LivenessSpec | None = None
    files: tuple[FileSpec, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    golden: Mapping[str, Any] | None = None
    directory: Path | None = None

    def file(self, name: str) -> FileSpec:
        """The record of one file.

        Raises:
            UnknownNameError: the pack has no such file.
        """
        for spec in self.files:
            if spec.name == name:
                return spec
        raise UnknownNameError(f"file of pack {self.name}", name, [spec.name for spec in self.files])

    def contract(self) -> str:
        """Name and digest of everything that shapes an embedding.

        Titles, licences, calibrations and the liveness model are left out: embeddings stay comparable when they change.

        Raises:
            WeightsError: a file is not pinned.
        """
        files = []
        for name in (*self.detector.files, *self.aligner.files, self.embedder.file):
            spec = self.file(name)
            if spec.sha256 is None:
                raise WeightsError(f"pack {self.name} has no contract: {not_pinned(self, spec)}")
            files.append([name, spec.sha256, spec.rebuild])
        parts = {key: plain(getattr(self, key)) for key in ("detector", "aligner", "embedder")}
        text = json.dumps(_floats({**parts, "files": files}), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return f"{self.name}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def not_pinned(pack: Pack, spec: FileSpec, digest: str = "") -> str:
    """What to do about a file without a digest, in words; `digest` is that of the file found."""
    if spec.origin == "url":
        todo = f"vultus packs pull {pack.name} --trust-first-use records the digest of what it gets"
    elif digest:
        todo = f"if it is the file you mean, write this into the manifest: {digest}"
    else:
        todo = f"vultus packs verify {pack.directory or pack.name} --json tells it"
    return f"{spec.name} is not pinned by a sha256; {todo}"


def plain(value: Any) -> Any:
    """The same value made of dict, list, str and numbers only, for JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _floats(value: Any) -> Any:
    """Whole numbers as floats, so that 1 and 1.0 in a manifest give one contract."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
