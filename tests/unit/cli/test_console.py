"""What verbs write, and where."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from vultus.cli import console


def test_clean_makes_control_characters_and_broken_names_visible() -> None:
    assert console.clean("a\x1b[31mred\n") == "a\\x1b[31mred\\n"
    assert console.clean("bad \udcff name") == "bad \\udcff name"
    assert console.clean("Žofie 李") == "Žofie 李"


def test_a_document_is_whole_also_when_the_work_breaks_off(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks_off() -> None:
        with console.JsonList({"schema": "x/1"}, "images") as document:
            document.add({"path": "a"})
            document.tail["summary"] = {"n": 1}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert json.loads(capsys.readouterr().out) == {"schema": "x/1", "images": [{"path": "a"}], "summary": {"n": 1}}


def test_a_kept_document_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console.keep({"schema": "x/1"}, tmp_path / "new" / "x.json")
    assert json.loads((tmp_path / "new" / "x.json").read_text()) == {"schema": "x/1"}
    assert capsys.readouterr().err == f"written: {tmp_path / 'new' / 'x.json'}\n"


def test_an_empty_document(capsys: pytest.CaptureFixture[str]) -> None:
    with console.JsonList({"schema": "x/1"}, "images"):
        pass
    assert json.loads(capsys.readouterr().out) == {"schema": "x/1", "images": []}


def test_markup_in_names_is_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("[b]title", ["name", ">n"], [["[red]x[/red]", ("1", "green")]])
    console.say("[bold]path[/bold] :smile:")
    out, err = capsys.readouterr()
    assert "[red]x[/red]" in out
    assert err == "[bold]path[/bold] :smile:\n"


def test_nothing_is_cut_off_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 300
    console.table("", ["name", "n"], [[long, "1"], ["short", ""]])
    console.say(long)
    out, err = capsys.readouterr()
    assert long in out
    assert not [line for line in out.splitlines() if line.endswith(" ")]
    assert err == long + "\n"


def test_bars_and_spinners_are_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console.Bar("working", 3) as bar, console.waiting("waiting"), console.download_bar() as on:
        bar.advance()
        on("file", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_long_work_writes_a_line_a_minute_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("vultus.cli.console.monotonic", lambda: clock[0])
    with console.Bar("embedding", 20_000, lines=True) as bar:
        for _ in range(130):
            clock[0] += 1.0
            bar.advance(2)
    with console.Bar("embedding", lines=True) as bar:
        clock[0] += 100.0
        bar.advance(50)
    assert capsys.readouterr().err.splitlines() == [
        "embedding: 120 of 20,000, 2.0/s, 2 h 46 min left",
        "embedding: 240 of 20,000, 2.0/s, 2 h 45 min left",
        "embedding: 50, 0.5/s",
    ]


@pytest.mark.parametrize("total", [3, None])
def test_on_a_terminal_they_are_drawn_on_stderr_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, total: int | None
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with console.Bar("working", total) as bar:
        bar.advance()
        console.emit_line({"a": 1})
    with console.download_bar() as on:
        on("file", 1, 2)
        on("file", 2, 2)
    with console.waiting("waiting"):
        pass
    out, err = capsys.readouterr()
    assert out == '{"a": 1}\n'
    assert "working" in err
    assert "file" in err


def test_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    console.emit({"a": "ž"})
    assert capsys.readouterr().out == '{"a": "\\u017e"}\n'


def test_the_outcome_is_shown_after_ctrl_c_but_not_after_an_error() -> None:
    shown: list[str] = []

    def run(error: BaseException | None) -> None:
        with console.shown_even_if_stopped(lambda: shown.append(repr(error))):
            if error is not None:
                raise error

    run(None)
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
    assert shown == ["None", "KeyboardInterrupt()"]


def test_letters_that_a_terminal_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert console.clean("Žofie") == "\\u017dofie"


def test_a_narrow_terminal_loses_no_column(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console.table("", ["=picture", "=person", "quality"], [["a" * 16, "Ada Lovelace King", "0.48  blurred, too small"]])
    out = capsys.readouterr().out
    assert all(word in out for word in ("a" * 16, "Ada Lovelace King", "0.48", "blurred", "small"))
