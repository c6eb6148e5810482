from __future__ import annotations

import pytest

from vultus.errors import ConfigError, UnknownNameError
from vultus.inference.detectors.knobs import read_options
from vultus.inference.detectors.mmod import MmodOptions
from vultus.inference.detectors.mtcnn import MtcnnOptions
from vultus.inference.detectors.scrfd import ScrfdOptions
from vultus.inference.detectors.yunet import YunetOptions
from vultus.weights import PACKS, load_pack

KINDS = {
    "yunet": YunetOptions,
    "scrfd": ScrfdOptions,
    "mtcnn": MtcnnOptions,
    "mtcnn+mmod": MtcnnOptions,
    "mmod": MmodOptions,
}


def test_options_of_a_manifest_take_the_place_of_defaults() -> None:
    assert read_options(YunetOptions, {}, "yunet") == YunetOptions()
    found = read_options(YunetOptions, {"side": 320.0, "score_threshold": 1}, "yunet")
    assert found == YunetOptions(side=320, score_threshold=1.0)
    assert isinstance(found.side, int)


@pytest.mark.parametrize("name", PACKS)
def test_options_of_every_pack_are_sound(name: str) -> None:
    detector = load_pack(name).detector
    read_options(KINDS[detector.kind], detector.options, detector.kind)


def test_unknown_option() -> None:
    with pytest.raises(UnknownNameError, match="unknown option of detector yunet: 'sid'; did you mean 'side'"):
        read_options(YunetOptions, {"sid": 1}, "yunet")


@pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
def test_option_out_of_range(value: float | str) -> None:
    with pytest.raises(ConfigError, match="option side of detector yunet must be a whole number above 0, but is"):
        read_options(YunetOptions, {"side": value}, "yunet")
    with pytest.raises(
        ConfigError, match="option score_threshold of detector scrfd must be a number above 0, but is 0"
    ):
        read_options(ScrfdOptions, {"score_threshold": 0}, "scrfd")


def test_options_whose_default_is_zero() -> None:
    found = read_options(MmodOptions, {"margin": -0.5, "upsample": 0}, "mmod")
    assert (found.margin, found.upsample) == (-0.5, 0)
    with pytest.raises(ConfigError, match="option upsample of detector mmod must be a whole number from 0, but is -1"):
        read_options(MmodOptions, {"upsample": -1}, "mmod")
    with pytest.raises(ConfigError, match="option margin of detector mmod must be a number, but is 'much'"):
        read_options(MmodOptions, {"margin": "much"}, "mmod")
