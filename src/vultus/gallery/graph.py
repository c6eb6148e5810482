"""The graph door: a search that looks at a few hundred templates instead of all.

usearch holds the templates as a hierarchical navigable small world graph (Malkov and Yashunin, 2018), in memory only: a
graph on the disk would be a copy of the templates that a removal does not reach. The graph proposes; whoever it
proposes is compared by the exact door in float32, so a similarity found is the exact one and people can only be missed.
How many are missed is measured when the graph is built, and the search widened until it is few enough.
"""

from __future__ import annotations

import threading
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.gallery.recall import RECALL_AT, WIDTHS, probes_like, widened
from vultus.gallery.search import ExactDoor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.gallery.doors import Recall, Rule
    from vultus.gallery.part import Kernel
    from vultus.gallery.search import Masks
    from vultus.gallery.templates import Changes, Templates
    from vultus.types import Candidate

_LINKS, _BUILD_WIDTH = 16, 128
_ONE_BY_ONE = 4096  # rows that begin a graph
_MANY_PROBES = 16  # from here on, threads cost less than they bring


class GraphDoor:
    """Compares with those whom a graph of the templates proposes; needs usearch, see `check_door`.

    Where the graph would propose half of the gallery or more, where a filter lets few people pass, and for a probe to
    which it proposes fewer people than were asked for, the exact door answers. Changes are taken in by the exact door:
    the graph keeps proposing those who are as they were, and who is new is compared with every probe.

    Args:
        templates: of the whole gallery.
        rule, background, kernel: as in `ExactDoor`.
    """

    def __init__(
        self, templates: Templates, rule: Rule = "average", background: float = 0.0, *, kernel: Kernel = "auto"
    ) -> None:
        self._exact = ExactDoor(templates, rule, background, kernel=kernel)
        self._width = WIDTHS[0]
        # A search uses working memory of the graph: one at a time.
        self._lock = threading.Lock()
        base = self._exact.base
        self._graph = _build(base.rows, np.zeros(len(base.rows), np.float32) if base.offsets is None else base.offsets)
        self.recall = self._widen(templates.vectors) if self._is_worth_it(self._wide(RECALL_AT)) else None

    @property
    def n_people(self) -> int:
        """People who can be found."""
        return self._exact.n_people

    @property
    def n_templates(self) -> int:
        """Templates a probe is searched among."""
        return self._exact.n_templates

    def search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The `top` most similar people of each probe, best first; see `Door.search`."""
        self._exact.check(probes, top, within)
        wide = self._wide(top)
        if within is not None and len(within):
            # So many more, that as many as ever may be expected to pass.
            wide *= -(-self.n_people // len(within))
        if len(probes) == 0 or not self._is_worth_it(wide):
            return self._exact.search(probes, top, within)
        near = self._near(probes, wide)
        passing = self._exact.passing(within)
        return [self._answer(probe, rows, top, within, passing) for probe, rows in zip(probes, near, strict=True)]

    def count(self, within: NDArray[np.int64] | None = None) -> int:
        """Templates that a probe is searched among; see `Door.count`."""
        return self._exact.count(within)

    def positions(self, person_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of people; see `Door.positions`."""
        return self._exact.positions(person_ids)

    def update(self, changes: Changes) -> bool:
        """Take in what has changed; see `Door.update`."""
        exact = copy(self._exact)
        if not exact.update(changes):
            return False
        self._exact = exact
        return True

    def _answer(
        self, probe: NDArray[np.float32], rows: NDArray[np.int64], top: int, within: NDArray[np.int64] | None,
        passing: Masks,
    ) -> list[Candidate]:  # fmt: skip
        """Compare those whom the graph proposes, if they are enough."""
        people = np.unique(self._exact.base.people_of(rows))
        if passing[0] is not None:
            people = people[passing[0][people]]
        found = self._exact.among(probe, people, top, passing[1])
        enough = min(top, self.n_people if within is None else len(within))
        return found if len(found) >= enough else self._exact.search(probe[None], top, within)[0]

    def _wide(self, top: int) -> int:
        return max(self._width, 4 * top)

    def _is_worth_it(self, wide: int) -> bool:
        return 2 * wide < len(self._exact.base.rows)

    def _near(self, probes: NDArray[np.float32], width: int) -> list[NDArray[np.int64]]:
        """Rows of the templates that the graph proposes for each probe."""
        lifted = np.column_stack([probes, np.ones(len(probes)), np.zeros(len(probes))]).astype(np.float32)
        with self._lock:
            self._graph.expansion_search = width
            found = self._graph.search(lifted, width, threads=1 if len(probes) < _MANY_PROBES else 0)
        rows = [found] if len(probes) == 1 else [found[at] for at in range(len(probes))]
        return [row.keys.astype(np.int64) for row in rows]

    def _widen(self, vectors: NDArray[np.float32]) -> Recall:
        """Propose more and more until enough of the exact answer is found; how much it is."""
        probes = probes_like(vectors)

        def look(width: int) -> list[list[Candidate]]:
            self._width = width
            return self.search(probes, RECALL_AT)

        self._width, recall = widened(self._exact.search(probes, RECALL_AT), look)
        return recall


def _build(rows: NDArray[np.float32], offsets: NDArray[np.float32]) -> Any:
    """The graph over the rows, made equally long by one more number: then the nearest is also the most similar."""
    from usearch.index import Index

    # Half precision proposes as well as single, in half of the memory.
    graph = Index(
        ndim=rows.shape[1] + 2, metric="l2sq", dtype="f16", connectivity=_LINKS, expansion_add=_BUILD_WIDTH,
        enable_key_lookups=False,
    )  # fmt: skip
    if len(rows):
        squares = np.einsum("nd,nd->n", rows, rows) + offsets**2
        lifted = np.column_stack([rows, offsets, np.sqrt(squares.max() - squares)]).astype(np.float32)
        # Rows put in at the same time do not see each other: some of the first ones would stay badly linked.
        numbers = np.arange(len(rows))
        graph.add(numbers[:_ONE_BY_ONE], lifted[:_ONE_BY_ONE], threads=1)
        if len(rows) > _ONE_BY_ONE:
            graph.add(numbers[_ONE_BY_ONE:], lifted[_ONE_BY_ONE:])
    return graph
