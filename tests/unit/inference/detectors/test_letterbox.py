from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import WeightsError
from vultus.inference.detectors.letterbox import InputShape, canvases, chosen, planes

FREE = InputShape(None, None, None)


def test_shape_of_an_input() -> None:
    assert InputShape.read([1, 3, 640, 640], "x") == InputShape(1, 640, 640)
    assert InputShape.read(["batch", 3, "?", None], "x") == FREE
    for shape in ([1, 3, 640], [1, 640, 640, 3]):
        with pytest.raises(WeightsError, match=r"a toy must take float32 \(N, 3, H, W\), but takes \[1, "):
            InputShape.read(shape, "a toy")


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), max_size=8),
    st.sampled_from([FREE, InputShape(1, 128, 128), InputShape(None, 64, 192)]),
)
def test_every_picture_lies_whole_on_one_canvas(sizes: list[tuple[int, int]], shape: InputShape) -> None:
    images = [np.full((high, wide, 3), 255, np.uint8) for high, wide in sizes]
    seen = []
    for canvas in canvases(images, shape, 160, 3):
        count, height, width, _ = canvas.pixels.shape
        assert count <= (shape.batch or 3)
        assert (height, width) == (shape.height or height, shape.width or width)
        assert height % 64 == width % 64 == 0
        for owner, pixels, scale in zip(canvas.owners, canvas.pixels, canvas.scales, strict=True):
            seen.append(owner)
            high, wide = sizes[owner]
            lit = (max(round(high * scale), 1), max(round(wide * scale), 1))
            assert scale <= 1
            assert max(lit) <= 160
            assert (pixels[: lit[0], : lit[1]] == 255).all()
            assert pixels.astype(np.int64).sum() == 255 * 3 * lit[0] * lit[1]
    assert sorted(seen) == list(range(len(sizes)))


def test_small_pictures_are_left_as_they_are() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    (canvas,) = canvases([image], FREE, 640, 8)
    assert canvas.pixels.shape == (1, 64, 128, 3)
    assert canvas.scales == (1.0,)
    np.testing.assert_array_equal(canvas.pixels[0, :50, :70], image)


def test_planes() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3)
    tensor = planes(pixels, bgr=False, mean=2, scale=0.5)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    np.testing.assert_allclose(tensor, (pixels.transpose(0, 3, 1, 2).astype(float) - 2) / 2)
    np.testing.assert_array_equal(planes(pixels, bgr=True)[:, 0], pixels[..., 2])


def test_chosen_keeps_the_better_of_two_that_overlap_and_scales_back() -> None:
    boxes = np.float32([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]])
    scores = np.float32([0.7, 0.9, 1.2])
    found = chosen(boxes, scores, np.zeros((3, 5, 2), np.float32), scale=0.5, nms_threshold=0.3, top_k=10)
    np.testing.assert_allclose(found.boxes, [[40, 40, 60, 60], [2, 2, 22, 22]])
    np.testing.assert_allclose(found.scores, [1.0, 0.9])
    kept = chosen(boxes, scores, np.zeros((3, 5, 2), np.float32), scale=1, nms_threshold=0.3, top_k=1)
    np.testing.assert_allclose(kept.boxes, [[20, 20, 30, 30]])
