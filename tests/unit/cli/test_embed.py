"""`vultus embed`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, FakeEngine, Interrupting, save
from vultus.batch.journal import Journal
from vultus.batch.run import Done, run_local
from vultus.cli.build import Choice
from vultus.types import Face, Liveness


def test_json_gives_back_the_exact_vector(cli: Cli) -> None:
    save(Path("one.png"), ADA)
    document = cli.json("embed", "one.png")
    assert list(document)[:2] == ["schema", "contract"]
    face = document["images"][0]["faces"][0]
    assert set(face) == {"box", "landmarks", "score", "quality", "embedding"}
    want = cli.engine.find(Path("one.png"))[0].embedding.vector
    assert np.array_equal(np.array(face["embedding"], dtype=np.float32), want)


def test_a_table_shows_the_first_numbers(cli: Cli) -> None:
    save(Path("one.png"), ADA)
    assert "+0.816 -0.408 -0.408 +0.000 +0.000 ..." in cli("embed", "one.png").stdout


def test_a_face_that_liveness_refused_has_no_embedding(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    save(Path("one.png"), ADA)
    whole = FakeEngine._face

    def refused(engine: FakeEngine, *args: Any) -> Face:
        return replace(whole(engine, *args), embedding=None, liveness=Liveness(0.1, 0.5, "not_live", "not measured"))

    monkeypatch.setattr(FakeEngine, "_face", refused)
    face = cli.json("embed", "one.png")["images"][0]["faces"][0]
    assert face["embedding"] is None
    assert face["liveness"] == {
        "live": False, "live_score": 0.1, "threshold": 0.5, "reason": "not_live", "operating_point": "not measured",
    }  # fmt: skip
    assert "none (not_live)" in cli("embed", "one.png").stdout


@pytest.fixture
def photos(cli: Cli) -> Path:
    pytest.importorskip("pyarrow")
    for number in range(20):
        save(cli.folder / f"photos/{number:02d}.png", ADA, *([GRACE] if number < 3 else []), seed=number)
    return cli.folder / "photos"


def test_a_table_of_many_pictures(cli: Cli, photos: Path) -> None:
    import pyarrow.parquet

    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    out = cli("embed", "photos", "--out", "faces.parquet", code=1)
    assert out.stdout == ""
    assert "skipped: cannot read image photos/broken.jpg" in out.stderr
    assert "21 pictures, 23 faces, 1 could not be read; 21 computed now; table of plain" in out.stderr
    table = pyarrow.parquet.read_table("faces.parquet")
    want = cli.json("embed", "photos/00.png")["images"][0]["faces"][1]
    row = table.slice(1, 1).to_pylist()[0]
    assert (row["path"], row["face"]) == ("photos/00.png", 1)
    assert np.array_equal(np.float32(row["embedding"]), np.float32(want["embedding"]))
    assert [row[f"{edge}_px"] for edge in ("left", "top", "right", "bottom")] == want["box"]


def test_ctrl_c_keeps_what_was_computed_and_resume_goes_on(cli: Cli, photos: Path) -> None:
    whole = cli.engine
    cli.engine = Interrupting(after=12)
    out = cli("embed", photos, "--out", "faces.parquet", code=130)
    assert "interrupted: 12 of 20 pictures are safe; add --resume to go on" in out.stderr
    cli.engine = whole
    assert "an interrupted run left" in cli("embed", photos, "--out", "faces.parquet", code=2).stderr
    document = cli.json("embed", photos, "--out", "faces.parquet", "--resume")
    assert document["summary"] == {"pictures": 20, "faces": 23, "failed": 0, "computed": 8}
    assert whole.n_seen == 8
    # again, without the journal
    assert cli.json("embed", photos, "--out", "faces.parquet", "--resume")["summary"]["computed"] == 0


def test_nothing_is_begun_that_cannot_be_finished(cli: Cli, photos: Path) -> None:
    assert "the table must be called *.parquet" in cli("embed", photos, "--out", "faces.csv", code=2).stderr
    for option in ("--resume", "--engine=ray"):
        assert "--resume and --engine are for tables; add --out" in cli("embed", photos, option, code=2).stderr
    assert "no such file or folder: 'nowhere'" in cli("embed", photos, "nowhere", "-o", "f.parquet", code=2).stderr
    assert sorted(path.name for path in cli.folder.iterdir()) == ["photos"]
    (photos / "00.png").rename("only.jpg")
    Path("only.jpg").write_bytes(b"")
    assert "1 could not be read" in cli("embed", "only.jpg", "--out", "f.parquet", code=2).stderr


def test_a_cluster_gets_an_engine_of_one_thread_per_worker(
    cli: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    asked: list[Any] = []

    def run_ray(
        journal: Journal, build: Callable[[], Any], *, workers: int = 2, max_faces: int | None = None
    ) -> Iterator[Done]:
        asked.extend([workers, max_faces])
        return run_local(journal, build(), max_faces=max_faces)

    monkeypatch.setattr("vultus.batch.rayrun.run_ray", run_ray)
    args = (
        "embed",
        photos,
        "-o",
        "f.parquet",
        "--engine",
        "ray",
        "--workers",
        "3",
        "--max-faces",
        "1",
        "--pack",
        "dlib",
    )
    assert cli.json(*args)["summary"]["faces"] == 20
    assert asked == [3, 1]
    assert cli.choices == [Choice("dlib"), Choice("dlib", threads=1)]
