"""`vultus audit geometry`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from unit.cli.conftest import Cli
from unit.evaluation.geometry.test_pictures import Toy
from vultus.types import Embedding


class ToyEngine(Toy):
    """The toy lattice engine, where faces are found in many pictures too."""

    contract = "toy:0123456789abcdef"
    pack = SimpleNamespace(name="toy")

    def find_each(self, sources, *, embed: bool = True, batch: int = 16):
        for source in sources:
            (found,) = self.find(source)
            row = self.embed_crops(self.crops(source, found)[None])[0]
            object.__setattr__(found, "embedding", Embedding(row, self.contract))
            yield source, [found]


@pytest.fixture
def toy(cli: Cli) -> Cli:
    cli.engine = ToyEngine()
    return cli


def people(count: int, each: int) -> None:
    for person in range(count):
        for number in range(each):
            path = Path(f"people/p{person:02d}/{number}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def test_pictures(toy: Cli) -> None:
    people(3, 5)
    out = toy("audit", "geometry", "people", "--variants", 1, "--neighbours", 4)
    assert "energy 0 follows the attribute" in out.stdout
    assert "rotation" in out.stdout
    assert "the intervals are too narrow" in out.stderr
    assert "written: geometry.html and geometry.json" in out.stderr
    assert Path("geometry.html").read_text("utf-8").startswith("<!doctype html>")


def test_pictures_with_attributes_as_json(toy: Cli) -> None:
    people(44, 4)
    with Path("labels.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "smiling", "note"])
        rows.writerows(
            [f"p{person:02d}/{n}.jpg", person % 2, f"{person}-{n}"] for person in range(44) for n in range(4)
        )
    found = toy.json("audit", "geometry", "people", "--attributes", "labels.csv", "--attribute", "smiling",
                     "--people", 2, "--variants", 1, "--out", "deep/g.html")  # fmt: skip
    assert found["source"]["kind"] == "pictures"
    assert found["source"]["pack"] == "toy"
    assert found["systems"][0]["people"] == 2
    assert found["macro"]["pictures"] == 44
    assert found["macro"]["attributes"][0]["attribute"] == "smiling"
    assert json.loads(Path("deep/g.json").read_text("utf-8")) == found
    few = toy.json("audit", "geometry", "people", "--attributes", "labels.csv", "--attribute", "smiling",
                   "--people", 2, "--variants", 1, "--labelled", 10)  # fmt: skip
    assert few["macro"]["attributes"][0]["remark"] == "fewer than 20 people on a side"
    shown = toy("audit", "geometry", "people", "--attributes", "labels.csv", "--attribute", "smiling", "--people", 2,
                "--variants", 1)  # fmt: skip
    assert "how far attributes divide them" in shown.stdout


def test_lattices_of_two_other_systems(cli: Cli) -> None:
    random = np.random.default_rng(0)
    folder = Path("lattice")
    for system in ("one", "two"):
        (folder / system).mkdir(parents=True)
        for person in "ab":
            np.save(folder / system / f"{person}.npy", random.normal(size=(90, 8)).astype(np.float32))
    names = ("brightness", "contrast", "hue")
    lines = [f"{n},{n // 3},{names[n // 30]},{n % 3}" for n in range(90)]
    (folder / "df_param_step.csv").write_text("\n".join(["index,id_curve,moving_dimension,param_step", *lines]) + "\n")
    found = cli.json("audit", "geometry", "lattice")
    assert [system["system"] for system in found["systems"]] == ["one", "two"]
    assert found["systems"][0]["between"][0][1] is None
    out = cli("audit", "geometry", "lattice")
    assert "two and one rank the attributes alike: rho" in out.stderr
    assert "mean little" in out.stderr
    message = cli("audit", "geometry", "lattice", "--attributes", "x.csv", code=2).stderr
    assert "--attributes goes with pictures or with one .npy file, not with a lattice" in message


def test_embeddings_of_another_system(cli: Cli) -> None:
    random = np.random.default_rng(1)
    label = np.arange(120) // 2 % 2
    rows = random.normal(size=(120, 8)) + 3.0 * label[:, None] * np.eye(8)[0]
    np.save("e.npy", rows.astype(np.float32))
    body = [f"p{n // 2},{label[n]}" for n in range(120)]
    Path("a.csv").write_text("\n".join(["identity,glasses", *body]) + "\n", "utf-8")
    found = cli.json("audit", "geometry", "e.npy", "--attributes", "a.csv")
    assert found["systems"] == []
    assert found["macro"]["attributes"][0]["ks"] > found["macro"]["attributes"][0]["by_chance"]
    Path("short.csv").write_text("identity,glasses\na,1\n", "utf-8")
    for words, message in (
        (["e.npy"], "is an array of embeddings; give who and what is on each row with --attributes CSV"),
        (["e.npy", "--attributes", "short.csv"], "short.csv has 1 rows, but e.npy has 120 embeddings"),
        (["nowhere"], "nowhere is no folder and no .npy file"),
    ):
        assert message in cli("audit", "geometry", *words, code=2).stderr
