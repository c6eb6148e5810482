from __future__ import annotations

import json

import numpy as np
import pytest

from vultus.errors import InputError, ShapeError
from vultus.evaluation.pairs import WrongPair, measure_pairs, own_thresholds, read_pairs, score_pairs, to_dict
from vultus.types import Calibration


@pytest.fixture
def folder(tmp_path, engine, make_face, make_population):
    """Five folds of 20 people with 3 pictures each: 20 same and 20 different pairs per fold."""
    vectors, people = make_population(100, 3)
    images, pairs = ["image,identity"], ["fold,image1,image2,same"]
    for index, person in enumerate(people):
        images.append(f"{index}.jpg,person_{person}")
        engine.faces[f"{index}.jpg"] = [make_face(vectors[index])]
    for person in range(100):
        fold, other = person // 20 + 1, person // 20 * 20 + (person + 1) % 20
        pairs += [f"{fold},{3 * person}.jpg,{3 * person + 1}.jpg,1", f"{fold},{3 * person}.jpg,{3 * other + 2}.jpg,0"]
    (tmp_path / "images.csv").write_text("\n".join(images))
    (tmp_path / "pairs.csv").write_text("\n".join(pairs))
    return tmp_path


def test_pairs_are_read_in_order(folder):
    pairs = read_pairs(folder)
    assert len(pairs.images) == len(pairs.identities) == 300
    assert pairs.images[4] == folder / "images" / "4.jpg"
    assert pairs.identities[4] == "person_1"
    assert (pairs.a[1], pairs.b[1], pairs.same[1], pairs.fold[1]) == (0, 5, False, 1)
    assert np.bincount(pairs.fold).tolist() == [0, 40, 40, 40, 40, 40]


def test_a_missing_face_is_a_non_match_and_nothing_is_dropped(folder, engine):
    whole = measure_pairs(engine, folder, repeats=20)
    assert (whole.n_images, whole.n_pairs, whole.fta, whole.n_fta_pairs) == (300, 200, 0, 0)
    assert whole.folds.mean > 0.9
    engine.faces["0.jpg"] = []
    less = measure_pairs(engine, folder, repeats=20)
    assert less.n_pairs == 200
    assert less.fta == pytest.approx(1 / 300)
    assert less.n_fta_pairs == 2
    assert WrongPair("0.jpg", "1.jpg", True, None) in less.wrong
    json.dumps(to_dict(less), allow_nan=False)
    assert not any(pair.image1 == "0.jpg" and not pair.same for pair in less.wrong)


def test_rates_stand_between_their_bounds(folder, engine):
    result = measure_pairs(engine, folder, repeats=100)
    assert result.folds_rate.value == result.folds.mean
    assert result.folds_rate.low <= result.folds_rate.value <= result.folds_rate.high
    assert result.folds_rate.low < result.folds_rate.high
    # 100 impostor pairs support no false match rate below 3 in 100.
    assert result.match_rates == ()
    assert [point.fmr_target for point in result.calibrated] == [1e-2, 1e-3]
    assert json.loads(json.dumps(to_dict(result)))["schema"] == "vultus.pairs/1"


def test_true_match_rate_at_a_supported_rate(folder, engine, make_population, make_face):
    lines = ["fold,image1,image2,same"]
    for index in range(3000):
        first, step = index % 300, index // 300
        other = (first // 3 * 3 + 3 + 3 * step + first % 3) % 300
        lines += [f"{index % 5},{first}.jpg,{other}.jpg,0", f"{index % 5},{first}.jpg,{first // 3 * 3}.jpg,1"]
    (folder / "pairs.csv").write_text("\n".join(lines))
    result = measure_pairs(engine, folder, repeats=50)
    assert [rate.fmr_target for rate in result.match_rates] == [1e-2, 1e-3]
    for rate in result.match_rates:
        assert rate.tmr.low <= rate.tmr.value <= rate.tmr.high
    assert result.match_rates[0].tmr.value >= result.match_rates[1].tmr.value


def test_own_thresholds_reach_as_far_as_the_calibration(engine):
    assert [rate for rate, _ in own_thresholds(engine.calibration)] == [1e-2, 1e-3]
    small = Calibration("s", "d", 1000, 10, engine.calibration.points)
    assert [rate for rate, _ in own_thresholds(small)] == [1e-2]
    assert own_thresholds(None) == []


def test_refusals(folder):
    pairs = read_pairs(folder)
    with pytest.raises(ShapeError, match=r"scores must be of shape \(200,\), but is of shape \(1,\)"):
        score_pairs(pairs, np.zeros(1, np.float32))
    (folder / "pairs.csv").write_text("fold,image1,image2,same\n1,0.jpg,nobody.jpg,1\n")
    with pytest.raises(InputError, match=r"pairs.csv names nobody.jpg, which is not in images.csv"):
        read_pairs(folder)
    (folder / "pairs.csv").write_text("fold,image1,image2,same\n")
    with pytest.raises(InputError, match=r"pairs.csv has no pairs"):
        read_pairs(folder)
    (folder / "pairs.csv").write_text("fold,image1\n")
    with pytest.raises(InputError, match=r"pairs.csv lacks the column image2, same"):
        read_pairs(folder)
    (folder / "images.csv").unlink()
    with pytest.raises(InputError, match=r"cannot read .*images.csv: No such file"):
        read_pairs(folder)


@pytest.mark.shared
def test_the_shared_folds_are_whole(shared):
    pairs = read_pairs(shared / "data" / "lfw_view2")
    assert len(pairs.images) == 3811
    assert pairs.same.sum() == (~pairs.same).sum() == 1500
    assert set(pairs.fold.tolist()) == {1, 2, 3, 4, 5}
    assert all(path.is_file() for path in pairs.images)
    identities = np.array(pairs.identities)
    assert ((identities[pairs.a] == identities[pairs.b]) == pairs.same).all()
