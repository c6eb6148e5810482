"""What each accelerator brings: the same stage with it and without it, taking turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.evaluation.encrypted.ours import DEFAULT, How, Ours
from vultus.evaluation.row import Row
from vultus.evaluation.timing import interleaved, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.study import Study

    Floats = NDArray[np.float64]

    # A call, and how many things it does.
    Side = tuple[Callable[[], object], int]

LEAST = 1.5
WITHOUT = "the same without it"
_NONCES = 20


def ablations(study: Study) -> Iterator[Row]:
    """Each accelerator off, in the stage that it is for; one processor, one key for both sides where that can be."""
    _, vectors, probe = study.templates(study.dimensions[0])
    with processors(1):
        yield from _each(Ours(study.main_bits, vectors.shape[1], DEFAULT), vectors, probe, study.bench.count(5, 1))


def _each(system: Ours, vectors: Floats, probe: Floats, repeats: int) -> Iterator[Row]:
    bits, dimension = system.facts.modulus_bits, vectors.shape[1]
    block = vectors[: system.slots]
    single = Ours(bits, dimension, How(packed=False), system.private)
    one_by_one = Ours(bits, dimension, How(buckets=False), system.private)
    plain_powers = system.private.public.hider(table=False)
    owner_plain = system.private.hider(table=False)
    anybody = system.private.public.hider()
    templates, alone = system.prepare(system.encrypt(block)), single.prepare(single.encrypt(block[:1]))
    scores, alone_scores = system.score(templates, probe), single.score(alone, probe)
    without_crt = Ours(bits, dimension, How(crt=False), system.private)
    n = len(block)
    stages: tuple[tuple[str, str, Side, Side], ...] = (
        ("packing: encryption", "templates/s", (lambda: system.encrypt(block), n),
         (lambda: single.encrypt(block[:1]), 1)),
        ("packing: dot product", "comparisons/s", (lambda: system.score(templates, probe), n),
         (lambda: single.score(alone, probe), 1)),
        ("packing: decryption", "scores/s", (lambda: system.decrypt(scores), n),
         (lambda: single.decrypt(alone_scores), 1)),
        ("multi-exponentiation: dot product", "comparisons/s", (lambda: system.score(templates, probe), n),
         (lambda: one_by_one.score(templates, probe), n)),
        ("fixed-base table: nonces made by anybody", "nonces/s", _many(anybody), _many(plain_powers)),
        ("fixed-base table: nonces made by the owner", "nonces/s", _many(system.hider), _many(owner_plain)),
        ("CRT: decryption", "scores/s", (lambda: system.decrypt(scores), n), (lambda: without_crt.decrypt(scores), n)),
    )  # fmt: skip
    for what, unit, (ours, n_ours), (other, n_other) in stages:
        with_it, without = interleaved(ours, other, repeats)
        ratio = (without / n_other) / (with_it / n_ours)
        yield Row(
            what=what,
            ours=n_ours / with_it,
            peer=n_other / without,
            peer_name=WITHOUT,
            ratio=ratio,
            unit=unit,
            n=repeats,
            goal=f"at least {LEAST} times",
            met=ratio >= LEAST,
            reason=f"{system.facts.modulus_bits} bits, {vectors.shape[1]} dimensions, one processor",
        )


def _many(hider: Callable[[], int]) -> Side:
    return lambda: [hider() for _ in range(_NONCES)], _NONCES
