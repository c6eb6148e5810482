"""The ways of searching a gallery, by name.

A door answers `search`. Whatever it uses inside, its similarities are those of a float32 product, so that thresholds
hold behind every door; a door may miss people, and then says how many. `tests/contract/test_doors.py` holds all of them
against one plain oracle.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, Protocol

from vultus.errors import ConfigError, InputError, MissingExtraError, ShapeError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from vultus.gallery.ledger import Ledger
    from vultus.gallery.templates import Changes, Templates
    from vultus.types import Candidate

Rule = Literal["average", "best"]
RULES: tuple[Rule, ...] = ("average", "best")


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a door is and what it needs.

    Attributes:
        module, name: its class; made with `(templates, rule, background, **options)`.
        package: what must be installed; "" for nothing.
        extra: of Vultus, that installs it.
        options: what may be set.
        afar: it keeps the templates elsewhere, see `FarDoor`.
    """

    module: str
    name: str
    package: str = ""
    extra: str = ""
    options: tuple[str, ...] = ()
    afar: bool = False


TABLE = {
    "exact": Kind("vultus.gallery.search", "ExactDoor", options=("kernel",)),
    "graph": Kind("vultus.gallery.graph", "GraphDoor", "usearch", "graph", ("kernel",)),
    "milvus": Kind(
        "vultus.gallery.milvus",
        "MilvusDoor",
        "pymilvus",
        "milvus",
        ("uri", "token", "index", "consistency", "allow_plain", "progress"),
        afar=True,
    ),
    "encrypted": Kind(
        "vultus.gallery.encrypted.door",
        "EncryptedDoor",
        "gmpy2",
        "encrypted",
        ("key", "scheme", "bits", "nonces", "precision"),
    ),
}
DOORS = tuple(TABLE)
AUTO = "auto"
GRAPH_FROM = 2_000_000  # templates; for the reasons see docs/decisions/0015


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of the exact answer a door finds.

    Attributes:
        share: of the `at` most similar people, the part that was found; 0 to 1.
        at: people looked for per probe.
        n_probes: probes it was measured with.
        wanted: the share a door should reach.
    """

    share: float
    at: int
    n_probes: int
    wanted: float

    def shortfall(self) -> list[str]:
        """What is wrong with it, one sentence; empty when all is well."""
        if self.share >= self.wanted:
            return []
        return [
            f"the door finds only {self.share:.1%} of the {self.at} most similar people instead of {self.wanted:.0%}; "
            "use the exact door"
        ]


class Door(Protocol):
    """One way of searching a gallery.

    Attributes:
        n_people: people who can be found.
        n_templates: templates a probe is searched among; thresholds for a target FPIR depend on it.
        recall: against the exact door, measured when the door was built; None where every answer is exact.
    """

    n_people: int
    n_templates: int
    recall: Recall | None

    def search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The `top` most similar people of each probe, best first; equal ones in the order of enrolment.

        Args:
            probes: float32, (Q, D), unit rows.
            top: at least 1.
            within: who may be found, as positions 0 to `n_people` - 1, ascending; None for everybody.

        Raises:
            InputError: top is below 1, or somebody in `within` is not there.
            ShapeError: the probes have another dimension than the gallery.
        """

    def count(self, within: NDArray[np.int64] | None = None) -> int:
        """Templates that a probe is searched among when only these people may be found."""

    def positions(self, person_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions, ascending, of those of these people who can be found; for `within`."""

    def update(self, changes: Changes) -> bool:
        """Take in what has changed in the gallery; False, and nothing done, where building anew is better."""


class FarDoor(Door, Protocol):
    """A door that keeps the templates elsewhere, and reads the record by itself."""

    def follow(self) -> bool:
        """Take in what has changed in the gallery; False, and nothing done, where building anew is better."""

    def close(self) -> None:
        """Let go of what is elsewhere; a second time does nothing."""


def open_door(
    name: str,
    templates: Templates | Ledger,
    rule: Rule,
    background: float = 0.0,
    options: Mapping[str, Any] | None = None,
) -> Door:
    """The door of that name over these templates.

    Args:
        name: one of `DOORS`.
        templates: of the whole gallery; or, for a door that keeps them elsewhere, a ledger of it.
        rule: "average" compares with the mean of a person's templates, "best" with each and takes the highest
            similarity.
        background: typical cosine of two strangers, see `search.background_of`.
        options: of this door, see `TABLE`.

    Raises:
        UnknownNameError: there is no such door.
        MissingExtraError: the package that a door needs is not installed.
        ConfigError: the door has no such option, or the rule is none of these.
    """
    check_door(name, options)
    check_rule(rule)
    kind = TABLE[name]
    door: Door = getattr(import_module(kind.module), kind.name)(templates, rule, background, **(options or {}))
    return door


def chosen(name: str, n_templates: int) -> str:
    """The door that a name stands for: "auto" is the graph where it is installed and the gallery huge, else exact."""
    if name != AUTO:
        return name
    return "graph" if n_templates >= GRAPH_FROM and find_spec(TABLE["graph"].package) is not None else "exact"


def check_door(name: str, options: Mapping[str, Any] | None = None) -> None:
    """Refuse a door that does not exist, or cannot be used here.

    Raises:
        UnknownNameError: there is no such door.
        MissingExtraError: the package that it needs is not installed.
        ConfigError: the door has no such option.
    """
    name = chosen(name, 0)
    if name not in TABLE:
        raise UnknownNameError("gallery door", name, DOORS, f"(there are: {', '.join(DOORS)})")
    kind = TABLE[name]
    if kind.package and find_spec(kind.package) is None:
        raise MissingExtraError(kind.package, kind.extra)
    for option in options or {}:
        if option not in kind.options:
            known = ", ".join(kind.options) or "none"
            raise ConfigError(f"the {name} door has no option '{option}'; it has: {known}")


def check_rule(rule: str) -> None:
    """Refuse a rule that does not exist.

    Raises:
        ConfigError: there is no such rule.
    """
    if rule not in RULES:
        raise ConfigError(f"templates must be one of {', '.join(RULES)}, but is '{rule}'")


def check_search(
    probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None, n_people: int, dimension: int
) -> None:
    """Refuse what cannot be searched for.

    Raises:
        InputError: top is below 1, or somebody in `within` is not there.
        ShapeError: the probes have another dimension than the gallery.
    """
    if top < 1:
        raise InputError(f"top must be at least 1, but is {top}")
    if within is not None and len(within) and (within[0] < 0 or within[-1] >= n_people):
        raise InputError(f"within must hold positions from 0 to {n_people - 1}, but has {within[0]} to {within[-1]}")
    if n_people and len(probes) and (probes.ndim != 2 or probes.shape[1] != dimension):
        raise ShapeError("probes", f"(Q, {dimension})", str(probes.shape))
