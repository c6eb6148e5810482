"""Fixtures: the command line in this process with a fake engine, and a home folder that is nobody's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from unit.cli.fake import ADA, GRACE, FakeEngine, save
from vultus.cli.build import Choice

SCHEMAS = Path(__file__).resolve().parents[3] / "docs/schemas"


class Cli:
    """Runs verbs as a shell would.

    Attributes:
        engine: what `Choice.engine` gives.
        choices: the engine options of every run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.engine = folder, FakeEngine()
        self.choices: list[Choice] = []

    def __call__(self, *args: object, code: int = 0, stdin: bytes | str | None = None) -> Result:
        from vultus.cli.main import app

        result = CliRunner().invoke(app, [str(arg) for arg in args], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"{result.stdout}\n{result.stderr}"
        return result

    def json(self, *args: object, code: int = 0, stdin: bytes | str | None = None) -> Any:
        """The document on stdout, checked against its schema."""
        document = json.loads(self(*args, "--json", code=code, stdin=stdin).stdout)
        check_schema(document)
        return document

    def lines(self, *args: object, code: int = 0) -> list[Any]:
        """The JSON lines on stdout, each checked against its schema."""
        records = [json.loads(line) for line in self(*args, "--json", code=code).stdout.splitlines()]
        for record in records:
            check_schema(record)
        return records


def check_schema(document: Any) -> None:
    """Hold a document against docs/schemas/<name>.<version>.json."""
    name, version = document["schema"].split("/")
    file = SCHEMAS / f"{name}.{version}.json"
    jsonschema.Draft202012Validator(json.loads(file.read_text("utf-8"))).validate(document)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    for name in ("VULTUS_GALLERY", "VULTUS_PACK", "VULTUS_OFFLINE", "VULTUS_DEVICE", "VULTUS_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VULTUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    runner = Cli(work)

    def engine(choice: Choice) -> FakeEngine:
        runner.choices.append(choice)
        return runner.engine

    monkeypatch.setattr(Choice, "engine", engine)
    return runner


@pytest.fixture
def people(cli: Cli) -> Path:
    """A folder of two people with two pictures each."""
    for name, colour in (("Ada", ADA), ("Grace", GRACE)):
        for number in (1, 2):
            save(cli.folder / f"people/{name}/{number}.png", colour, seed=number)
    return cli.folder / "people"


@pytest.fixture
def known(cli: Cli, people: Path) -> Path:
    """A gallery that knows both."""
    cli("enroll", people, "--gallery", "known.db")
    return cli.folder / "known.db"
