"""The page: every figure of the JSON is on it."""

from __future__ import annotations

import pytest

from unit.evaluation.geometry.planted import lattice
from unit.evaluation.geometry.test_macro import drawn
from vultus.errors import MissingExtraError
from vultus.evaluation import drawing
from vultus.evaluation.geometry.macro import MacroTerms, macroscale
from vultus.evaluation.geometry.micro import Terms
from vultus.evaluation.geometry.report import page
from vultus.evaluation.geometry.study import study
from vultus.evaluation.measured import jsonable


def whole() -> dict:
    vectors, people, label = drawn(2.0)
    macro = macroscale(vectors, people, {"divides": label, "rare": 0 * label - 1}, MacroTerms(repeats=10))
    made = lattice({"still": 0.0, "moves": 1.0}, people=3, points=20, jitter=0.0)
    source = {
        "path": "x",
        "kind": "pictures",
        "changes": {"moves": "up"},
        "left_out": [{"image": "y", "reason": "no face found"}],
    }
    return jsonable(study(source, (made, made), Terms(repeats=10), macro=macro))


def test_what_is_on_the_page() -> None:
    text = page(whole())
    for words in (
        "Geometry of an embedding space", "cannot be read: 1 pictures", "A level is: moves: up",
        "changes nothing in these embeddings",
        "divides", "fewer than 20 people on a side", "ICML 2025", "planted was measured on 3 people",
    ):  # fmt: skip
        assert words in text
    assert text.count("<img") == 4
    assert "http" not in text.replace("http://www.w3.org", "")


def test_parts_that_are_not_there_are_left_out() -> None:
    found = whole()
    assert page({**found, "macro": None}).count("<img") == 3
    assert page({**found, "systems": [], "agreement": []}).count("<img") == 1
    rare = {**found["macro"], "attributes": found["macro"]["attributes"][1:]}
    assert page({**found, "systems": [], "agreement": [], "macro": rare}).count("<img") == 0


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError):
        page(whole())
