from __future__ import annotations

from html.parser import HTMLParser

import pytest

from vultus.evaluation.bench_encrypted import bench_encrypted
from vultus.evaluation.encrypted.report import page

pytest.importorskip("matplotlib")
VOID = {"meta", "img"}


class Balance(HTMLParser):
    """Tags that were opened and not closed, and what was drawn and named."""

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.images, self._inside = [], [], 0, ""

    def handle_starttag(self, tag, attrs):
        self.images += tag == "img"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def test_the_page_has_every_table_and_nothing_from_outside(study):
    report = bench_encrypted(study)
    text = page(report)
    seen = Balance()
    seen.feed(text)
    assert seen.open == []
    assert seen.headings == [
        "Goals", "Costs", "Error rates", "What each accelerator brings", "Scaling", "What answers give away",
        "Links between galleries",
    ]  # fmt: skip
    assert seen.images == 6
    assert "http" not in text.replace("http://www.w3.org", "")
    assert "<script" not in text


def test_what_was_not_measured_is_told(study):
    report = bench_encrypted(study, ["links"])
    report["rows"].append({**report["rows"][0], "what": "something", "ours": None, "reason": "not measured: <why>"})
    text = page(report)
    assert "Not measured" in text
    assert "not measured: &lt;why&gt;" in text
    assert "Costs" not in text
