from __future__ import annotations

import torch

from vultus.research.methods.spoofing.pcgan.convert import (
    Converter,
    converted,
    generic,
    picture,
    rectangles,
    spectrum,
    tells,
    whole,
)


def small() -> Converter:
    torch.manual_seed(0)
    return Converter((8, 12, 16), 4, 6, (0.3, 0.4), 4, 6, 5, 3).eval()


def batch(rows: int = 8) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    label = torch.tensor([0, 1] * (rows // 2))
    mask = torch.zeros(rows, 32, 32)
    mask[1], mask[3:] = 1, label[3:, None, None]
    mask[3, 16:] = 0
    return {"image": torch.rand(rows, 3, 32, 32) * 2 - 1, "label": label, "kind": label * 2, "mask": mask}


def test_bytes_become_numbers_around_nothing() -> None:
    image = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1).expand(2, 4, 4, 3)
    assert picture(image)[:, 0, 0, 0].tolist() == [-1.0, 1.0]


def test_which_pixels_tell_of_a_pattern() -> None:
    given = batch()
    told = tells(given["mask"], given["label"])
    assert (told[0] == 1).all()
    assert torch.equal(told[3], given["mask"][3])
    assert whole(given["mask"], given["label"])[:4].tolist() == [1, 1, 1, 0]


def test_a_spectrum_does_not_know_where_a_wave_starts() -> None:
    x = torch.arange(32.0)
    one, other = (torch.cos(2 * torch.pi * (0.3125 * x + at)).expand(1, 1, 32, 32) for at in (0.0, 0.37))
    torch.testing.assert_close(spectrum(one), spectrum(other), atol=1e-3, rtol=1e-3)
    slow = torch.cos(2 * torch.pi * 0.0625 * x).expand(1, 1, 32, 32)
    assert spectrum(slow).max() < 0.05 * spectrum(one).max()


def test_new_pictures_have_the_label_of_what_they_show() -> None:
    converter, given = small(), batch()
    seen = torch.tensor(True)
    with torch.no_grad():
        for seed in range(4):
            torch.manual_seed(seed)
            new = converted(converter, given)
            assert new["image"].abs().max() <= 1
            alive = new["label"] == 0
            assert not new["mask"][alive].any()
            assert (new["mask"][~alive].flatten(1).amax(1) == 1).all()
            assert torch.equal(new["kind"] > 0, new["label"] > 0)
            seen = seen & torch.isfinite(new["image"]).all()
    assert seen


def test_a_conversion_that_is_not_recognised_is_left_out() -> None:
    converter, given = small(), batch()
    with torch.no_grad():
        converter.heads.kind.weight.zero_()
        converter.heads.kind.bias.copy_(torch.tensor([9.0, 0, 0, 0, 0, 0]))  # sees people everywhere
        new = converted(converter, given)
    attacked = new["label"] > 0
    assert attacked.any()
    assert torch.equal(new["image"][attacked], given["image"][attacked])


def test_without_a_swap_everything_is_told_of_the_same_picture() -> None:
    converter, given = small(), batch()
    with torch.no_grad():
        same = converted(converter, given, swap=False)
    assert torch.equal(same["label"], given["label"])
    assert torch.equal(same["mask"], given["mask"])


def test_rectangles_are_rectangles() -> None:
    torch.manual_seed(0)
    for one in rectangles(torch.zeros(20, 3, 30, 24)):
        tall, wide = one.amax(1).sum(), one.amax(0).sum()
        assert one.sum() == tall * wide
        assert 9 <= tall <= 21
        assert 7 <= wide <= 17


def test_generic_ones_are_labelled_by_what_was_pasted() -> None:
    torch.manual_seed(3)
    given = batch(40)
    new = generic(given)
    assert ((new["label"] >= 0) & (new["label"] <= 1)).all()
    assert ((new["mask"] >= 0) & (new["mask"] <= 1)).all()
    assert (new["label"][new["mask"].flatten(1).amax(1) == 0] == 0).all()
