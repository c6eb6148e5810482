from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.research.methods.spoofing.pcgan.generator import Generator, StyledConv, Waves


def test_a_styled_convolution_is_one_whose_weights_were_scaled() -> None:
    torch.manual_seed(0)
    conv, maps, style = StyledConv(4, 5, 3), torch.randn(2, 4, 6, 6), torch.randn(2, 3)
    got = conv(maps, style)
    for row in range(2):
        weight = conv.weight * conv.scale(style[row])[None, :, None, None]
        weight = weight / (weight.pow(2).sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        wanted = F.conv2d(maps[row : row + 1], weight, padding=1)
        torch.testing.assert_close(got[row : row + 1], wanted, rtol=1e-4, atol=1e-4)


def test_a_wave_is_drawn_with_its_pitch() -> None:
    torch.manual_seed(0)
    waves = Waves(1, 2, (0.25,), 2)
    with torch.no_grad():
        waves.strength.weight.zero_()
        waves.strength.bias.copy_(torch.tensor([1.0, 0.0, 0.0]))
        waves.mix.weight.fill_(1)
        drawn = waves(torch.zeros(1, 2), torch.zeros(1, 2), (8, 8), torch.randn(1, 1, 8, 8))
    torch.testing.assert_close(drawn[0, 0, 0, :4], torch.tensor([1.0, 0.0, -1.0, 0.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(drawn[0, 0, 0], drawn[0, 0, 5])


def test_the_same_chance_gives_the_same_picture() -> None:
    torch.manual_seed(0)
    generator = Generator((8, 12, 16), 4, 6, (0.3, 0.4), 4)
    content, pattern, skip = torch.randn(2, 4, 8, 8), torch.randn(2, 6), torch.randn(2, 12, 16, 16)
    random = generator.phases(torch.zeros(2, 3, 32, 32))
    one, other = (generator(content, pattern, skip, random) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == (2, 3, 32, 32)
    assert not torch.equal(one, generator(content, pattern + 1, skip, random))
