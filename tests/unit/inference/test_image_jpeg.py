from __future__ import annotations

import numpy as np
import pytest

from unit.inference.pictures import scene
from vultus.errors import ShapeError
from vultus.inference import image


def test_jpeg_bytes_without_a_file() -> None:
    back = image.read(image.jpeg(scene()))
    assert np.abs(back.astype(int) - scene()).max() <= 12
    assert len(image.jpeg(scene(), 30)) < len(image.jpeg(scene()))
    with pytest.raises(ShapeError, match="image must be RGB uint8"):
        image.jpeg(scene()[..., 0])
