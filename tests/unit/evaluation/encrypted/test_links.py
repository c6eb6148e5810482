from __future__ import annotations

import pytest

from vultus.evaluation.encrypted import links as module
from vultus.evaluation.encrypted.links import links
from vultus.evaluation.encrypted.study import Study
from vultus.evaluation.row import Bench


def test_ciphertexts_link_no_more_than_chance(study, monkeypatch):
    monkeypatch.setattr(module, "_CIPHERS", 4)
    study.bench.quick = False
    study.__dict__["faces"] = module_faces()
    rows = {row.what: row for row in links(study)}
    table = {line["what"]: line["d_sys"] for line in study.bench.details["links"]["rows"]}
    assert table["templates without protection"] > 0.5
    assert abs(table["ours, ciphertexts under two keys"] - table["random bytes"]) < 0.3
    assert rows["D_sys, random bytes"].ours == rows["D_sys, random bytes"].peer


def module_faces():
    from vultus.evaluation.encrypted.faces import synthetic

    return synthetic(32, 100)


def test_the_signs_that_lightphe_stores_are_looked_at():
    pytest.importorskip("lightphe")
    study = Study(Bench(quick=True), backends=("vultus", "lightphe"), bits=(1024,), dimensions=(16,))
    list(links(study))
    lines = study.bench.details["links"]["rows"]
    assert [line["shown"] for line in lines if "shown" in line] == [True]
