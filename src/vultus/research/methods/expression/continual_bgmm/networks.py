"""Heads trained by steps: the network one would take, with and without a brake on forgetting, and the bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.int64]

_HIDDEN, _BATCH, _LR = 64, 32, 3e-3
_ENOUGH = 500  # samples to estimate the Fisher information from
Kind = Literal["fine_tuned", "ewc", "joint"]


class Perceptron:
    """One hidden layer over a class for every one that may come; classes not seen yet are never answered.

    "fine_tuned" goes on with each task's samples; "ewc" too, held to what earlier tasks needed (Kirkpatrick et al.,
    2017); "joint" starts anew with all samples so far, which nobody who learns continually has.

    Args:
        kind: how a new task is learnt.
        outputs: classes that may come.
        steps: for each task; the joint one takes as many for each task that it has seen.
        brake: of "ewc".
    """

    def __init__(self, kind: Kind, outputs: int, steps: int, brake: float = 300.0) -> None:
        self.kind, self.outputs, self.steps, self.brake = kind, outputs, steps, brake
        self.seen: list[int] = []
        self.taken = 0
        self._kept: list[tuple[Rows, Labels]] = []
        self._held: list[tuple[list[Tensor], list[Tensor]]] = []
        self._network: nn.Sequential | None = None

    def arrive(self, rows: Rows, labels: Labels, seed: int) -> None:
        """Learn a task's samples."""
        self.seen += [int(label) for label in np.unique(labels)]
        if self.kind == "joint":
            self._kept.append((rows, labels))
            rows = np.concatenate([one for one, _ in self._kept])
            labels = np.concatenate([one for _, one in self._kept])
        steps = self.steps * (len(self._kept) if self.kind == "joint" else 1)
        if self._network is None or self.kind == "joint":
            self._network = _fresh(rows.shape[1], self.outputs, seed)
        self._train(self._network, rows, labels, steps, seed)
        self.taken += steps
        if self.kind == "ewc":
            self._hold(self._network, rows, labels, seed)

    def scores(self, rows: Rows) -> tuple[Labels, Rows]:
        """Classes seen so far, and the logit of each; (K,) and (N, K)."""
        seen = np.array(self.seen, dtype=np.int64)
        if self._network is None:
            return seen, np.zeros((len(rows), 0))
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(rows).float()).double().numpy()
        return seen, logits[:, seen]

    @property
    def floats(self) -> int:
        """Numbers to keep; for the joint one also every sample."""
        weights = sum(one.numel() for one in self._network.parameters()) if self._network else 0
        held = sum(one.numel() for pair in self._held for part in pair for one in part)
        return weights + held + sum(rows.size + labels.size for rows, labels in self._kept)

    def _train(self, network: nn.Sequential, rows: Rows, labels: Labels, steps: int, seed: int) -> None:
        rng = np.random.default_rng([seed, len(self.seen)])
        seen = torch.tensor(self.seen)
        place = {label: number for number, label in enumerate(self.seen)}
        inputs = torch.from_numpy(rows).float()
        wanted = torch.tensor([place[int(label)] for label in labels])
        optimiser = torch.optim.Adam(network.parameters(), _LR)
        for _ in range(steps):
            batch = torch.from_numpy(rng.integers(0, len(rows), _BATCH))
            optimiser.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(network(inputs[batch])[:, seen], wanted[batch])
            for anchors, weights in self._held:
                moved = zip(network.parameters(), anchors, weights, strict=True)
                loss = loss + self.brake / 2 * sum((w * (now - was) ** 2).sum() for now, was, w in moved)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    def _hold(self, network: nn.Sequential, rows: Rows, labels: Labels, seed: int) -> None:
        """Remember the weights, and how much the task's answers hang on each of them (diagonal Fisher information)."""
        seen = torch.tensor(self.seen)
        place = {label: number for number, label in enumerate(self.seen)}
        wanted = torch.tensor([place[int(label)] for label in labels])
        fisher = [torch.zeros_like(one) for one in network.parameters()]
        few = torch.from_numpy(np.random.default_rng(seed).permutation(len(rows))[:_ENOUGH])
        for row, label in zip(torch.from_numpy(rows).float()[few], wanted[few], strict=True):
            network.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(row[None])[:, seen], label[None]).backward()  # type: ignore[no-untyped-call]
            for total, one in zip(fisher, network.parameters(), strict=True):
                if one.grad is not None:
                    total += one.grad**2 / len(few)
        self._held.append(([one.detach().clone() for one in network.parameters()], fisher))


def _fresh(inputs: int, outputs: int, seed: int) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(inputs, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, outputs))
