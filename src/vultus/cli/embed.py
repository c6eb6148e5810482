"""`vultus embed`: faces as unit vectors."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vultus.cli import options, record
from vultus.cli.build import Choice, worker_engine
from vultus.cli.console import Bar, emit, interruptible, plural, say, waiting
from vultus.cli.scan import Answer, Tally, expand_inputs, largest, report, views
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vultus.batch.job import Summary
    from vultus.batch.journal import Journal
    from vultus.batch.run import Done
    from vultus.cli.scan import Row, View
    from vultus.types import Face

_TABLE = "A table for many pictures"


def embed(
    inputs: options.Inputs,
    as_json: options.Json = False,
    fps: options.SampleRate = 1.0,
    max_faces: options.MaxFaces = None,
    target: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", show_default=False, rich_help_panel=_TABLE,
                                  help="Write a Parquet table (*.parquet): vultus\\[batch]. It holds plain templates."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", metavar="", rich_help_panel=_TABLE,
                           help="Go on with an interrupted run, or bring a table up to date."),
    ] = False,
    runner: options.Runs = options.Runner.local,
    workers: options.Workers = 2,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:  # fmt: skip
    """Turn faces into embeddings; use --json to get the numbers, or --out for a table of any number of pictures."""
    choice = Choice(pack, device, threads, offline, licence_policy)
    if target is not None:
        _tabulate(inputs, target, choice, runner, workers, max_faces, resume=resume, as_json=as_json)
        return
    if resume or runner is not options.Runner.local:
        raise InputError("--resume and --engine are for tables; add --out FILE.parquet")
    items = expand_inputs(inputs)
    engine = choice.engine()

    def each(view: View) -> Answer:
        faces = largest(view.faces, max_faces)
        return Answer({"faces": [record.face(face, embedding=True) for face in faces]}, _rows(faces))

    report(
        views(engine, items, embed=True, fps=fps), items, label="embedding", each=each, as_json=as_json,
        head={"schema": "vultus.embed/1", "contract": engine.contract}, tally=Tally(),
        columns=["#", ">quality", "embedding"],
    )  # fmt: skip


class _Teller:
    """Shows how a long run goes, one thing at a time, and counts what is safe; a `vultus.batch.job.Watch`."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._bar: Bar | None = None
        self.n_files = self.n_done = 0

    def phase(self, words: str) -> None:
        self._bar = None
        self._stack.close()
        self._stack.enter_context(waiting(f"{words} ..."))

    def planned(self, n_files: int) -> None:
        self.n_files = n_files
        self._stack.close()
        self._bar = self._stack.enter_context(Bar("embedding", n_files, lines=True))

    def done(self, one: Done) -> None:
        self.n_done += 1
        if one.error:
            say(f"skipped: {one.error}", "yellow")
        if self._bar is not None:
            self._bar.advance()

    def saved(self) -> str:
        if not self.n_files:
            return "no picture was looked at"
        return f"{self.n_done} of {plural(self.n_files, 'picture')} are safe; add --resume to go on"


def _tabulate(
    inputs: Sequence[str], target: Path, choice: Choice, runner: options.Runner, workers: int, max_faces: int | None, *,
    resume: bool, as_json: bool,
) -> None:  # fmt: skip
    """Pictures of any number into a table.

    Raises:
        typer.Exit: with 1 when some pictures failed, with 2 when all did, with 130 after Ctrl-C.
    """
    from vultus.batch.job import Terms, check_target, make_table

    check_target(target, resume=resume)
    if runner is options.Runner.ray:
        from vultus.batch.rayrun import check_ray

        check_ray()
    engine = choice.engine()

    def work(journal: Journal) -> Iterator[Done]:
        if runner is options.Runner.ray:
            from vultus.batch.rayrun import run_ray

            return run_ray(journal, worker_engine(choice), workers=workers, max_faces=max_faces)
        from vultus.batch.run import run_local

        return run_local(journal, engine, max_faces=max_faces)

    shown = ExitStack()
    teller = _Teller(shown)
    with interruptible(teller.saved), shown:
        terms = Terms(engine.contract, max_faces)
        summary = make_table(_listed(inputs), target, work, terms, teller, resume=resume)
    _tell(summary, target, engine.contract, as_json=as_json)


def _listed(inputs: Sequence[str]) -> Iterator[str]:
    """The pictures named, one by one."""
    from vultus.inference.source import stream

    return (str(item.value) for item in stream(inputs, kinds=frozenset({"image"})))


def _tell(summary: Summary, target: Path, contract: str, *, as_json: bool) -> None:
    if as_json:
        emit({"schema": "vultus.table/1", "contract": contract, "table": str(target), "summary": asdict(summary)})
    else:
        say(f"{plural(summary.pictures, 'picture')}, {plural(summary.faces, 'face')}"
            f"{f', {summary.failed} could not be read' if summary.failed else ''}; "
            f"{summary.computed:,} computed now; table of plain templates: {target}", "dim")  # fmt: skip
    if summary.failed:
        raise typer.Exit(2 if summary.failed == summary.pictures else 1)


def _rows(faces: Sequence[Face]) -> list[Row]:
    """One table row per face."""
    if not faces:
        return [[("-", "dim"), "", ("no face", "dim")]]
    rows: list[Row] = []
    for number, face in enumerate(faces, start=1):
        if face.embedding is None:
            numbers = (f"none ({face.liveness.reason if face.liveness else 'refused'})", "yellow")
        else:
            numbers = (" ".join(f"{value:+.3f}" for value in face.embedding.vector[:5]) + " ...", "")
        rows.append([str(number), f"{face.quality.score:.2f}", numbers])
    return rows
