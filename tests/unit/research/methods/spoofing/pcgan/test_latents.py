from __future__ import annotations

import torch

from vultus.research.methods.spoofing.pcgan.latents import Encoder, Heads, LowPass, reversed_gradient


def wave(cycles: float) -> torch.Tensor:
    return torch.cos(2 * torch.pi * cycles * torch.arange(64.0)).expand(1, 3, 64, 64)


def test_fine_waves_do_not_pass_and_slow_ones_do() -> None:
    low = LowPass()
    assert low(wave(0.3))[..., 2:-2].std() < 0.03 * wave(0.3).std()
    assert low(wave(0.03)).std() > 0.9 * wave(0.03).std()
    assert low.fine(wave(0.3)).std() > 0.9 * wave(0.3).std()


def test_content_and_skip_do_not_know_a_fine_grating() -> None:
    torch.manual_seed(0)
    encoder = Encoder((8, 12, 16), 4, 6).eval()
    face = torch.rand(1, 3, 64, 64)
    one, other = encoder(face), encoder(face + 0.5 * wave(0.35))
    assert (one[0] - other[0])[..., 2:-2].abs().max() < 0.02
    assert (one[2] - other[2])[..., 3:-3].abs().max() < 0.02
    assert (one[1] - other[1]).abs().max() > 0.01
    assert [tuple(part.shape) for part in one] == [(1, 4, 16, 16), (1, 6), (1, 12, 32, 32)]


def test_a_pattern_is_read_where_the_mask_is() -> None:
    torch.manual_seed(0)
    encoder = Encoder((8, 12, 16), 4, 6).eval()
    image = torch.rand(1, 3, 64, 64)
    mask = torch.zeros(1, 64, 64)
    mask[:, :32] = 1
    changed = image.clone()
    changed[:, :, 44:] = torch.rand(1, 3, 20, 64)
    torch.testing.assert_close(encoder.pattern(image, mask), encoder.pattern(changed, mask))
    assert (encoder.pattern(image) - encoder.pattern(changed)).abs().max() > 1e-4


def test_gradients_turn_round() -> None:
    values = torch.ones(3, requires_grad=True)
    (2 * reversed_gradient(values)).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [-2.0, -2.0, -2.0]


def test_domains_are_asked_of_people_alone() -> None:
    torch.manual_seed(0)
    heads = Heads(6, 4, 3, 5, 2)
    content, pattern = torch.randn(4, 4, 8, 8), torch.randn(4, 6)
    batch = {"kind": torch.tensor([0, 1, 2, 0]), "person": torch.arange(4), "label": torch.tensor([0, 1, 1, 0]),
             "domain": torch.tensor([0, 1, 0, 1])}  # fmt: skip
    found = heads.losses(content, pattern, batch)
    turned = heads.losses(content, pattern, {**batch, "domain": torch.tensor([0, 0, 1, 1])})
    assert set(found) == {"kind", "person", "domain", "trace"}
    torch.testing.assert_close(found["domain"], turned["domain"])
