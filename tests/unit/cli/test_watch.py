"""`vultus watch`, with the real video reader and tracker."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, MARIE, NOBODY, FakeEngine, picture
from vultus.inference.capture import describe
from vultus.inference.record import VideoWriter
from vultus.inference.video import frames


@pytest.fixture
def film(cli: Cli) -> Path:
    """Four seconds: Ada all the time, Marie in the second half."""
    with VideoWriter(cli.folder / "film.avi", fps=10) as writer:
        for at in range(40):
            writer.write(picture(ADA, MARIE if at >= 20 else NOBODY))
    return cli.folder / "film.avi"


def test_one_line_per_person_with_the_time_span(cli: Cli, known: Path, film: Path) -> None:
    out = cli("watch", film, "-g", known).stdout
    ada, marie = [line.split() for line in out.splitlines() if ":" in line and "film" not in line]
    assert ada[0] == "Ada"
    assert ada[-3:] == ["0:00.0", "to", "0:03.8"]
    assert marie[:2] == ["unknown", "1"]
    assert marie[-3:] == ["0:02.0", "to", "0:03.8"]


def test_a_calibration_file_goes_to_the_engine(cli: Cli, known: Path, film: Path) -> None:
    for more in (("-g", known), ()):
        cli("watch", film, *more, "--calibration", "mine.json")
        assert cli.choices[-1].calibration == Path("mine.json")


def test_json_lines(cli: Cli, known: Path, film: Path) -> None:
    records = cli.lines("watch", film, "-g", known)
    assert [record["event"] for record in records] == ["track", "track", "people"]
    assert {record["name"] for record in records[:2]} == {"Ada", None}
    assert records[0]["decision"]["fpir_target"] == 0.01
    assert [person["label"] for person in records[2]["people"]] == ["Ada", "unknown 1"]


def test_another_door_answers_alike(cli: Cli, known: Path, film: Path) -> None:
    assert cli.lines("watch", film, "-g", known, "--door", "graph") == cli.lines("watch", film, "-g", known)
    assert "all of it is searched" in cli("watch", film, "-g", known, "--door", "graph").stderr


def test_without_a_gallery_people_are_told_apart(cli: Cli, film: Path) -> None:
    out = cli("watch", film)
    assert "people are told apart, but not named" in out.stderr
    assert "unknown 1" in out.stdout
    assert "unknown 2" in out.stdout


def test_a_gallery_that_was_named_must_be_there(cli: Cli, film: Path) -> None:
    assert "there is no gallery at none.db" in cli("watch", film, "-g", "none.db", code=2).stderr


def test_the_annotated_video_has_every_frame(cli: Cli, known: Path, film: Path) -> None:
    out = cli("watch", film, "-g", known, "--annotate", "out/marked.mp4")
    assert "annotated: out/marked.mp4" in out.stderr
    assert describe(Path("out/marked.mp4")).n_frames == 40
    plain = next(iter(frames(film, start_s=3))).image.astype(int)
    marked = next(iter(frames(Path("out/marked.mp4"), start_s=3))).image.astype(int)
    assert abs(plain - marked).max() > 100


def test_a_part_of_the_video(cli: Cli, known: Path, film: Path) -> None:
    people = cli.lines("watch", film, "-g", known, "--end", 1.5)[-1]["people"]
    assert [(person["label"], person["spans"]) for person in people] == [("Ada", [[0.0, 1.4]])]


def test_nobody_in_it(cli: Cli) -> None:
    with VideoWriter(Path("dark.avi"), fps=10) as writer:
        for _ in range(10):
            writer.write(picture(NOBODY, NOBODY))
    assert "nobody was seen in dark.avi" in cli("watch", "dark.avi").stderr


def test_a_broken_video_among_good_ones(cli: Cli, film: Path) -> None:
    Path("broken.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(200))
    assert "cannot read video broken.mp4" in cli("watch", "broken.mp4", film, code=1).stderr
    cli("watch", "broken.mp4", code=2)


def test_one_annotated_video_at_a_time(cli: Cli, film: Path) -> None:
    out = cli("watch", film, film, "--annotate", "out.mp4", code=2)
    assert "names one video, but there are 2; watch one at a time" in out.stderr


def test_the_input_is_never_overwritten(cli: Cli, film: Path) -> None:
    before = film.read_bytes()
    out = cli("watch", film, "--annotate", film, code=2)
    assert "would overwrite the input; name another file" in out.stderr
    assert film.read_bytes() == before


def test_what_was_filmed_before_the_break_is_kept(cli: Cli, known: Path, film: Path) -> None:
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    out = cli("watch", film, "-g", known, "--annotate", "out.mp4", code=1)
    assert "truncated or damaged" in out.stderr
    assert "annotated: out.mp4" in out.stderr
    assert "Ada" in out.stdout
    assert 20 < (describe(Path("out.mp4")).n_frames or 0) < 40


def test_ctrl_c_keeps_what_was_seen(cli: Cli, known: Path, film: Path) -> None:
    class Tired(FakeEngine):
        def find(self, image, **more):
            if self.n_seen >= 16:
                raise KeyboardInterrupt
            return super().find(image, **more)

    cli.engine = Tired()
    out = cli("watch", film, "-g", known, "--annotate", "out.mp4", code=130)
    assert "Ada" in out.stdout
    assert "interrupted: everybody seen so far stands above; out.mp4 holds the video up to here" in out.stderr
    assert describe(Path("out.mp4")).n_frames


def test_three_people_grace_too(cli: Cli, known: Path) -> None:
    with VideoWriter(Path("three.avi"), fps=10) as writer:
        for _ in range(20):
            writer.write(picture(ADA, GRACE, MARIE))
    people = cli.lines("watch", "three.avi", "-g", known)[-1]["people"]
    assert [person["label"] for person in people] == ["Ada", "Grace", "unknown 1"]
