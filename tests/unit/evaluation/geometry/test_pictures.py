"""The lattice of an engine whose embeddings are known functions of the crop."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from unit.evaluation.conftest import face
from vultus.errors import ImageError, InputError
from vultus.evaluation.geometry.changes import CHANGES
from vultus.evaluation.geometry.pictures import FEWEST, make_lattice
from vultus.evaluation.geometry.study import separation, study

SIDE = 24


class Toy:
    """Crops are noise of the picture's name, seen plain and mirrored; an embedding is a small picture of them."""

    mirrored = (False, True)

    def find(self, image: Path, *, embed: bool = True) -> list:
        if image.stem == "broken":
            raise ImageError(str(image), "it is broken")
        return [] if image.stem == "nobody" else [face([1, 0, 0])]

    def crops(self, image: Path, face: object) -> np.ndarray:
        person, picture = sum(map(ord, image.parent.name)), sum(map(ord, image.stem))
        base = np.random.default_rng(person).integers(40, 216, (4, 4, 3))
        small = base + np.random.default_rng(picture).integers(-15, 16, (4, 4, 3))
        upright = cv2.resize(small.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        return np.stack([upright, upright[:, ::-1]])

    def embed_crops(self, crops: np.ndarray) -> np.ndarray:
        both = np.stack([crops[:, 0], crops[:, 1, :, ::-1]], axis=1).astype(np.float32).mean(axis=1)
        rows = both.reshape(len(crops), 6, 4, 6, 4, 3).mean(axis=(2, 4)).reshape(len(crops), -1)
        rows = rows - rows.mean(axis=1, keepdims=True)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def pictures(*names: str, each: int = 5) -> dict[str, list[Path]]:
    return {name: [Path(name) / f"{number}.jpg" for number in range(each)] for name in names}


def test_a_lattice_of_two_people() -> None:
    seen = []
    taken = pictures("ada", "bo")
    taken["ada"] += [Path("ada/nobody.jpg"), Path("ada/broken.jpg")]
    taken["few"] = [Path("few/0.jpg")]
    made = make_lattice(Toy(), taken, name="toy", variants=2, progress=lambda: seen.append(1))
    assert len(seen) == 13
    assert [who.name for who in made.lattice.people] == ["ada", "bo"]
    assert made.vectors.shape[0] == made.people.size == 11
    assert [path for path, _ in made.left_out] == ["ada/nobody.jpg", "ada/broken.jpg"]
    assert made.left_out[0][1] == "there is no face in the picture"
    one = made.lattice.people[0]
    width = 1 + 2 * len(CHANGES)
    assert len(one.vectors) == 10 * width
    assert one.curves["brightness"].rows[0].tolist() == [1, 0, 2]
    blur = 1 + 2 * [change.name for change in CHANGES].index("blur")
    assert one.curves["blur"].rows[1].tolist() == [width, width + blur, width + blur + 1]
    assert separation(made.vectors, made.people) > 0.95


def test_mirrored_views_turn_to_the_same_side() -> None:
    """Both views of the toy are one picture, so its embedding is that of the plain view turned."""
    from vultus.evaluation.geometry.changes import rotation

    toy = Toy()
    made = make_lattice(toy, pictures("ada", each=FEWEST), variants=1)
    plain = toy.crops(Path("ada/0.jpg"), None)[0]
    turned = rotation(plain, -1.0)
    row = made.lattice.people[0].curves["rotation"].rows[0, 0]
    expected = toy.embed_crops(np.stack([turned, turned[:, ::-1]])[None])[0]
    assert made.lattice.people[0].vectors[row] == pytest.approx(expected, abs=1e-6)


def test_the_study_of_it() -> None:
    made = make_lattice(Toy(), pictures("ada", "bo", "cy"), name="toy")
    found = study({"kind": "pictures"}, (made.lattice,), auc=0.5)
    rows = {row["attribute"]: row for row in found["systems"][0]["attributes"]}
    assert rows["rotation"]["energy"] < 0.6
    assert rows["noise"]["energy"] > rows["rotation"]["energy"]
    assert len(found["warnings"]) == 2


def test_too_little_is_refused() -> None:
    with pytest.raises(InputError, match="a lattice needs somebody with 4 pictures or more in which a face is found"):
        make_lattice(Toy(), pictures("ada", each=3))
    with pytest.raises(InputError, match="a lattice needs at least 1 variant of each picture, not 0"):
        make_lattice(Toy(), pictures("ada"), variants=0)
