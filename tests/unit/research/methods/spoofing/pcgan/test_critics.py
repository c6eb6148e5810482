from __future__ import annotations

import torch

from vultus.research.methods.spoofing.pcgan.critics import ImageCritic, PatchCritic, cut, patches, slope


def test_squares_are_cut_from_where_they_are() -> None:
    torch.manual_seed(0)
    image = torch.arange(3 * 10 * 12.0).reshape(1, 3, 10, 12).repeat(2, 1, 1, 1)
    found = cut(image, 5, 4)
    assert found.shape == (2, 5, 3, 4, 4)
    for square in found.flatten(0, 1):
        top, left = divmod(int(square[0, 0, 0]), 12)
        assert torch.equal(square, image[0, :, top : top + 4, left : left + 4])


def test_patches_are_brought_to_one_size() -> None:
    torch.manual_seed(0)
    for _ in range(5):
        assert patches(torch.rand(2, 3, 16, 16), 3, 2, 4).shape == (2, 3, 3, 4, 4)
    assert patches(torch.rand(2, 3, 16, 16), 3, 4, 4).shape == (2, 3, 3, 4, 4)


def test_references_are_a_set() -> None:
    torch.manual_seed(0)
    critic = PatchCritic((4, 6, 8))
    shown, reference = torch.rand(2, 3, 3, 8, 8), torch.rand(2, 3, 3, 8, 8)
    torch.testing.assert_close(critic(shown, reference), critic(shown, reference.flip(1)))
    assert critic(shown, reference).shape == (2, 3)
    assert ImageCritic((4, 6, 8))(torch.rand(2, 3, 16, 16)).shape == (2,)


def test_the_slope_of_a_plane_is_its_length() -> None:
    shown = torch.rand(4, 3, requires_grad=True)
    said = shown @ torch.tensor([1.0, 2.0, 2.0])
    assert float(slope(said, shown).detach()) == 9.0
