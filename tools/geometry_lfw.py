"""Measure the geometry of a pack on the LFW pictures at hand, and write results/geometry_lfw.json.

python tools/geometry_lfw.py ../shared/data [PAGE.html]

`vultus audit geometry` on the 17 people with ten pictures or more, and one picture of each of 500 people for the noisy
labels of gender and expression; about four minutes of one processor. The labels of this copy of LFW were sorted and
predicted by others and are wrong for some pictures; it is grey, so saturation changes nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from vultus.cli.main import app
from vultus.research.run import revision, versions

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "results/geometry_lfw.json"


def main(data: Path, page: Path | None) -> None:
    """Run the verb, and write down what it found and by which code."""
    with tempfile.TemporaryDirectory() as folder:
        written = page or Path(folder) / "page.html"
        words = ["audit", "geometry", str(data / "lfw_view2/images")]
        words += ["--attributes", str(data / "lfw_view2/images.csv"), "--people", "17", "--labelled", "500"]
        words += ["--attribute", "gender_noisy", "--attribute", "expression_noisy"]
        try:
            app([*words, "--out", str(written)])
        except SystemExit as ended:
            if ended.code:
                raise
        found = json.loads(written.with_suffix(".json").read_text("utf-8"))
    save(found, words)


def save(found: dict[str, object], words: list[str]) -> None:
    """Write the committed file: what the verb found, and by which code."""
    document = {**found, "versions": versions(), "revision": revision(), "command": " ".join(["vultus", *words])}
    TARGET.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
