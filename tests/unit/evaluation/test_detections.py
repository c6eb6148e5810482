from __future__ import annotations

import json

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.detections import Fault, measure_detections, read_marked, to_dict

HEADER = "image,face,left,top,width,height,ignore\n"


def test_boxes_are_grouped_by_picture(tmp_path):
    (tmp_path / "boxes.csv").write_text(HEADER + "a.jpg,0,1,2,10,20,0\nb.jpg,0,5,5,5,5,1\na.jpg,1,30,2,10,20,0\n")
    first, second = read_marked(tmp_path)
    assert first.image == tmp_path / "images" / "a.jpg"
    assert first.boxes.tolist() == [[1, 2, 11, 22], [30, 2, 40, 22]]
    assert second.ignore.tolist() == [True]
    (tmp_path / "boxes.csv").write_text(HEADER + "a.jpg,0,one,2,10,20,0\n")
    with pytest.raises(InputError, match="has a box that is not four numbers"):
        read_marked(tmp_path)


def test_faults_are_listed(tmp_path):
    (tmp_path / "boxes.csv").write_text(HEADER + "a.jpg,0,0,0,10,10,0\na.jpg,1,50,0,10,10,0\nb.jpg,0,0,0,10,10,1\n")

    def find(path):
        return np.array([[80, 80, 90, 90], [0, 0, 10, 9]], np.float32), np.array([0.7, 0.9], np.float32)

    result = measure_detections(find, read_marked(tmp_path))
    assert (result.scores.recall, result.scores.n_truth, result.scores.n_detections) == (0.5, 2, 3)
    assert result.faults == (
        Fault("a.jpg", "missed", (50, 0, 60, 10), None),
        Fault("a.jpg", "not marked", (80, 80, 90, 90), pytest.approx(0.7)),
        Fault("b.jpg", "not marked", (80, 80, 90, 90), pytest.approx(0.7)),
    )
    assert json.loads(json.dumps(to_dict(result)))["schema"] == "vultus.detections/1"


@pytest.mark.shared
def test_the_shared_boxes_are_whole(shared):
    marked = read_marked(shared / "data" / "detection_small")
    assert len(marked) == 9
    assert sum(len(picture.boxes) for picture in marked) == 43
    assert all(picture.image.is_file() for picture in marked)
