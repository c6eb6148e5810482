"""Walking through the inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, FakeEngine, picture, save
from vultus.cli import scan
from vultus.errors import VideoError
from vultus.inference.record import VideoWriter
from vultus.inference.source import Item


def test_pictures_and_videos_keep_their_order(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    with VideoWriter(Path("b.avi"), fps=10) as writer:
        for _ in range(20):
            writer.write(picture(ADA, GRACE))
    save(Path("c.png"), GRACE)
    items = scan.expand_inputs(["a.png", "b.avi", "c.png"])
    seen = list(scan.views(FakeEngine(), items, embed=True, fps=2.0))
    assert [(Path(view.path).name, view.time_s, len(view.faces)) for view in seen] == [
        ("a.png", None, 1), ("b.avi", 0.0, 2), ("b.avi", 0.5, 2), ("b.avi", 1.0, 2), ("b.avi", 1.5, 2),
        ("c.png", None, 1),
    ]  # fmt: skip
    assert seen[2].label.endswith("b.avi @ 0.50 s")


def test_a_broken_video_is_one_failure(cli: Cli) -> None:
    Path("b.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(100))
    (view,) = scan.views(FakeEngine(), scan.expand_inputs(["b.mp4"]), embed=True, fps=1.0)
    assert "cannot read video" in view.error


def test_frames_before_the_break_are_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from vultus.inference import video

    def breaking(source: object, **_: object) -> Iterator[video.Frame]:
        yield from (video.Frame(number, float(number), picture(ADA)) for number in range(3))
        raise VideoError(str(source), "it ends after frame 3 of 9")

    monkeypatch.setattr(video, "frames", breaking)
    Path("b.mp4").write_bytes(b"x")
    document = cli.json("detect", "b.mp4", code=1)
    assert [len(one.get("faces", ())) for one in document["images"]] == [1, 1, 1, 0]
    assert "it ends after frame 3 of 9" in document["images"][-1]["error"]


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_one_bad_picture_is_one_line(cli: Cli, as_json: list[str]) -> None:
    Path("zero.jpg").write_bytes(b"")
    out = cli("detect", "zero.jpg", "--annotate", "out.png", *as_json, code=2)
    assert out.stderr == "skipped: cannot read image zero.jpg: the file is empty (0 bytes)\n"
    assert not Path("out.png").exists()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_live_source_speaks_in_lines(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    (face,) = FakeEngine().find(picture(ADA))
    seen = [
        scan.View("camera 0", b"", (face,), time_s=1.0),
        scan.View("camera 0", b"", (), time_s=1.5),
        scan.View("camera 0", b"", (), "it is gone", time_s=2.0),
    ]
    with pytest.raises(typer.Exit) as stop:
        scan.report(
            seen, [Item("camera", 0)], label="x", head={"schema": "x/1"}, as_json=as_json, tally=scan.Tally(),
            each=lambda view: scan.Answer({"n": len(view.faces)}, [["1", ("Ada", "green")]]), columns=["#", "who"],
        )  # fmt: skip
    assert stop.value.exit_code == 1
    out, err = capsys.readouterr()
    lines = [
        '{"schema": "x/1", "path": "camera 0", "time_s": 1.0, "n": 1}',
        '{"schema": "x/1", "path": "camera 0", "time_s": 1.5, "n": 0}',
        '{"schema": "x/1", "path": "camera 0", "time_s": 2.0, "error": "it is gone"}',
    ]
    assert out.splitlines() == (lines if as_json else ["camera 0 @ 1.00 s  1  Ada"])
    assert err.startswith("skipped: it is gone\n")


@pytest.mark.parametrize(("pictures", "failed", "code"), [(3, 0, 0), (3, 1, 1), (3, 3, 2)])
def test_exit_codes(pictures: int, failed: int, code: int) -> None:
    assert scan.Tally(pictures=pictures, failed=failed).exit_code == code


def test_tallies_are_grammatical() -> None:
    assert scan.Tally(1, 1).text() == "1 picture, 1 face"
    assert scan.Tally(2, 0, 1, extra={"known": 3}).text() == "2 pictures, 0 faces, 3 known, 1 could not be read"


def test_short_keeps_the_end() -> None:
    assert scan.short("a" * 10 + "/b.jpg", 8) == "…a/b.jpg"
    assert scan.short("b.jpg", 8) == "b.jpg"


def test_the_largest_faces_in_their_order() -> None:
    small, large = FakeEngine().find(picture(ADA, height=80))[0], FakeEngine().find(picture(ADA))[0]
    assert scan.largest([small, large, small], None) == [small, large, small]
    assert scan.largest([small, large], 1) == [large]
