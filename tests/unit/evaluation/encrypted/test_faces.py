from __future__ import annotations

import numpy as np
import pytest

from vultus.evaluation.encrypted.faces import Faces, lfw, synthetic
from vultus.evaluation.row import Bench


def test_synthetic_pairs_are_half_of_one_person():
    faces = synthetic(32, 50)
    assert faces.vectors.shape == (100, 32)
    assert (faces.people[faces.a] == faces.people[faces.b]).tolist() == faces.same.tolist()
    assert faces.same.mean() == 0.5
    assert set(faces.fold.tolist()) == set(range(5))
    assert "synthetic" in faces.name


def test_first_and_second_templates():
    people = np.array([2, 0, 2, 1, 2, 0])
    nobody = np.zeros(0, dtype=np.int64)
    faces = Faces("by hand", np.eye(6), people, nobody, nobody, nobody.astype(bool), nobody)
    assert faces.first.tolist() == [1, 3, 0]
    first, second = faces.twice
    assert first.tolist() == [1, 0]
    assert second.tolist() == [5, 2]
    assert faces.bounds == (0.0, 1.0)


@pytest.fixture
def folder(tmp_path):
    """Six pictures of three people; one shows no face."""
    made = tmp_path / "lfw_view2"
    (made / "images").mkdir(parents=True)
    names = ["a1.png", "a2.png", "b1.png", "b2.png", "c1.png", "c2.png"]
    (made / "images.csv").write_text("image,identity\n" + "".join(f"{name},{name[0]}\n" for name in names))
    pairs = [("a1.png", "a2.png", 1), ("b1.png", "b2.png", 1), ("c1.png", "c2.png", 1), ("a1.png", "b1.png", 0)]
    (made / "pairs.csv").write_text(
        "fold,image1,image2,same\n" + "".join(f"{fold % 2},{a},{b},{same}\n" for fold, (a, b, same) in enumerate(pairs))
    )
    return tmp_path, names


def test_pairs_whose_face_was_not_found_are_left_out_and_counted(engine, folder, make_face):
    place, names = folder
    vectors = np.random.default_rng(0).normal(size=(6, 8))
    engine.faces = {name: [make_face(row)] for name, row in zip(names, vectors, strict=True)}
    engine.faces["c2.png"] = []
    bench = Bench(data=place)
    bench.engine = engine
    faces = lfw(bench)
    assert faces.name == "LFW View 2, pack stub, 3 of 4 pairs"
    assert faces.vectors.shape == (5, 8)
    assert (faces.people[faces.a] == faces.people[faces.b]).tolist() == faces.same.tolist() == [True, True, False]
    assert np.allclose(np.linalg.norm(faces.vectors, axis=1), 1, atol=1e-6)
