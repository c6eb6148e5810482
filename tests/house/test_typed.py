"""What `py.typed` promises: a program that uses the public names passes `mypy --strict`, with the types of the tour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vultus import Candidate, Decision, Embedding, Face, FaceEngine, Gallery, Identification, Track, VultusError

engine = FaceEngine()
array: NDArray[np.uint8] = np.zeros((2, 2, 3), np.uint8)
paths: list[Path] = sorted(Path(".").glob("*.jpg"))
names: list[str] = [str(path) for path in paths]
either: list[str | Path] = ["a.jpg", Path("b.jpg")]
one: list[Face] = engine.find("a.jpg") + engine.find(paths[0]) + engine.find(b"") + engine.find(array)
many: list[list[Face]] = engine.find(paths) + engine.find(names) + engine.find(either) + engine.find([array])
many += engine.find([array, "a.jpg", Path("b.jpg"), b""]) + engine.find(["a.jpg", "b.jpg"])
decision: Decision = engine.verify("a.jpg", engine.embed(paths[0]), fmr=1e-3)
similarity: float | None = decision.similarity
for path, answer in engine.find_each(paths):
    if not isinstance(answer, VultusError):
        box: NDArray[np.float32] = answer[0].box.xyxy
        print(path.name, box)
with Gallery.open("people.vultus", engine=engine) as gallery:
    gallery.enroll("Ada", paths)
    for enrolment in gallery.enroll_many(("Ada", path) for path in paths):
        print(enrolment.accepted, enrolment.rejected)
    found: list[Identification] = gallery.identify("a.jpg", fpir=0.01)
    candidates: tuple[Candidate, ...] = found[0].candidates
    tracks: list[Track] = [gallery.identify_track(track) for track in engine.track("a.mp4")]
    embedding: Embedding | None = tracks[0].embedding
"""


def test_a_program_of_a_user_is_typed(checkout: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "program.py"]
    answer = subprocess.run(
        command, cwd=tmp_path, env={"MYPYPATH": str(checkout / "src")}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
