from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from vultus.evaluation.encrypted import plots

pytest.importorskip("matplotlib")

COSTS = [
    {"backend": name, "scheme": "some", "encrypt_s": 1e-3, "dot_s": 1e-5, "decrypt_s": 1e-4, "template_bytes": 900.0}
    for name in ("vultus", "lightphe", "phe", "tenseal")
]
SCORED = [
    {
        "scheme": "float",
        "pipeline": name,
        "edges": (0.0, 0.5, 1.0),
        "genuine": (1, 5),
        "impostor": (6, 1),
        "threshold": 0.6,
    }
    for name in ("signed", "min-max")
]
SCALED = [
    {"people": n, "score_s": n / 1e5, "decrypt_s": n / 1e4, "answer_s": n / 1e5, "bytes": 600 * n, "memory_mib": 0.0}
    for n in (10, 100)
]
LEAKED = [
    {"what": f"{n} {kind}", "queries": n, "cosine": 0.5, "iapar_other": 0.1}
    for n in (16, 128) for kind in ("exact scores", "decisions")
]  # fmt: skip


@pytest.mark.parametrize(
    ("draw", "rows"),
    [
        (plots.stages, COSTS),
        (plots.sizes, COSTS),
        (plots.histograms, SCORED),
        (plots.ablations, [{"what": "packing", "ratio": 50.0}, {"what": "CRT", "ratio": 2.0}]),
        (plots.scaling, SCALED),
        (plots.leaks, LEAKED),
    ],
)
def test_each_drawing_is_an_svg_and_always_the_same(draw, rows):
    text = draw(rows)
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert draw(rows) == text
