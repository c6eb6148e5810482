"""What is measured: errors on the camera that was left out, and whether patterns and contents hold what they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vultus.errors import ConfigError
from vultus.metrics.pad import half_total_error, pad_rates
from vultus.metrics.verification import eer
from vultus.research.data.sample import predicted, tensors
from vultus.research.methods.spoofing.pcgan.convert import picture
from vultus.research.methods.spoofing.pcgan.material import DEVELOPMENT, KINDS, KNOWN, PROBE, TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.research.data.sample import Samples

    Floats = NDArray[np.float64]

PAIRS = 96  # pictures whose conversion is measured
INSIDE = ("pattern_kind", "pattern_person", "content_kind", "grating_r", "grating_r_content")
_NEVER = float("nan")


def figures(model: Any, test: Samples) -> dict[str, float]:
    """Every metric.

    The threshold is where the training cameras' development people have equal errors. AUC over known kinds and new ones
    apart; `acer` of the mean over known kinds, `acer_worst` of the worst; `apcer_<kind>` of each; `localisation` is the
    AUC of patches of partial attacks.

    Raises:
        ConfigError: the test samples have no development part, or no attacks of a kind.
    """
    found = predicted(model, test)
    role, label, kind = test["role"], test["label"], test["kind"]
    alive = -found["score"].astype(np.float64)  # higher is more alive
    dev, target = role == DEVELOPMENT, role == TARGET
    if not dev.any() or not target.any():
        raise ConfigError("a score needs pictures of development people and of the target; one of them is missing")
    known = np.isin(kind, [KINDS.index(name) for name in KNOWN])
    real, attacks = target & (label == 0), target & (label == 1)
    at = eer(alive[dev & (label == 0)], alive[dev & (label == 1)])[1]
    species = np.array(KINDS)[kind]
    rates = pad_rates(alive[real], alive[attacks & known], species[attacks & known], at)
    every = pad_rates(alive[real], alive[attacks], species[attacks], at)
    half = half_total_error(
        (alive[dev & (label == 0)], alive[dev & (label == 1)]), (alive[real], alive[attacks & known])
    )
    partial = attacks & known & (test["partial"] == 1)
    return {
        "auc": area(found["score"][attacks & known], found["score"][real]),
        "partial_auc": area(found["score"][partial], found["score"][real]),
        "new_kinds_auc": area(found["score"][attacks & ~known], found["score"][real]),
        "acer": (float(np.mean(list(rates.apcer_of.values()))) + rates.bpcer) / 2,
        "acer_worst": rates.acer,
        "hter": half.hter,
        "bpcer": rates.bpcer,
        **{f"apcer_{name}": float(every.apcer_of.get(name, _NEVER)) for name in KINDS[1:]},
        "localisation": localised(found["patches"], test["mask"], partial),
        **inside(model, test),
    }


def area(positive: NDArray[Any], negative: NDArray[Any]) -> float:
    """Chance that a positive is above a negative; half of the ties count. NaN where one of them is empty."""
    from scipy.stats import rankdata

    if not len(positive) or not len(negative):
        return _NEVER
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2)
                 / (len(positive) * len(negative)))  # fmt: skip


def localised(patches: NDArray[Any], mask: NDArray[np.uint8], rows: NDArray[np.bool_]) -> float:
    """AUC of patches that are mostly covered over those that are not, of some rows."""
    if not rows.any():
        return _NEVER
    grid = patches.shape[1:]
    covered = np.stack([_shrunk(one, grid) for one in mask[rows]])
    return area(patches[rows][covered >= 0.5], patches[rows][covered < 0.5])


def _shrunk(mask: NDArray[np.uint8], grid: tuple[int, ...]) -> Floats:
    down, across = (np.array_split(np.arange(size), parts) for size, parts in zip(mask.shape, grid, strict=True))
    return np.array([[mask[np.ix_(y, x)].mean() for x in across] for y in down])


def inside(model: Any, test: Samples) -> dict[str, float]:
    """What patterns and contents tell, and where conversion puts gratings; NaN for arms that do not, or without probes.

    `pattern_kind`: share of probes whose kind a linear probe reads from the pattern, `content_kind` from the content,
    on people it was not fitted on. `pattern_person`: how many times more often than by chance a linear probe reads the
    person from the pattern of other pictures. `grating_r`: correlation of the strength of waves, at the donors' own
    frequencies and at others', between converted pictures and donors; `grating_r_content` with the content's pictures.
    """
    if getattr(model, "converts", "none") != "pattern" or not hasattr(model, "converter"):
        return dict.fromkeys(INSIDE, _NEVER)
    rows = np.flatnonzero(test["role"] == PROBE)
    if not len(rows):
        return dict.fromkeys(INSIDE, _NEVER)
    code = _codes(model, test.subset(rows))
    kind, who = test["kind"][rows], np.asarray(test.subjects)[rows]
    names, person = np.unique(who, return_inverse=True)
    first = person < len(names) / 2
    turn = _turns(who, kind)
    later = turn >= np.median(turn)
    fitted = _read(code["pattern"], person, ~later)
    grating, content = gratings(model, test)
    return {
        "pattern_kind": _read(code["pattern"], kind, first),
        "pattern_person": fitted * len(names),
        "content_kind": _read(code["content"], kind, first),
        "grating_r": grating,
        "grating_r_content": content,
    }


def _turns(who: NDArray[Any], kind: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of a person's pictures of a kind each row is: the same number is the same picture."""
    seen: dict[tuple[Any, int], int] = {}
    out = np.zeros(len(who), np.int64)
    for row, key in enumerate(zip(who.tolist(), kind.tolist(), strict=True)):
        out[row] = seen.get(key, 0)
        seen[key] = int(out[row]) + 1
    return out


def _read(features: Floats, answers: NDArray[np.int64], fitted: NDArray[np.bool_]) -> float:
    """Share of rows outside `fitted` that a linear probe fitted inside of it gets right."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    probe.fit(features[fitted], answers[fitted])
    return float(probe.score(features[~fitted], answers[~fitted]))


def _codes(model: Any, samples: Samples) -> dict[str, Floats]:
    """Content and pattern of every row, flat."""
    content, pattern = [], []
    with torch.inference_mode():
        for start in range(0, len(samples), 256):
            batch = tensors(samples.take(np.arange(start, min(start + 256, len(samples)))))
            c, p, _ = model.converter.encoder(picture(batch["image"]))
            content.append(c.flatten(1).numpy())
            pattern.append(p.numpy())
    return {"content": np.concatenate(content).astype(float), "pattern": np.concatenate(pattern).astype(float)}


def gratings(model: Any, test: Samples) -> tuple[float, float]:
    """Correlation over pairs and frequencies of log strength with the donor, and with the picture of the content."""
    rng = np.random.default_rng(0)
    people = np.flatnonzero((test["role"] == TARGET) & (test["label"] == 0))
    donors = np.flatnonzero((test["role"] == PROBE) & (np.abs(test["wave"]).sum(1) > 0))
    count = min(PAIRS, len(people), len(donors))
    content, donor = rng.permutation(people)[:count], rng.permutation(donors)[:count]
    waves = test["wave"][donor]
    shown, given = (picture(torch.from_numpy(test["image"][rows])) for rows in (content, donor))
    with torch.inference_mode():
        torch.manual_seed(0)
        made = model.converter(shown, None, given, None)
    tables = [np.stack([_strength(one, waves) for one in part.numpy().mean(1)]) for part in (made, given, shown)]
    kept = np.eye(count, dtype=bool) | (rng.random((count, count)) < 8 / count)
    flat = [np.log(table[kept]) for table in tables]
    return float(np.corrcoef(flat[0], flat[1])[0, 1]), float(np.corrcoef(flat[0], flat[2])[0, 1])


def _strength(image: NDArray[np.float32], waves: NDArray[np.float32]) -> Floats:
    """How strong waves of given frequencies are in a picture under a bell: (H, W), (N, 2) to (N,)."""
    height, width = image.shape
    bell = np.outer(np.hanning(height), np.hanning(width))
    y, x = np.mgrid[0:height, 0:width]
    shown = (image - image.mean()) * bell
    turns = np.exp(-2j * np.pi * (x[None] * waves[:, 0, None, None] + y[None] * waves[:, 1, None, None]))
    return np.asarray(np.abs((turns * shown).sum((1, 2))) / bell.sum() + 1e-6)
