"""This is not X: faces of which the user said whom they are not, and what follows for searches.

A probe that resembles a face that is not X more than it resembles X is not X. So a mistake that was pointed out once is
not repeated, while pictures that are more like X than like the mistake are found as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.gallery.templates import TEMPLATE, decode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.gallery.vault import Vault
    from vultus.types import Candidate


@dataclass(frozen=True, slots=True, eq=False)
class Denials:
    """Negatives of a gallery.

    Attributes:
        names: who each face is not, (K,).
        vectors: the faces, float32, (K, D), unit rows.
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.names)

    def of(self, name: str) -> NDArray[np.float32]:
        """Faces that are not this person, (n, D)."""
        return self.vectors[[at for at, one in enumerate(self.names) if one == name]]

    def most(self, probes: NDArray[np.float32], threshold: float) -> int:
        """Most people whom one of the probes (Q, D) may lose among those who reach the threshold."""
        reach = probes @ self.vectors.T >= threshold
        return max((len({self.names[at] for at in np.flatnonzero(row)}) for row in reach), default=0)

    def without(self, probes: NDArray[np.float32], ranked: Sequence[Sequence[Candidate]]) -> list[list[Candidate]]:
        """The candidates of each probe without those it resembles less than a face that is not them."""
        kept = []
        for row, candidates in zip(probes @ self.vectors.T, ranked, strict=True):
            rival: dict[str, float] = {}
            for name, similarity in zip(self.names, row.tolist(), strict=True):
                rival[name] = max(rival.get(name, similarity), similarity)
            kept.append([one for one in candidates if rival.get(one.name, -np.inf) <= one.similarity])
        return kept


def read_denials(connection: sqlite3.Connection, vault: Vault) -> Denials:
    """Who is said not to be whom.

    Raises:
        StoreError: a template is damaged.
        LockedError: the vault is locked.
    """
    rows = connection.execute(
        "SELECT name, face.face_id, key_id, template FROM negative JOIN face USING (face_id)"
        " JOIN person ON person.person_id = negative.person_id ORDER BY negative.person_id, face.face_id"
    ).fetchall()
    vault.load(connection)
    plain = [decode(vault.open(row[2], TEMPLATE, row[1], row[3])) for row in rows]
    vectors = np.stack(plain) if plain else np.zeros((0, 1), dtype=np.float32)
    return Denials(tuple(row[0] for row in rows), vectors)
