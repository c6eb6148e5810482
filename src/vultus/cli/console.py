"""What verbs write: data on stdout, everything else on stderr.

Console objects are made anew for each use, so that a redirected stdout or stderr (tests, notebooks) is respected.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, Self

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress

INTERRUPTED = 130
_WIDE = 400
_LINE_EVERY_S = 60.0
# cells up to this width are not broken where their column asks for it, others not below that
_WHOLE, _FOLDED = 24, 7


def clean(text: object) -> str:
    """Text that is safe on any terminal: what it cannot show or should not obey is escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    encodable = str(text).encode(encoding, "backslashreplace").decode(encoding)
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in encodable)


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 picture, 2 pictures."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _console(stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        # nothing may be cut off in a file or a pipe
        console.width = _WIDE
    return console


def out() -> Console:
    """The console for data."""
    return _console(stderr=False)


def say(message: str, style: str = "") -> None:
    """One line on stderr."""
    _console(stderr=True).print(clean(message), style=style, soft_wrap=True)


def fail(message: str) -> None:
    """The one line on stderr that tells why a command gave up."""
    say(f"vultus: {message}", "red")


def emit(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout, on one line when piped and indented on a terminal."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(document, indent=indent, allow_nan=False) + "\n")
    sys.stdout.flush()


def keep(document: Mapping[str, Any], target: Path) -> None:
    """Write a JSON document into a file, whole or not at all, and say so.

    Raises:
        InputError: the folder or disk does not take it.
    """
    from vultus.evaluation.page import write_whole

    write_whole(target, json.dumps(document, indent=1, allow_nan=False) + "\n")
    say(f"written: {target}", "dim")


def emit_line(record: Mapping[str, Any]) -> None:
    """One line of JSON lines on stdout, out of the process before the next picture is looked at."""
    sys.stdout.write(json.dumps(record, allow_nan=False) + "\n")
    sys.stdout.flush()


class JsonList:
    """A JSON document whose one long list is written item by item, so that memory stays bounded.

    The document is closed properly also when the work is interrupted.

    Args:
        head: keys before the list, "schema" first.
        key: key of the list.
    """

    def __init__(self, head: Mapping[str, Any], key: str) -> None:
        self._head, self._key = dict(head), key
        self._count = 0
        self.tail: dict[str, Any] = {}

    def __enter__(self) -> Self:
        sys.stdout.write(json.dumps(self._head, allow_nan=False)[:-1] + f", {json.dumps(self._key)}: [")
        return self

    def add(self, item: Mapping[str, Any]) -> None:
        sys.stdout.write((",\n" if self._count else "\n") + json.dumps(item, allow_nan=False))
        self._count += 1

    def __exit__(self, *_: object) -> None:
        rest = "".join(f", {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in self.tail.items())
        sys.stdout.write(f"\n]{rest}}}\n")
        sys.stdout.flush()


class Bar:
    """A progress bar on stderr with rate and remaining time; silent, or a line a minute, where stderr is no terminal.

    Args:
        label: what is being done, e.g. "detecting".
        total: number of steps, None when unknown.
        lines: write a line a minute where no bar can be drawn: for work of hours, whose stderr goes into a file.
    """

    def __init__(self, label: str, total: int | None = None, *, lines: bool = False) -> None:
        self._label, self._total = label, total
        self._progress: Progress | None = None
        self._task: Any = None
        self._lines = lines
        self._done, self._told, self._told_at = 0, 0, monotonic()

    def __enter__(self) -> Self:
        console = _console(stderr=True)
        if console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            rate = TextColumn("{task.fields[rate]}")
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
            # rich may only take over stdout when both streams end on the same terminal: data must stay on stdout
            self._progress = Progress(
                *columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty(), redirect_stderr=True
            )
            self._task = self._progress.add_task(self._label, total=self._total, rate="")
            self._progress.start()
        self._lines = self._lines and self._progress is None
        return self

    def advance(self, steps: int = 1) -> None:
        if self._progress is not None:
            speed = self._progress.tasks[0].speed
            self._progress.update(self._task, advance=steps, rate=f"{speed:,.1f}/s" if speed else "")
        elif self._lines:
            self._done += steps
            now = monotonic()
            if now - self._told_at >= _LINE_EVERY_S:
                say(_line(self._label, self._done, self._total, (self._done - self._told) / (now - self._told_at)))
                self._told, self._told_at = self._done, now

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()


def _line(label: str, done: int, total: int | None, rate: float) -> str:
    """How far work has come, at a rate per second."""
    if total is None:
        return f"{label}: {done:,}, {rate:,.1f}/s"
    minutes = round((total - done) / rate / 60) if rate else 0
    left = f", {minutes // 60} h {minutes % 60:02d} min left" if rate else ""
    return f"{label}: {done:,} of {total:,}, {rate:,.1f}/s{left}"


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """A spinner on stderr while one long step runs."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(label):
        yield


@contextmanager
def download_bar() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar per downloaded file on stderr; gives the callback (file, bytes done, bytes in all or None)."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda name, done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    tasks: dict[str, Any] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as progress:

        def on(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(clean(name), total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield on


@contextmanager
def interruptible(saved: Callable[[], str]) -> Iterator[None]:
    """Turn Ctrl-C into one line that tells what is safe, and exit code 130.

    Args:
        saved: asked at the interruption; returns the line.
    """
    try:
        yield
    except KeyboardInterrupt:
        say(f"interrupted: {saved()}", "yellow")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def shown_even_if_stopped(show: Callable[[], object]) -> Iterator[None]:
    """Show the outcome at the end, and also after Ctrl-C; after an error the error speaks for itself."""
    try:
        yield
    except KeyboardInterrupt:
        show()
        raise
    show()


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str | tuple[str, str]]]) -> None:
    """A table on stdout; a cell is a text or (text, style).

    Columns whose name starts with ">" are right-aligned; neither they nor those with "=" are broken into lines, unless
    a cell is long.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    console = out()
    if title:
        console.print(clean(title), style="bold", soft_wrap=True)
    grid = Table(show_header=any(columns), box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    cells = [[Text(clean(c)) if isinstance(c, str) else Text(clean(c[0]), style=c[1]) for c in row] for row in rows]
    least = 3 * (len(columns) - 1)
    for number, column in enumerate(columns):
        side: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        header = column.lstrip(">=")
        longest = max(len(header), *(row[number].cell_len for row in cells), 0)
        whole = column[:1] in set(">=") and longest <= _WHOLE
        least += longest if whole else min(longest, _FOLDED)
        grid.add_column(header, justify=side, no_wrap=whole, overflow="fold")
    for row in cells:
        grid.add_row(*row)
    if console.is_terminal:
        # on a narrow terminal lines run over, so that no column is lost
        console.width = max(console.width, least)
        console.print(grid)
        return
    with console.capture() as captured:
        console.print(grid)
    # the padding that squares a table off is noise in a file or a pipe
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
