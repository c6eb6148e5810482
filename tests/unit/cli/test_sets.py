"""`vultus sets`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from unit.cli.conftest import Cli
from vultus.research.data.sets.fer2013 import PUBLISHED


@pytest.fixture
def fer(cli: Cli) -> str:
    """An archive of the validation split with the published counts, and blank pictures."""
    labels = np.repeat(np.arange(7, dtype=np.uint8), [n for key, n in PUBLISHED["val"].items() if key])
    pictures = np.zeros((len(labels), 48, 48), np.uint8)
    np.savez(cli.folder / "fer2013_publictest.npz", x=pictures, y=labels, ferplus=np.ones((len(labels), 10), np.uint8),
             row=np.arange(len(labels)))  # fmt: skip
    return str(cli.folder)


def test_the_list(cli: Cli) -> None:
    document = cli.json("sets")
    assert [one["name"] for one in document["sets"]][:2] == ["fer2013", "affectnet"]
    assert "fer2013.csv with emotion, pixels, Usage" in cli("sets").stdout


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_whole_one(cli: Cli, fer: str, check: tuple[str, ...]) -> None:
    document = cli.json("sets", "fer2013", fer, *check)
    assert document["as_published"]
    assert document["splits"]["val"]["published"]["happy"] == 895
    assert document["splits"]["val"]["bad"] == ([] if check else None)
    shown = cli("sets", "fer2013", fer, *check)
    assert "as published" in shown.stderr
    assert "train is not here" in shown.stderr


def test_one_that_lacks_something(cli: Cli, fer: str) -> None:
    with np.load(cli.folder / "fer2013_publictest.npz") as whole:
        np.savez(cli.folder / "fer2013_publictest.npz", **{name: array[5:] for name, array in dict(whole).items()})
    result = cli("sets", "fer2013", fer, "--out", "deep/check.json", code=1)
    assert "val: 3,584 pictures, but 3,589 are published" in result.stderr
    assert "2 problems" in result.stderr
    assert json.loads((cli.folder / "deep/check.json").read_text("utf-8"))["problems"][1].startswith("val, angry: 462")


def test_wrong_words(cli: Cli) -> None:
    assert "say where fer2013 is: vultus sets fer2013 DIR" in cli("sets", "fer2013", code=2).stderr
    assert "did you mean 'lfw'?" in cli("sets", "lfv", ".", code=2).stderr
    assert "looked for: fer2013.csv" in cli("sets", "fer2013", ".", code=2).stderr
