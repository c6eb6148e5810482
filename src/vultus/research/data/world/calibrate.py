"""What weather, cameras and attacks do to pictures, measured: decibels, faces found, identity, and radial spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.research.data.world import degrade, spoofs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

STRENGTHS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.65, 1.0)


def psnr(clean: Bytes, changed: Bytes) -> NDArray[np.float64]:
    """Decibels between pairs of pictures: (N,)."""
    error = ((clean.astype(np.float64) - changed) ** 2).mean((1, 2, 3))
    return np.asarray(10 * np.log10(255**2 / np.maximum(error, 1e-9)))


def spectrum(images: Bytes, bins: int = 24) -> NDArray[np.float64]:
    """Logarithm of the power at each distance from frequency 0, of the grey pictures: (N, bins)."""
    grey = images.mean(-1)
    height, width = grey.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = np.abs(np.fft.fftshift(np.fft.fft2((grey - grey.mean((1, 2), keepdims=True)) * window), axes=(1, 2))) ** 2
    y, x = np.mgrid[0:height, 0:width]
    away = np.hypot((y - height // 2) / height, (x - width // 2) / width)
    ring = np.minimum((away / 0.5 * bins).astype(int), bins)
    return np.stack([np.log(power[:, ring == n].mean(1) + 1) for n in range(bins)], 1)


def separable(real: Bytes, false: Bytes, people: NDArray[np.int64]) -> float:
    """Area under the curve of a logistic regression on spectra that tells attacks from pictures of other people."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    rows = np.concatenate([spectrum(real), spectrum(false)])
    labels = np.repeat([0, 1], [len(real), len(false)])
    learnt = np.concatenate([people, people]) % 2 == 0
    scale = StandardScaler().fit(rows[learnt])
    model = LogisticRegression(max_iter=2000).fit(scale.transform(rows[learnt]), labels[learnt])
    return float(roc_auc_score(labels[~learnt], model.decision_function(scale.transform(rows[~learnt]))))


def degradations(
    images: Bytes, seed: int, look: Callable[[Bytes], dict[str, float]] | None = None
) -> list[dict[str, Any]]:
    """One row per kind and severity.

    Args:
        images: clean pictures.
        seed: of the degradations.
        look: what else to measure on pictures, by name.
    """
    rows = []
    for kind in degrade.KINDS:
        for severity in degrade.SEVERITIES:
            changed = degrade.apply(images, kind, severity, np.random.default_rng([seed, severity]))
            row: dict[str, Any] = {
                "kind": kind,
                "severity": severity,
                "psnr_db": round(float(psnr(images, changed).mean()), 2),
            }
            rows.append(row | (look(changed) if look else {}))
    return rows


def attacks(images: Bytes, people: NDArray[np.int64], seed: int) -> list[dict[str, Any]]:
    """Separability of each kind of attack over strengths, and at the levels of `spoofs.LEVELS`.

    Args:
        images: real pictures; those of odd and of even people are told apart.
        people: who is in them.
        seed: of the attacks.
    """
    rows = []
    for kind in spoofs.KINDS:
        levels = [{"level": n, "strength": strength} for n, strength in enumerate(spoofs.LEVELS[kind], 1)]
        for entry in [{"level": 0, "strength": strength} for strength in STRENGTHS] + levels:
            strength = float(entry["strength"])
            false, _ = spoofs.attack(images, kind, np.random.default_rng([seed, 7]), strength)
            found = {"kind": kind, **entry, "auc": round(separable(images, false, people), 4)}
            rows.append(found | {"psnr_db": round(float(psnr(images, false).mean()), 2)})
    return rows
