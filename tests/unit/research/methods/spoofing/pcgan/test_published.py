from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.filmed import film, rows
from vultus.errors import ConfigError
from vultus.research.data.sample import disjoint
from vultus.research.methods.spoofing import pcgan
from vultus.research.methods.spoofing.pcgan.material import DEVELOPMENT, KINDS, TARGET, Making
from vultus.research.methods.spoofing.pcgan.published import published

MAKING = Making(side=16, train=5)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CASIA-FASD and OULU-NPU, a few films of each."""
    root = tmp_path_factory.mktemp("sets")
    for who, name in product(range(1, 5), ("1", "3", "5", "7")):
        film(root / f"casia_fasd/train_release/{who}/{name}.avi", [20 * who] * 2)
        film(root / f"casia_fasd/test_release/{who}/{name}.avi", [10 * who] * 2)
    for folder, who, name in product(("Train_files", "Dev_files", "Test_files"), (1, 2), (1, 2, 4)):
        number = {"Train_files": 0, "Dev_files": 20, "Test_files": 40}[folder] + who
        film(root / f"oulu_npu/{folder}/1_1_{number:02d}_{name}.avi", [90] * 2)
    rows(root / "readme.txt", "nothing")
    return root


def test_one_set_is_left_out_and_people_are_apart(sets: Path) -> None:
    train, test = published(MAKING, 0, sets)  # the first of them is OULU-NPU
    disjoint(train, test)
    assert all(one.startswith("casia_fasd/train/") for one in np.asarray(train.subjects))
    target = test["role"] == TARGET
    assert all(one.startswith("oulu_npu/4") for one in np.asarray(test.subjects)[target])
    assert all(one.startswith("casia_fasd/") for one in np.asarray(test.subjects)[test["role"] == DEVELOPMENT])
    assert sorted({KINDS[one] for one in train["kind"]}) == ["live", "moire", "paper"]
    assert np.array_equal(train["kind"] > 0, train["label"] == 1)
    assert (train["mask"].max((1, 2)) == train["label"]).all()


def test_a_set_with_development_people_uses_them(sets: Path) -> None:
    train, test = published(Making(side=16, train=5, held_out="casia_fasd"), 0, sets)
    assert set(np.asarray(train.subjects)) == {"oulu_npu/01", "oulu_npu/02"}
    later = np.asarray(test.subjects)[test["role"] == DEVELOPMENT]
    assert set(later) == {"oulu_npu/21", "oulu_npu/22"}
    assert (train["person"] < 5).all()


def test_the_method_takes_such_a_folder(sets: Path) -> None:
    from dataclasses import replace

    found = pcgan.data(replace(pcgan.Config.tiny(), making=MAKING), 1, sets)
    assert set(found.train.fields) >= {"image", "mask", "label", "kind", "person", "domain"}


def test_bad_folders(sets: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must hold two of the folders oulu_npu"):
        published(MAKING, 0, tmp_path)
    with pytest.raises(ConfigError, match="held_out is one of oulu_npu, casia_fasd or empty, not 'siw'"):
        published(Making(held_out="siw"), 0, sets)
