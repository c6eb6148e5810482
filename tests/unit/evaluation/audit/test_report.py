from __future__ import annotations

from dataclasses import replace

import pytest

from unit.evaluation.audit.made import made
from vultus.errors import MissingExtraError
from vultus.evaluation.audit.audit import Terms, audit
from vultus.evaluation.audit.report import findings, page

RATES = [(0.15, 0.1), (0.03, 0.1)]


def test_the_page_tells_what_was_found():
    found = made(RATES, people=100)
    report = audit(found, Terms(threshold=0.5), replace(made([(0.09, 0.1)] * 2, people=100), left=found.left,
                                                        right=found.right))  # fmt: skip
    told = findings(report)
    assert told[0].startswith("group a: more false matches than the others, 0.1")
    assert any(line.startswith("Hidden by one accuracy: both systems decide 9") for line in told)
    text = page(report)
    for word in ("<h2>By group</h2>", "At a door", "Two systems, as accurate as each other", "data:image/svg+xml"):
        assert word in text
    assert "http" not in text.replace("http://www.w3.org", "")
    assert "<script" not in text


def test_no_finding_is_no_proof():
    report = audit(made([(0.1, 0.1)] * 3, people=60), Terms(threshold=0.5))
    assert findings(report) == []
    assert "That is no proof that they are treated alike" in page(report)


def test_labels_are_words_and_no_html():
    found = made(RATES, people=40)
    found.labels["group"][:] = "<b>"
    found.labels["group"][40:] = "&"
    assert "&lt;b&gt;" in page(audit(found, Terms(threshold=0.5)))
    assert "<td><b>" not in page(audit(found, Terms(threshold=0.5)))


def test_small_groups_are_shown_and_not_judged():
    text = page(audit(made(RATES, people=10), Terms(threshold=0.5)))
    assert "Fewer than two groups are large enough for a summary." in text


def test_drawings_need_their_extra(monkeypatch):
    monkeypatch.setattr("vultus.evaluation.drawing.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"vultus\[report\]"):
        page(audit(made(RATES)))
