from __future__ import annotations

import json

import pytest

from vultus.errors import InputError
from vultus.evaluation.page import document, image, number, paragraph, section, table, write_report, write_whole


def test_words_are_escaped():
    assert "&lt;b&gt;" in document("<b>", [paragraph("<i>"), section("<u>", "<s>", "")])
    assert "<i>" not in document("<b>", [paragraph("<i>"), section("<u>", "<s>", "")])
    assert '<p class="finding">x</p>' in paragraph("x", "finding")
    assert paragraph("") == ""
    assert "data:image/svg+xml;base64,PHN2Zy8+" in image("<svg/>", "words")
    made = table("caption", ["name", ">n"], [["<x>", 1], [("yes", "yes"), 2]])
    assert "<caption>caption</caption>" in made
    assert "&lt;x&gt;" in made
    assert "<td class=yes>yes</td><td class=n>2</td>" in made


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (float("inf"), "∞"),
        (float("-inf"), "-∞"),
        (1234.5, "1,234"),
        (3.0, "3"),
        (0.12345, "0.123"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


def test_page_and_json_are_written_whole(tmp_path):
    write_report(tmp_path / "deep/a.html", "<p>", {"x": 1})
    assert (tmp_path / "deep/a.html").read_text() == "<p>"
    assert json.loads((tmp_path / "deep/a.json").read_text()) == {"x": 1}
    assert len(list((tmp_path / "deep").iterdir())) == 2
    with pytest.raises(InputError, match=r"is the page; its JSON is written beside it, so name it \.html"):
        write_report(tmp_path / "a.json", "", {})
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_report(tmp_path / "file/a.html", "", {})


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    write_whole(tmp_path / "new/a.txt", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(InputError, match=r"cannot write .*a.txt: No space left on device"):
        write_whole(tmp_path / "new/a.txt", "new")
    assert [(file.name, file.read_text()) for file in (tmp_path / "new").iterdir()] == [("a.txt", "old")]
