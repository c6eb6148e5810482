"""Comparisons whose truth is known."""

from __future__ import annotations

import numpy as np

from vultus.evaluation.audit.comparisons import Comparisons


def made(rates, people=60, each=20, seed=0, effect=0.0, labels=None):
    """Per group (FMR, FNMR): scores above and below 0.5 with these probabilities; `effect` lets people differ."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(rates)), people)
    own = np.repeat(np.arange(len(group)), each)
    other = own // people * people + (own + random.integers(1, people, own.size)) % people
    left, right = np.concatenate([own, own]), np.concatenate([own, other])
    same = left == right
    odds = effect * random.normal(size=len(group))
    fmr, fnmr = (np.array([rate[side] for rate in rates])[group[left]] for side in (0, 1))
    wanted = np.where(same, fnmr, fmr)
    logit = np.log(np.maximum(wanted, 1e-12) / (1 - wanted)) + odds[left] + np.where(same, 0, odds[right])
    wrong = random.random(left.size) < np.where(wanted > 0, 1 / (1 + np.exp(-logit)), 0)
    scores = np.where(same ^ wrong, 0.9, 0.1) + 0.01 * random.random(left.size)
    names = {"group": np.array(["a", "b", "c", "d", "e"], dtype="<U8")[group]} | (labels(group) if labels else {})
    return Comparisons(scores, same, left, right, len(group), names, "made")
