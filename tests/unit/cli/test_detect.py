"""`vultus detect`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, NOBODY, picture, save
from vultus.inference.image import read


def test_a_table_tells_where_and_how_good(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    save(Path("small.png"), ADA, height=50)
    save(Path("none.png"), NOBODY)
    out = cli("detect", "two.png", "small.png", "none.png")
    lines = [line.split() for line in out.stdout.splitlines()]
    assert ["two.png", "1", "10,", "10", "80", "x", "100", "0.990", "0.90"] in lines
    assert ["2", "110,", "10", "80", "x", "100", "0.990", "0.90"] in lines
    assert ["small.png", "1", "10,", "10", "80", "x", "30", "0.990", "0.20", "too", "small"] in lines
    assert ["none.png", "-", "no", "face"] in lines
    assert "3 pictures, 3 faces" in out.stderr


def test_json_has_boxes_landmarks_quality_and_a_summary(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    document = cli.json("detect", "two.png")
    assert document["schema"] == "vultus.detect/1"
    (image,) = document["images"]
    assert image["path"] == "two.png"
    assert [face["box"] for face in image["faces"]] == [[10, 10, 90, 110], [110, 10, 190, 110]]
    assert image["faces"][0]["landmarks"][0] == [30, 40]
    assert image["faces"][0]["quality"] == {"score": 0.9, "reasons": [], "measures": {"size_px": 80.0}}
    assert document["summary"] == {"pictures": 1, "faces": 2, "failed": 0, "complete": True}


def test_a_bad_file_in_a_folder_is_reported_and_the_rest_goes_on(cli: Cli) -> None:
    save(Path("all/a.png"), ADA)
    Path("all/b.jpg").write_text("no picture")
    save(Path("all/c.png"), GRACE)
    out = cli("detect", "all", "--json", code=1)
    assert "skipped: cannot read image" in out.stderr
    assert out.stderr.count("skipped") == 1
    document = cli.json("detect", "all", code=1)
    assert [("error" in image) for image in document["images"]] == [False, True, False]
    assert document["summary"]["failed"] == 1


def test_nothing_readable_is_bad_input(cli: Cli) -> None:
    Path("b.jpg").write_text("no picture")
    assert cli.json("detect", "b.jpg", code=2)["summary"]["failed"] == 1


def test_no_such_file_is_one_line(cli: Cli) -> None:
    out = cli("detect", "nowhere.jpg", code=2)
    assert len(out.stderr.strip().splitlines()) == 1
    assert "nowhere.jpg" in out.stderr


def test_stdin_is_a_picture(cli: Cli) -> None:
    data = save(Path("one.png"), ADA).read_bytes()
    (image,) = cli.json("detect", "-", stdin=data)["images"]
    assert (image["path"], len(image["faces"])) == ("-", 1)


def test_at_most_so_many_faces(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    assert len(cli.json("detect", "two.png", "--max-faces", 1)["images"][0]["faces"]) == 1


def test_one_picture_is_annotated_under_the_name_given(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    cli("detect", "two.png", "--annotate", "out/marked.png")
    marked = read(Path("out/marked.png"))
    assert marked.shape == (120, 200, 3)
    assert not np.array_equal(marked, picture(ADA, GRACE))


def test_options_reach_the_engine(cli: Cli) -> None:
    save(Path("one.png"), ADA)
    cli("detect", "one.png", "--pack", "opencv", "--threads", 2, "--offline", "--licence-policy", "commercial",
        "--device", "cuda")  # fmt: skip
    choice = cli.choices[0]
    assert (choice.pack, choice.threads, choice.offline, choice.policy, choice.device) == (
        "opencv", 2, True, "commercial", "cuda",
    )  # fmt: skip
