"""Train the expression model that ships with Vultus, on FER2013 with FER+ votes.

python tools/train_expression.py --data ../shared/data/fer2013 --out runs/expression

One thread is enough. Each epoch is kept, and a run that was killed goes on from the last one with the same numbers.
`tools/export_expression.py` turns the result into the file that ships.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from provenance import command
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from vultus.research.blocks.attention import Gates
from vultus.research.blocks.backbones import ResNet
from vultus.research.blocks.inject import inject

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
# FER+ columns: neutral happiness surprise sadness anger disgust fear; contempt, unknown and no face are left out.
FROM_VOTES = (4, 5, 6, 1, 3, 2, 0)
SIDE = 48
SAME_PICTURE = 0.98


def build(widths: tuple[int, ...], depth: int, kind: str) -> nn.Module:
    """The network: grey (B, 1, 48, 48), any scale of values, to seven logits."""
    model = ResNet(len(LABELS), 1, widths, (depth,) * len(widths), stem=2, dropout=0.3)
    return inject(model, Gates(kind).build, "block", (1, SIDE, SIDE)) if kind != "none" else model  # type: ignore[arg-type]


def standard(pictures: Tensor) -> Tensor:
    """Each picture with mean 0 and spread 1: light and contrast do not matter."""
    mean = pictures.mean((1, 2, 3), keepdim=True)
    return (pictures - mean) / (pictures - mean).square().mean((1, 2, 3), keepdim=True).add(1.0).sqrt()


def targets(labels: np.ndarray, votes: np.ndarray, share: float) -> np.ndarray:
    """Soft labels: `share` of the FER+ votes, the rest of the original label."""
    one = np.eye(len(LABELS), dtype=np.float32)[labels]
    counted = votes[:, FROM_VOTES].astype(np.float32)
    total = counted.sum(1, keepdims=True)
    voted = np.where(total > 0, counted / np.maximum(total, 1), one)
    return share * voted + (1 - share) * one


def repeated(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Training pictures that are (nearly) among the test pictures, also mirrored."""

    def rows(pictures: np.ndarray) -> np.ndarray:
        flat = pictures.reshape(len(pictures), -1).astype(np.float32)
        flat -= flat.mean(1, keepdims=True)
        return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)

    known, out = rows(test), np.zeros(len(train), bool)
    for start in range(0, len(train), 2048):
        part = train[start : start + 2048]
        for turned in (part, part[:, :, ::-1]):
            out[start : start + len(part)] |= (rows(turned) @ known.T).max(1) > SAME_PICTURE
    return out


def augment(pictures: Tensor, dice: torch.Generator, strength: float = 1.0) -> Tensor:
    """Mirror, turn, zoom, shift, blur and cover a part."""
    count = len(pictures)

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=dice)

    angle, zoom = strength * draw(-0.3, 0.3), torch.exp(strength * draw(-0.2, 0.2))
    stretch, mirror = torch.exp(strength * draw(-0.08, 0.08)), torch.where(draw(0, 1) < 0.5, -1.0, 1.0)
    cosine, sine = angle.cos() * zoom, angle.sin() * zoom
    rows = [torch.stack([cosine * stretch * mirror, -sine, strength * draw(-0.17, 0.17)], 1),
            torch.stack([sine * mirror, cosine / stretch, strength * draw(-0.17, 0.17)], 1)]  # fmt: skip
    grid = functional.affine_grid(torch.stack(rows, 1), [count, 1, SIDE, SIDE], align_corners=False)
    out = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    soft = functional.interpolate(
        functional.avg_pool2d(out, 2), size=(SIDE, SIDE), mode="bilinear", align_corners=False
    )
    out = torch.where((draw(0, 1) < 0.15 * strength).view(-1, 1, 1, 1), soft, out)
    out = standard(out)
    place = torch.arange(SIDE, dtype=torch.float32)
    covers = draw(0, 1) < 0.4 * strength
    top, left, tall, wide = draw(-6, SIDE - 6), draw(-6, SIDE - 6), draw(6, 20), draw(6, 20)
    tall = torch.where(covers, tall, torch.zeros(()))
    down = (place >= top[:, None]) & (place < (top + tall)[:, None])
    along = (place >= left[:, None]) & (place < (left + wide)[:, None])
    hidden = (down[:, :, None] & along[:, None, :]).unsqueeze(1)
    return torch.where(hidden, draw(-1, 1).view(-1, 1, 1, 1), out)


@torch.no_grad()
def scores(model: nn.Module, pictures: np.ndarray) -> np.ndarray:
    """Softmax of the picture and its mirror image, averaged."""
    model.eval()
    out = []
    for start in range(0, len(pictures), 256):
        part = standard(torch.from_numpy(pictures[start : start + 256]).float().unsqueeze(1))
        out.append((model(part).softmax(1) + model(part.flip(3)).softmax(1)).numpy() / 2)
    return np.concatenate(out)


def judged(model: nn.Module, data: dict[str, np.ndarray]) -> dict[str, float]:
    """Share right by the original label and by the FER+ majority, and mean recall."""
    guess = scores(model, data["x"]).argmax(1)
    seen = data["ferplus"][:, FROM_VOTES].sum(1) > 0
    voted = data["ferplus"][:, FROM_VOTES].argmax(1)
    recalls = [float((guess[data["y"] == k] == k).mean()) for k in range(len(LABELS))]
    return {
        "accuracy": float((guess == data["y"]).mean()),
        "uar": float(np.mean(recalls)),
        "ferplus_accuracy": float((guess == voted)[seen].mean()),
    }


def main() -> None:
    """Train, epoch by epoch."""
    args = _arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    train = dict(np.load(args.data / "fer2013_train.npz"))
    test = dict(np.load(args.data / "fer2013_publictest.npz"))
    blank = train["ferplus"][:, 9] > 5
    twice = repeated(train["x"], test["x"])
    kept = np.flatnonzero(~(blank | twice))
    print(
        f"{len(kept)} of {len(train['x'])} pictures: {blank.sum()} show no face, {twice.sum()} are in the public test"
    )
    pictures = torch.from_numpy(train["x"][kept]).float().unsqueeze(1)
    goal = torch.from_numpy(targets(train["y"], train["ferplus"], args.votes)[kept])
    weight = goal.mean(0).pow(-args.balance)
    weight /= (weight * goal.mean(0)).sum()

    model = build(tuple(args.widths), args.depth, args.kind).to(memory_format=torch.channels_last)
    if args.begin is not None:
        model.load_state_dict(load_file(args.begin))
    average = build(tuple(args.widths), args.depth, args.kind)
    average.load_state_dict(model.state_dict())
    decayed = [part for part in model.parameters() if part.ndim > 1]
    plain = [part for part in model.parameters() if part.ndim <= 1]
    optimiser = torch.optim.SGD(
        [{"params": decayed, "weight_decay": args.decay}, {"params": plain}], lr=0.0, momentum=0.9, nesterov=True
    )
    journal: list[dict[str, float]] = []
    if (args.out / "last.safetensors").exists():
        journal = json.loads((args.out / "journal.json").read_text())["epochs"]
        _restore(load_file(args.out / "last.safetensors"), model, average, optimiser)
    steps = len(kept) // args.batch
    total = args.epochs * steps
    for epoch in range(len(journal), args.epochs):
        dice = torch.Generator().manual_seed(args.seed * 1000 + epoch)
        torch.manual_seed(args.seed * 1000 + epoch)
        started, spent, summed = time.time(), time.process_time(), 0.0
        order = torch.randperm(len(kept), generator=dice)
        model.train()
        for step in range(steps):
            done = epoch * steps + step
            for group in optimiser.param_groups:
                group["lr"] = args.lr * schedule(done, total)
            rows = order[step * args.batch : (step + 1) * args.batch]
            batch = augment(pictures[rows], dice, args.strength).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(batch)
            loss = -(goal[rows] * weight * functional.log_softmax(logits.float(), 1)).sum(1).mean()
            if not torch.isfinite(loss):
                raise SystemExit(f"epoch {epoch}, step {step}: the loss is not finite")
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            _follow(average, model, min(args.ema, (1 + done) / (10 + done)))
            summed += float(loss.detach())
        line = {"epoch": epoch + 1, "loss": round(summed / steps, 4), "cpu_s": round(time.process_time() - spent, 1),
                "wall_s": round(time.time() - started, 1)}  # fmt: skip
        if (epoch + 1) % args.look == 0 or epoch + 1 == args.epochs:
            line |= {key: round(value, 4) for key, value in judged(average, test).items()}
        journal.append(line)
        print(json.dumps(line), flush=True)
        save_file(_kept(model, average, optimiser), args.out / "last.safetensors.new")
        (args.out / "last.safetensors.new").rename(args.out / "last.safetensors")
        (args.out / "journal.json").write_text(json.dumps(_about(args, len(kept), int(twice.sum()), journal), indent=1))
    save_file({key: value.contiguous() for key, value in average.state_dict().items()}, args.out / "model.safetensors")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--widths", type=int, nargs="+", default=(48, 96, 192))
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--kind", default="se")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.06)
    parser.add_argument("--decay", type=float, default=5e-4)
    parser.add_argument("--votes", type=float, default=0.5)
    parser.add_argument("--balance", type=float, default=0.2)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--begin", type=Path, help="weights of an earlier run to go on from")
    parser.add_argument("--strength", type=float, default=1.0, help="of the augmentation")
    parser.add_argument("--look", type=int, default=2)
    return parser.parse_args()


def schedule(step: int, total: int) -> float:
    """Up over the first 8 %, then down along a cosine."""
    rise = max(int(0.08 * total), 1)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(total - rise, 1)))


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, keep: float) -> None:
    for ours, theirs in zip(average.parameters(), model.parameters(), strict=True):
        ours.lerp_(theirs, 1 - keep)
    for ours, theirs in zip(average.buffers(), model.buffers(), strict=True):
        ours.copy_(theirs)


def _kept(model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = {f"model.{key}": value for key, value in model.state_dict().items()}
    state |= {f"average.{key}": value for key, value in average.state_dict().items()}
    for name, part in model.named_parameters():
        if part in optimiser.state:
            state[f"momentum.{name}"] = optimiser.state[part]["momentum_buffer"]
    return {key: value.detach().clone(memory_format=torch.contiguous_format) for key, value in state.items()}


def _restore(state: dict[str, Tensor], model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    def part(head: str) -> dict[str, Tensor]:
        return {key.removeprefix(head): value for key, value in state.items() if key.startswith(head)}

    model.load_state_dict(part("model."))
    average.load_state_dict(part("average."))
    momentum = part("momentum.")
    for name, one in model.named_parameters():
        optimiser.state[one]["momentum_buffer"] = momentum[name].to(memory_format=torch.preserve_format)


def _about(args: argparse.Namespace, kept: int, twice: int, journal: list[dict[str, float]]) -> dict[str, object]:
    return {
        "command": command(),
        "settings": {key: str(value) if isinstance(value, Path) else value for key, value in vars(args).items()},
        "pictures": kept,
        "left_out_as_in_the_public_test": twice,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("torch", "numpy")}},
        "epochs": journal,
    }


if __name__ == "__main__":
    main()
