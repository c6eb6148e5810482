"""What a test has in common with the data of a calibration."""

from __future__ import annotations

from pathlib import Path

from vultus.evaluation.overlap import overlap
from vultus.types import Calibration, CalibrationPoint
from vultus.weights.calibration import CalibrationFile
from vultus.weights.origin import Origin, origin_of

CALIBRATION = Calibration("mine:1", "faces", 30_000, 100, (CalibrationPoint(0.1, 0.3, 0.2, 0.4),))


def told(origin: Origin | None, source: Path, people: tuple[str, ...] = (), pictures: tuple[bytes, ...] = ()):
    return overlap(CalibrationFile(CALIBRATION, None, 0, (), origin), "ours.json", source, people, pictures)


def test_people_and_pictures_in_both(tmp_path: Path) -> None:
    origin = origin_of(["Ada", "Grace", "Marie", "Emmy"], [b"1", b"2"])
    assert told(origin, tmp_path, ("Rosa", "Hedy"), (b"3",)) == ()
    (line,) = told(origin, tmp_path, ("Grace", "Ada", "Rosa"))
    assert line == "2 of the 3 people were in the data of ours.json too (Ada, Grace): figures at its thresholds flatter"
    (line,) = told(origin, tmp_path, ("Ada", "Grace", "Marie", "Emmy"))
    assert "4 of the 4 people" in line
    assert "(Ada, Emmy, Grace, ...)" in line
    (line,) = told(origin, tmp_path, (), (b"2", b"3"))
    assert line == "1 of the 2 pictures were in the data of ours.json too"


def test_the_very_file_and_files_that_do_not_say(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("score,same\n1,1\n0,0\n")
    assert told(origin_of((), (), listed), listed) == (
        "ours.json was measured on this very file: figures at its thresholds flatter",)  # fmt: skip
    (line,) = told(None, listed, ("Ada",))
    assert line.startswith("ours.json does not say whom it was measured on")
    for origin, people in ((origin_of(["Ada"]), ()), (origin_of(()), ("Ada",))):
        (line,) = told(origin, listed, people)
        assert line.startswith("nobody tells whether the people were in the data of ours.json too")
