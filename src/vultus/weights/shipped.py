"""Models that come with Vultus in `weights/own/`: what every manifest says, and files checked against it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vultus.errors import LicenceError, UnknownNameError, WeightsError
from vultus.weights.manifest import Licence

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = TypeVar("Spec", bound="Shipped")
SCHEMA = "vultus.own/1"
HOME = Path(__file__).parent / "own"
AGAIN = "install Vultus again: pip install --force-reinstall --no-deps vultus"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model.

    Attributes:
        name: with its version.
        file: the ONNX model.
        sha256, size_bytes: of the file.
        licence: on what terms it may be used.
    """

    name: str
    file: Path
    sha256: str
    size_bytes: int
    licence: Licence


def read_manifest(manifest: Path, make: Callable[[dict[str, Any], dict[str, Any]], Spec]) -> Spec:
    """Read a manifest.

    Args:
        manifest: the file.
        make: builds the model's own kind of spec from what every manifest says (`Shipped`) and from all of it.

    Raises:
        WeightsError: it is not there, or not as it was written.
    """
    try:
        content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise KeyError(content["schema"])
        common = {
            "name": f"{content['name']}-{content['version']}", "file": manifest.parent / content["file"],
            "sha256": content["sha256"], "size_bytes": content["size_bytes"],
            "licence": Licence(**content["licence"]),
        }  # fmt: skip
        return make(common, content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"the manifest {manifest} is not the one that comes with Vultus ({error}); {AGAIN}"
        ) from error


def checked(spec: Shipped, licence_policy: str = "any") -> Path:
    """The model's file, after a look at its digest and at its terms.

    Args:
        spec: of a model of `weights/own/`.
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
