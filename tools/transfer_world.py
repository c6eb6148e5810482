"""Train a small network on rendered expressions, and try it on real ones: results/world_transfer.json.

python tools/transfer_world.py ../shared/data/fer2013
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from vultus.research.data import world
from vultus.research.data.world import actions, degrade, splits

ROOT = Path(__file__).resolve().parents[1]
SIDE = 48


def network(classes: int) -> nn.Module:
    """Four blocks of convolutions, about 0.3 million parameters."""
    layers: list[nn.Module] = []
    for before, after in ((1, 32), (32, 64), (64, 96), (96, 128)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, classes))


def grey(images: np.ndarray) -> np.ndarray:
    """As FER2013 has them: one channel."""
    return np.round(images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def rendered(people: world.people.People, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut-outs as tight as those of FER2013, a third of them a little blurred or compressed."""
    found = world.faces(n, seed, SIDE, people=people, extent=(16.5, 22.0), turn=1.3)
    images = found["image"].copy()
    rng = np.random.default_rng(seed)
    for row in np.flatnonzero(rng.uniform(size=n) < 0.33):
        kind = ("blur", "jpeg", "noise", "small", "dark")[rng.integers(5)]
        images[row] = degrade.apply(images[row : row + 1], kind, 1, rng)[0]
    return grey(images), found["expression"]


def tensor(images: np.ndarray) -> torch.Tensor:
    """Pictures with their own mean and spread taken out."""
    rows = torch.from_numpy(images).float()[:, None]
    return (rows - rows.mean((1, 2, 3), keepdim=True)) / (rows.std((1, 2, 3), keepdim=True) + 1)


def jittered(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirrored, moved and scaled at random."""
    n = len(batch)
    flip = (torch.rand(n, generator=generator) < 0.5).float() * 2 - 1
    scale = 1 + 0.24 * (torch.rand(n, generator=generator) - 0.5)
    turn = 0.3 * (torch.rand(n, generator=generator) - 0.5)
    maps = torch.zeros(n, 2, 3)
    maps[:, 0, 0], maps[:, 0, 1] = flip * scale * torch.cos(turn), -scale * torch.sin(turn)
    maps[:, 1, 0], maps[:, 1, 1] = flip * scale * torch.sin(turn), scale * torch.cos(turn)
    maps[:, :, 2] = 0.24 * (torch.rand(n, 2, generator=generator) - 0.5)
    grid = nn.functional.affine_grid(maps, list(batch.shape), align_corners=False)
    return nn.functional.grid_sample(batch, grid, align_corners=False, padding_mode="border")


def judged(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Share right, mean recall and confusion."""
    model.eval()
    with torch.no_grad():
        said = torch.cat([model(part) for part in tensor(images).split(512)]).argmax(1).numpy()
    counts = np.zeros((len(actions.EXPRESSIONS),) * 2, int)
    np.add.at(counts, (labels, said), 1)
    recall = counts.diagonal() / np.maximum(counts.sum(1), 1)
    return {"pictures": len(labels), "right": round(float((said == labels).mean()), 4),
            "mean_recall": round(float(recall.mean()), 4),
            "recall": dict(zip(actions.EXPRESSIONS, recall.round(4).tolist(), strict=True)),
            "confusion": counts.tolist()}  # fmt: skip


def main() -> None:
    """Train, judge and write."""
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--faces", type=int, default=9000)
    options.add_argument("--seconds", type=float, default=150.0)
    given = options.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    who = splits.people({"train": given.faces, "test": 1000}, seed=0)
    images, labels = rendered(who["train"], given.faces, 1)
    held, truth = rendered(who["test"], 1000, 2)
    model = network(len(actions.EXPRESSIONS))
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-2)
    generator, start, steps = torch.Generator().manual_seed(0), time.process_time(), 0
    rows, targets = tensor(images), torch.from_numpy(labels)
    while (spent := time.process_time() - start) < given.seconds:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * 0.5 * (1 + np.cos(np.pi * spent / given.seconds)) + 1e-6
        chosen = torch.randint(len(rows), (128,), generator=generator)
        loss = nn.functional.cross_entropy(
            model.train()(jittered(rows[chosen], generator)), targets[chosen], label_smoothing=0.05
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        steps += 1
    with np.load(given.folder / "fer2013_publictest.npz") as file:
        real, kinds = file["x"], file["y"]
    report = {
        "command": f"python tools/transfer_world.py FOLDER --faces {given.faces} --seconds {given.seconds:g}",
        "trained": {"faces": given.faces, "steps": steps, "batch": 128, "processor_seconds": given.seconds,
                    "parameters": sum(one.numel() for one in model.parameters())},
        "world": judged(model, held, truth), "fer2013_publictest": judged(model, real, kinds),
        "most_frequent": round(float(np.bincount(kinds).max() / len(kinds)), 4),
    }  # fmt: skip
    (ROOT / "results/world_transfer.json").write_text(json.dumps(report, indent=1) + "\n")
    print({name: report[name]["right"] for name in ("world", "fer2013_publictest")}, steps)


if __name__ == "__main__":
    main()
