from __future__ import annotations

import cv2
import numpy as np
import pytest

from vultus.evaluation.bench_accuracy import detection, lfw, open_sets


def write(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 255, (20, 20, 3), dtype=np.uint8))


@pytest.fixture
def filled(bench, engine, make_face, make_population):
    """The identity sets and LFW with 8 people, whom the stub engine tells apart."""
    vectors, people = make_population(8, 4, spread=0.2)
    lines = {name: ["image,identity"] for name in ("celeb_examples", "orl_faces", "yale_faces", "lfw_view2")}
    for index, person in enumerate(people):
        for name, rows in lines.items():
            rows.append(f"{index:03d}.png,p{person}")
            write(bench.data / name / "images" / f"{index:03d}.png", index)
        engine.faces[f"{index:03d}.png"] = [make_face(vectors[index])]
    for name, rows in lines.items():
        (bench.data / name / ("images.csv" if name == "lfw_view2" else "labels.csv")).write_text("\n".join(rows))
    pairs = ["fold,image1,image2,same"]
    for fold in (1, 2):
        for person in range(4 * fold - 4, 4 * fold):
            other = (person + 1) % 4 + 4 * fold - 4
            pairs += [f"{fold},{4 * person:03d}.png,{4 * person + step:03d}.png,1" for step in (1, 2, 3)]
            pairs += [f"{fold},{4 * person:03d}.png,{4 * other + step:03d}.png,0" for step in (1, 2, 3)]
    (bench.data / "lfw_view2" / "pairs.csv").write_text("\n".join(pairs))
    return bench


def test_lfw_beside_the_peer(filled):
    first, *rest = lfw(filled)
    assert (first.what, first.ours, first.met, first.n) == ("LFW View 2, the ten-fold way", 1.0, True, 32)
    assert first.peer < 0.9
    assert first.ratio == pytest.approx(1 / first.peer)
    assert [row.what for row in rest] == [f"LFW View 2, TMR at the pack's threshold for FMR {x}" for x in (0.01, 0.001)]
    assert filled.details["lfw"]["ours"]["n_pairs"] == 32
    assert filled.details["lfw"]["peer"]["wrong"]


def test_lfw_rows_at_fixed_rates(filled):
    filled.quick = False
    table = filled.data / "lfw_view2" / "pairs.csv"
    header, *pairs = table.read_text().splitlines()
    table.write_text("\n".join([header, *pairs * 13]))
    rows = list(lfw(filled))
    assert (rows[1].what, rows[1].goal, rows[1].met) == ("LFW View 2, TMR at FMR 0.01", ">= 0.985", True)
    assert rows[0].n == 13 * 48


def test_open_sets_beside_the_peer(filled):
    rows = list(open_sets(filled))
    assert len(rows) == 8
    assert rows[0].what.startswith("FNIR at FPIR 0.12, celeb_examples, average")
    assert "celeb_examples+orl_faces+yale_faces, best" in rows[-1].what
    assert all(row.ours == 0 and row.peer > 0 for row in rows[:6])
    assert {"ours", "peer"} == set(filled.details["open_sets"])


def test_detection_beside_the_peer(bench, engine, make_face):
    (bench.data / "detection_small" / "boxes.csv").write_text(
        "image,left,top,width,height,ignore\na.png,0,0,80,60,0\nb.png,0,0,40,30,0\n"
    )
    engine.faces = {"a.png": [make_face([1, 0], box=(0, 0, 80, 50))]}
    rows = list(detection(bench))
    assert [(row.what, row.ours, row.peer) for row in rows[:2]] == [
        ("detection recall at IoU 0.3", 0.5, 0.5),
        ("detection precision at IoU 0.3", 1.0, 0.5),
    ]
    assert bench.details["detection_iou_0.5"]["ours"]["faults"][0]["image"] == "b.png"
