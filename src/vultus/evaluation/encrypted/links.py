"""Can the galleries of two owners be linked by their ciphertexts? Unlinkability as in ISO/IEC 24745, measured."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.encrypted.attack import bit_agreement, sign_agreement
from vultus.evaluation.encrypted.ours import DEFAULT, Ours
from vultus.evaluation.encrypted.peers import LightPhe
from vultus.evaluation.row import Row
from vultus.metrics.rows import unit
from vultus.metrics.templates import unlinkability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.study import Study

    Floats = NDArray[np.float64]

_MATED = 500
_CIPHERS = 16  # of a template that are compared: 8 kB of ciphertext at 2048 bits
_SIGN_DIMENSIONS = 8


def links(study: Study) -> Iterator[Row]:
    """Can two galleries with different keys be linked by their ciphertexts? D_sys, beside chance and no protection."""
    faces = study.faces
    one, other = faces.twice
    count = min(study.bench.count(_MATED, 12), other.size)
    left, right = faces.vectors[one[:count]], faces.vectors[other[:count]]
    # Person i against person i + 1 is a comparison of two people.
    shifted = np.roll(right, 1, axis=0)
    study.bench.tell(f"links between galleries, {count} people of {faces.name}")
    table = [_link("templates without protection", np.einsum("nd,nd->n", left, right),
                   np.einsum("nd,nd->n", left, shifted))]  # fmt: skip
    if "lightphe" in study.backends:
        table.append(_signs(left, right, shifted))
    table += _ciphertexts(study, left, right)
    table.append(_random(table[-1]["bytes"], count))
    study.bench.details["links"] = {"faces": faces.name, "rows": table}
    chance = table[-1]["d_sys"]
    for line in table:
        yield Row(
            what=f"D_sys, {line['what']}",
            ours=line["d_sys"],
            peer=chance,
            peer_name="random bytes",
            unit="share",
            n=count,
            reason="0 cannot be linked, 1 always can; chance differences of bins alone reach the value beside it",
        )


def _link(what: str, mated: Floats, nonmated: Floats, size: int = 0) -> dict[str, Any]:
    return {"what": what, "d_sys": unlinkability(mated, nonmated).d_sys, "bytes": size}


def _signs(left: Floats, right: Floats, shifted: Floats) -> dict[str, Any]:
    """LightPHE keeps signs in the clear beside each ciphertext; that is looked at before it is claimed."""
    system = LightPhe(1024, "Paillier", 5)
    part = left[:1, :_SIGN_DIMENSIONS]
    seen = np.array([fraction.sign for fraction in system.encrypt(part).fractions])
    shown = bool((seen == np.sign(part[0])).all())
    mated = np.array([sign_agreement(a, b) for a, b in zip(left, right, strict=True)])
    nonmated = np.array([sign_agreement(a, b) for a, b in zip(left, shifted, strict=True)])
    return {**_link("LightPHE, signed templates: signs stored beside the ciphertexts", mated, nonmated), "shown": shown}


def _ciphertexts(study: Study, left: Floats, right: Floats) -> list[dict[str, Any]]:
    """Ours: two keys, and one key twice."""
    dimension = min(_CIPHERS, left.shape[1])
    keys = [Ours(study.main_bits, dimension, DEFAULT) for _ in range(2)]
    mine = [_bytes(keys[0], unit(row[:dimension])) for row in left]
    theirs = [_bytes(keys[1], unit(row[:dimension])) for row in right]
    again = [_bytes(keys[0], unit(row[:dimension])) for row in left]
    table = []
    for what, others in (("ciphertexts under two keys", theirs), ("the same template twice under one key", again)):
        mated = np.array([bit_agreement(a, b) for a, b in zip(mine, others, strict=True)])
        nonmated = np.array([bit_agreement(a, b) for a, b in zip(mine, others[1:] + others[:1], strict=True)])
        table.append(_link(f"ours, {what}", mated, nonmated, len(mine[0])))
    return table


def _bytes(system: Ours, row: Floats) -> bytes:
    size = system.private.public.cipher_bytes
    return b"".join(int(one).to_bytes(size, "big") for one in system.encrypt(row[None]).blocks[0])


def _random(size: int, count: int) -> dict[str, Any]:
    """What chance alone reaches with as many scores."""
    one, two = ([secrets.token_bytes(size) for _ in range(count)] for _ in range(2))
    mated = np.array([bit_agreement(a, b) for a, b in zip(one, two, strict=True)])
    nonmated = np.array([bit_agreement(a, b) for a, b in zip(one, two[1:] + two[:1], strict=True)])
    return _link("random bytes", mated, nonmated, size)
