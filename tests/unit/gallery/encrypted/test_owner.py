from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unit.gallery.encrypted.keys import KINDS, key
from unit.gallery.encrypted.world import CONTRACT, people, state
from vultus.errors import ContractError, InputError
from vultus.gallery.encrypted.block import read_slots
from vultus.gallery.encrypted.message import Answer
from vultus.gallery.encrypted.owner import Update, bring_up_to_date, rule
from vultus.gallery.encrypted.scheme import PrivateKey
from vultus.gallery.encrypted.score import Scorer, mask_others
from vultus.gallery.templates import Templates


def asked(private: PrivateKey, update: Update, vector: np.ndarray, number: int | None = None) -> Answer:
    """What an honest scorer answers."""
    archive = update.archive
    found = archive.layout.quantise(vector[None])
    scores = Scorer(archive.public, archive.layout, archive.blocks).score(found.values[0])
    if number is not None:
        at, slot = divmod(number, archive.layout.slots)
        scores = [mask_others(archive.public, archive.layout, scores[at], slot, archive.public.hider(table=False))]
    scale, loss = float(found.scales[0]), float(found.losses[0])
    return Answer(update.roster.fingerprint, archive.revision, number, scores, scale, loss)


@pytest.mark.parametrize("kind", KINDS)
def test_the_owner_learns_who_it_is(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    update = state(list(range(1, 40)), private)
    templates = people(list(range(1, 40)))
    for at in (0, 17, 38):
        ruling = rule(private, update.roster, asked(private, update, templates.vectors[at]), threads=2)
        assert ruling is not None
        assert ruling.name == f"p{at + 1}"
        assert abs(ruling.similarity - 1) <= ruling.error < 0.05
        number = next(one.place.slot for one in update.roster.entries if one.person_id == at + 1)
        alone = rule(private, update.roster, asked(private, update, templates.vectors[at], number))
        assert alone is not None
        assert alone.name == f"p{at + 1}"
        assert alone.similarity == pytest.approx(ruling.similarity, abs=1e-4)
        assert alone.error > ruling.error, "masks may carry into the slot"


def test_only_what_has_changed_is_touched() -> None:
    private = key()
    first = state(list(range(1, 60)))
    assert (first.new, first.gone, first.kept) == (59, 0, 0)
    done: list[int] = []
    second = bring_up_to_date(
        private,
        people([*range(1, 30), *range(31, 61)]),
        CONTRACT,
        0.0,
        (first.archive, first.roster),
        progress=done.append,
    )
    assert (second.new, second.gone, second.kept) == (1, 1, 58)
    assert done == [1]
    place = {one.person_id: one.place.slot for one in first.roster.entries}[30]
    assert {one.person_id: one.place.slot for one in second.roster.entries}[60] == place
    changed = [
        at
        for at, (one, other) in enumerate(zip(first.archive.blocks, second.archive.blocks, strict=True))
        if one != other
    ]
    assert changed == [place // first.archive.layout.slots]
    assert first.archive.revision != second.archive.revision
    same = bring_up_to_date(
        private, people([*range(1, 30), *range(31, 61)]), CONTRACT, 0.0, (second.archive, second.roster)
    )
    assert (same.new, same.gone, same.kept) == (0, 0, 59)
    assert same.archive.blocks == second.archive.blocks


def test_who_is_gone_is_gone_from_the_ciphertexts() -> None:
    private = key()
    first = state([1, 2, 3])
    second = bring_up_to_date(private, people([1, 3]), CONTRACT, 0.0, (first.archive, first.roster))
    slots = read_slots(private, second.archive.layout, second.archive.blocks[0])
    assert [row.any() for row in slots[:4]] == [True, False, True, False]


def test_states_that_do_not_belong_together_are_told() -> None:
    private, other = key(), key(seed=1)
    first, second = state([1, 2]), state([1, 2])
    with pytest.raises(InputError, match="the encrypted gallery is of another key"):
        bring_up_to_date(other, people([1]), CONTRACT, 0.0, (first.archive, first.roster))
    with pytest.raises(InputError, match="are not of one state; give the two that were written together"):
        bring_up_to_date(private, people([1]), CONTRACT, 0.0, (first.archive, second.roster))
    with pytest.raises(ContractError):
        bring_up_to_date(private, people([1]), "other:0", 0.0, (first.archive, first.roster))


def test_an_answer_that_does_not_fit_is_told() -> None:
    private = key()
    update = state(list(range(1, 60)))
    answer = asked(private, update, people([5]).vectors[0])
    with pytest.raises(InputError, match="the answer or the roster is of another key"):
        rule(key(seed=1), update.roster, answer)
    with pytest.raises(InputError, match="of another state of the encrypted gallery than the roster: ask again"):
        rule(private, update.roster, replace(answer, revision="00"))
    for scale in (0.0, 1e-300, 1.0):
        with pytest.raises(InputError, match="the scale of the answer must lie between"):
            rule(private, update.roster, replace(answer, scale=scale))
    with pytest.raises(InputError, match="the answer is cut short"):
        rule(private, update.roster, replace(answer, scores=answer.scores[:1]))
    with pytest.raises(InputError, match="an answer is out of range"):
        rule(private, update.roster, replace(answer, scores=[answer.scores[0] ^ 8, *answer.scores[1:]]))
    with pytest.raises(InputError, match="about a single template must have one score"):
        rule(private, update.roster, replace(answer, number=0))


def test_nobody_in_a_slot_is_nobody() -> None:
    private = key()
    update = state([1, 2])
    assert rule(private, update.roster, asked(private, update, people([1]).vectors[0], 5)) is None
    empty = Templates(0, [], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 16), np.float32))
    nobody = bring_up_to_date(private, empty, CONTRACT, 0.0)
    assert nobody.archive.blocks == []
    assert rule(private, nobody.roster, asked(private, nobody, people([1]).vectors[0])) is None
