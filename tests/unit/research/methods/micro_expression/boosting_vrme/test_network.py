"""Blocks against references, and sizes of the paper's network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vultus.research.methods.micro_expression.boosting_vrme.network import (
    Block,
    FastSlow,
    SelectiveScan,
    TimeConvolution,
    parameters,
)


def reference(block: SelectiveScan, x: np.ndarray) -> np.ndarray:
    """The recurrence of Gu and Dao, one number at a time."""
    w = {name: value.detach().double().numpy() for name, value in block.state_dict().items()}
    silu = lambda v: v / (1 + np.exp(-v))  # noqa: E731
    both = x @ w["into.weight"].T
    inner, gate = np.split(both, 2, axis=1)
    taps = w["short.weight"].shape[2]
    padded = np.concatenate([np.zeros((taps - 1, inner.shape[1])), inner])
    inner = silu(np.stack([(padded[t : t + taps] * w["short.weight"][:, 0].T).sum(0) for t in range(len(x))])
                 + w["short.bias"])  # fmt: skip
    state = w["decay"].shape[1]
    chosen = inner @ w["choose.weight"].T
    rank = chosen.shape[1] - 2 * state
    step = np.log1p(np.exp(chosen[:, :rank] @ w["step.weight"].T + w["step.bias"]))
    memory, told = np.zeros((inner.shape[1], state)), []
    for t in range(len(x)):
        write, read = chosen[t, rank : rank + state], chosen[t, rank + state :]
        memory = np.exp(step[t][:, None] * -np.exp(w["decay"])) * memory + (step[t] * inner[t])[:, None] * write
        told.append((memory * read).sum(1) + w["skip"] * inner[t])
    return (np.array(told) * silu(gate)) @ w["out.weight"].T


def test_the_selective_scan_is_the_recurrence() -> None:
    torch.manual_seed(0)
    block = SelectiveScan(8, 4)
    x = torch.randn(1, 11, 8)
    np.testing.assert_allclose(block(x)[0].detach().numpy(), reference(block, x[0].double().numpy()), atol=1e-5)


def test_the_scan_looks_back_only() -> None:
    torch.manual_seed(0)
    block = SelectiveScan(8, 4)
    x = torch.randn(1, 9, 8)
    changed = x.clone()
    changed[:, 6:] += 1
    torch.testing.assert_close(block(x)[:, :6], block(changed)[:, :6])


def scan_parameters(width: int, state: int, taps: int = 4, expand: int = 2) -> int:
    inner, rank = expand * width, max(width // 16, 1)
    return (2 * width * inner + inner * (taps + 1) + inner * (rank + 2 * state) + rank * inner + inner
            + inner * state + inner + inner * width)  # fmt: skip


def test_the_paper_s_network_has_the_sizes_its_code_says() -> None:
    network = FastSlow(128, 4, "mamba", 64, 0.2)
    conv = lambda a, b: 3 * a * b + b + 2 * b  # noqa: E731
    expected = conv(36, 128) + conv(128, 128) + (3 * 128 * 256 + 256) + 2 * conv(128, 256)
    for width in (128, 256):
        expected += 12 * (scan_parameters(width, 64) + 4 * width)
    assert parameters(network) == expected
    assert network(torch.randn(2, 36, 30)).shape == (2, 384, 30)


@pytest.mark.parametrize("frames", [30, 31, 50])
def test_odd_windows_keep_their_length(frames) -> None:
    assert FastSlow(8, 1, "tcn")(torch.randn(2, 36, frames)).shape == (2, 24, frames)


def test_blocks_are_skipped_in_training_only() -> None:
    torch.manual_seed(0)
    block = Block(8, "tcn", 4, drop=1 - 1e-6)
    x = torch.randn(4, 8, 10)
    assert torch.equal(block.train()(x), x)
    assert not torch.equal(block.eval()(x), x)
    assert isinstance(block.inner, TimeConvolution)
