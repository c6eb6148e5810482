"""The expression model that comes with Vultus: its manifest, and its file checked against it.

The files lie in `weights/own/`; how they were made, and how well they do, is told in docs/models/expression.md.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vultus.errors import LicenceError, UnknownNameError, WeightsError
from vultus.weights.manifest import Licence

SCHEMA = "vultus.own/1"
HOME = Path(__file__).parent / "own"


@dataclass(frozen=True, slots=True)
class ExpressionSpec:
    """How a face becomes scores of words.

    Attributes:
        name: of the model, with its version.
        file: the ONNX model: "picture", float32 (N, 1, S, S), grey 0 to 255, to "scores", float32 (N, K).
        sha256, size_bytes: of the file.
        licence: on what terms it may be used.
        labels: the words, in the order of the scores.
        size: S, pixels.
        template: where the five landmarks go, pixels of the crop, in the order of `Face.landmarks`.
    """

    name: str
    file: Path
    sha256: str
    size_bytes: int
    licence: Licence
    labels: tuple[str, ...]
    size: int
    template: tuple[tuple[float, float], ...]


def expression_spec(manifest: Path = HOME / "expression.json") -> ExpressionSpec:
    """Read the manifest.

    Raises:
        WeightsError: it is not there, or not as it was written.
    """
    try:
        content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise KeyError(content["schema"])
        return ExpressionSpec(
            name=f"{content['name']}-{content['version']}",
            file=manifest.parent / content["file"],
            sha256=content["sha256"],
            size_bytes=content["size_bytes"],
            licence=Licence(**content["licence"]),
            labels=tuple(content["labels"]),
            size=content["input"]["size"],
            template=tuple((float(x), float(y)) for x, y in content["input"]["template"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"the manifest {manifest} is not the one that comes with Vultus ({error}); {AGAIN}"
        ) from error


class Own(Protocol):
    """What every model that comes with Vultus tells of itself."""

    @property
    def name(self) -> str: ...
    @property
    def file(self) -> Path: ...
    @property
    def sha256(self) -> str: ...
    @property
    def licence(self) -> Licence: ...


def checked(spec: Own, licence_policy: str = "any") -> Path:
    """The model's file, after a look at its digest and at its terms.

    Args:
        spec: from `expression_spec`, or of another model of `weights/own/`.
        licence_policy: "commercial" refuses a model for research only.

    Raises:
        LicenceError: the policy forbids it.
        UnknownNameError: there is no such policy.
        WeightsError: the file is missing or damaged.
    """
    if licence_policy not in ("any", "commercial"):
        raise UnknownNameError("licence policy", licence_policy, ("any", "commercial"), "Known: any, commercial")
    if licence_policy == "commercial" and spec.licence.use == "research":
        raise LicenceError(
            f"the model {spec.name} is for research only ({spec.licence.id}) and the licence policy is commercial: "
            f"{spec.licence.summary}"
        )
    try:
        digest = hashlib.sha256(spec.file.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read the model {spec.file}: {error.strerror or error}; {AGAIN}") from error
    if digest != spec.sha256:
        raise WeightsError(f"the model {spec.file} has sha256 {digest}, expected {spec.sha256}; {AGAIN}")
    return spec.file


AGAIN = "install Vultus again: pip install --force-reinstall --no-deps vultus"
