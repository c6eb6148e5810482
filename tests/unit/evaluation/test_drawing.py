from __future__ import annotations

import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation import drawing


def test_a_drawing_is_svg_and_always_the_same():
    def made():
        drawn, (one, two) = drawing.figure(2.0, 2)
        one.plot([0, 1], color=drawing.COLOURS[0], marker=drawing.MARKS[0])
        drawing.style(two, "title", "label")
        return drawing.svg(drawn)

    assert made() == made()
    assert "<svg" in made()


def test_matplotlib_is_asked_for(monkeypatch):
    drawing.needed()
    monkeypatch.setattr(drawing, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"vultus\[report\]"):
        drawing.needed()
