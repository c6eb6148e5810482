from __future__ import annotations

import numpy as np

from vultus.evaluation.encrypted import leaks as module
from vultus.evaluation.encrypted.faces import synthetic
from vultus.evaluation.encrypted.leaks import Decision, leaks, targets
from vultus.evaluation.encrypted.ours import DEFAULT, Ours


def test_targets_have_two_templates_and_strangers_none_of_them():
    faces = synthetic(32, 80)
    people = targets(faces, 10)
    assert people.enrolled.shape == people.other.shape == (10, 32)
    assert len(people.strangers) == 140
    assert people.stranger_cosine < people.threshold
    same = np.einsum("nd,nd->n", people.enrolled, people.other)
    assert people.match_rate == (same >= people.threshold).mean()


def test_decisions_are_those_of_the_decrypted_scores():
    faces = synthetic(16, 20)
    system = Ours(512, 16, DEFAULT)
    template = faces.vectors[0]
    templates = system.prepare(system.encrypt(template[None]))
    decide = Decision(system, template, 0.3)
    for probe in faces.vectors[:10]:
        assert decide(probe) == (system.decrypt(system.score(templates, probe))[0] >= 0.3)


def test_what_answers_are_worth_to_an_attacker(study, monkeypatch):
    monkeypatch.setattr(module, "FMR", 0.02)
    study.dimensions = (32,)
    rows = list(leaks(study))
    table = {line["what"]: line for line in study.bench.details["leaks"]["rows"]}
    assert table["the private key"]["cosine"] > 0.999
    assert table["32 exact scores"]["cosine"] > 0.99 > table["8 exact scores"]["cosine"]
    assert table["ciphertexts alone: the mean of strangers"]["iapar_same"] == 0.0
    assert table["the owner's view, scores of 64 people: the probe"]["cosine"] > 0.999
    assert len(rows) == len(table)
    decisions = [line for name, line in table.items() if name.endswith("decisions")]
    assert all(line["queries"] > 31 for line in decisions)


def test_decisions_rebuild_templates_where_a_stranger_is_accepted(monkeypatch):
    monkeypatch.setattr(module, "FMR", 0.2)
    faces = synthetic(16, 40)
    people = targets(faces, 3)
    monkeypatch.setattr(module, "_STEPS", (10,))
    (line,) = module._by_decisions(Ours(512, 16, DEFAULT), people, quick=False)
    assert line["what"] == "300 decisions"
    assert line["cosine"] > 0.98
    assert line["queries"] > 300
    assert line["tries"] >= 1
