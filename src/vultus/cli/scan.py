"""Walk through the inputs of a command, picture by picture; a bad one is reported and the rest goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vultus.cli.console import (
    Bar,
    JsonList,
    clean,
    emit_line,
    interruptible,
    out,
    plural,
    say,
    shown_even_if_stopped,
    table,
)
from vultus.errors import InputError, VultusError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from vultus.inference.engine import FaceEngine, Task
    from vultus.inference.image import Source
    from vultus.inference.source import Item
    from vultus.types import Face

    Find = Callable[..., Iterator[tuple[Source, Sequence[Face] | VultusError]]]

Row = list[str | tuple[str, str]]
STILL = frozenset({"image", "stdin"})
LIVE = frozenset({"camera", "stream"})


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture, or one frame of a video, and what was found in it.

    Attributes:
        path: what the user knows it by.
        source: what `image.read` reads: path, bytes or RGB uint8 (H, W, 3).
        faces: the faces; empty when there is none, or when the picture could not be read.
        error: why it could not be read, "" when it could.
        time_s: seconds from the start of a video, None for a picture.
    """

    path: str
    source: Source
    faces: Sequence[Face] = ()
    error: str = ""
    time_s: float | None = None

    @property
    def label(self) -> str:
        return self.path if self.time_s is None else f"{self.path} @ {self.time_s:.2f} s"

    @property
    def head(self) -> dict[str, Any]:
        return {"path": self.path} if self.time_s is None else {"path": self.path, "time_s": round(self.time_s, 3)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says about one view.

    Attributes:
        record: JSON values, after the view's own keys.
        rows: table cells, after the picture's name; one row per face.
    """

    record: Mapping[str, Any]
    rows: Sequence[Row] = ()


@dataclass(slots=True)
class Tally:
    """Counts of a walk.

    Attributes:
        pictures: looked at, failed ones too.
        faces: found.
        failed: could not be read.
        complete: False when Ctrl-C stopped the walk.
    """

    pictures: int = 0
    faces: int = 0
    failed: int = 0
    complete: bool = False
    extra: dict[str, int] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The "summary" of JSON documents."""
        counts = {"pictures": self.pictures, "faces": self.faces, "failed": self.failed, **self.extra}
        return {**counts, "complete": self.complete}

    def text(self) -> str:
        """One line for people."""
        words = [plural(self.pictures, "picture"), plural(self.faces, "face")]
        words += [f"{count} {name}" for name, count in self.extra.items()]
        if self.failed:
            words.append(f"{self.failed} could not be read")
        return ", ".join(words)

    @property
    def exit_code(self) -> int:
        if not self.failed:
            return 0
        return 2 if self.failed == self.pictures else 1


def views(
    engine: FaceEngine, items: Sequence[Item], *, embed: bool, fps: float, tasks: Collection[Task] | None = None
) -> Iterator[View]:
    """Find faces in every picture and sampled video frame, in order, streaming in batches.

    Args:
        engine: finds the faces.
        items: what `source.expand` gave.
        embed: whether embeddings are needed.
        fps: frames looked at per second of video.
        tasks: see `FaceEngine.find`.
    """
    find: Find = partial(engine.find_each, embed=embed) if tasks is None else partial(engine.find_each, tasks=tasks)
    stills: list[Item] = []
    for item in items:
        if item.kind in STILL:
            stills.append(item)
            continue
        yield from _stills(find, stills)
        stills = []
        yield from _frames(find, item, fps=fps)
    yield from _stills(find, stills)


def _stills(find: Find, items: Sequence[Item]) -> Iterator[View]:
    names = iter(["-" if item.kind == "stdin" else str(item.value) for item in items])
    for source, found in find(map(source_of, items)):
        name = next(names)
        if isinstance(found, VultusError):
            yield View(name, source, error=str(found))
        else:
            yield View(name, source, found)


def _frames(find: Find, item: Item, *, fps: float) -> Iterator[View]:
    from collections import deque

    from vultus.inference.capture import name_of
    from vultus.inference.video import frames

    times: deque[float] = deque()
    broken: list[InputError] = []

    def pictures() -> Iterator[Source]:
        try:
            for frame in frames(target, fps=fps):
                times.append(frame.time_s)
                yield frame.image
        except InputError as error:
            # told after the frames before it, which still wait for their batch
            broken.append(error)

    target = video_of(item)
    name = name_of(target)
    # a live source must answer at once, a file may be batched
    batch = 1 if item.kind in LIVE else 16
    for source, found in find(pictures(), batch=batch):
        time_s = times.popleft()
        if isinstance(found, VultusError):
            yield View(name, source, error=str(found), time_s=time_s)
        else:
            yield View(name, source, found, time_s=time_s)
    for error in broken:
        yield View(name, name, error=str(error))


def walk(
    seen: Iterable[View], *, label: str, total: int | None, tally: Tally, each: Callable[[View], Answer],
    sink: Callable[[View, Answer], None],
) -> None:  # fmt: skip
    """Go through the views under a progress bar, count, report failures, and hand answers on.

    Args:
        seen: the views.
        label: for the bar.
        total: number of pictures if known.
        tally: counted into.
        each: answers a readable view.
        sink: takes every answer, those of failed views too.
    """
    with Bar(label, total) as bar:
        for view in seen:
            tally.pictures += 1
            tally.faces += len(view.faces)
            if view.error:
                tally.failed += 1
                say(f"skipped: {view.error}", "yellow")
                sink(view, Answer({"error": view.error}))
            else:
                sink(view, each(view))
            bar.advance()
    tally.complete = True


def report(
    seen: Iterable[View], items: Sequence[Item], *, label: str, head: Mapping[str, Any], columns: Sequence[str],
    as_json: bool, each: Callable[[View], Answer], tally: Tally, target: Path | None = None,
) -> None:  # fmt: skip
    """Run a walk and write its outcome: a table, one JSON document, or a line per picture of cameras and streams.

    Args:
        seen: the views.
        items: the inputs.
        label: for the progress bar.
        head: keys of the JSON document before "images".
        columns: of the table, after the picture's name.
        as_json: JSON or table.
        each: answers a view.
        tally: counted into.
        target: where annotated pictures go, to be told at the end.

    Raises:
        typer.Exit: with 1 when some pictures failed, with 2 when all did, with 130 after Ctrl-C.
    """
    total = len(items) if all(item.kind in STILL for item in items) else None
    live = any(item.kind in LIVE for item in items)
    rows: list[Row] = []

    def outcome() -> None:
        if rows:
            table("", ["=picture", *columns], rows)
        drawn = target is not None and tally.pictures > tally.failed
        if tally.pictures > 1 or not tally.failed:
            # of a lone picture that failed everything is said already
            say(tally.text() + (f"; annotated: {target}" if drawn else ""), "dim")

    def keep(view: View, answer: Answer) -> None:
        rows.extend([short(view.label) if number == 0 else "", *row] for number, row in enumerate(answer.rows))

    def run(sink: Callable[[View, Answer], None]) -> None:
        walk(seen, label=label, total=total, tally=tally, each=each, sink=sink)

    with interruptible(lambda: f"{tally.text()} so far, shown above"):
        if as_json and live:
            run(lambda view, answer: emit_line({**head, **view.head, **answer.record}))
        elif as_json:
            with JsonList(head, "images") as document:
                try:
                    run(lambda view, answer: document.add({**view.head, **answer.record}))
                finally:
                    document.tail["summary"] = tally.record()
        else:
            with shown_even_if_stopped(outcome):
                run(_tell if live else keep)
    if tally.exit_code:
        raise typer.Exit(tally.exit_code)


def _tell(view: View, answer: Answer) -> None:
    """A line for a frame of a camera or stream, which has no end to wait for; none where nobody is seen."""
    if view.faces:
        told = "; ".join("  ".join(cell if isinstance(cell, str) else cell[0] for cell in row) for row in answer.rows)
        out().print(f"{view.label}  {clean(told)}", soft_wrap=True)


def expand_inputs(
    inputs: Sequence[str], kinds: Iterable[str] = ("image", "video", "camera", "stream", "stdin")
) -> list[Item]:
    """The inputs of a command line as items.

    Raises:
        InputError: nothing usable was named.
    """
    from vultus.inference.source import expand

    return list(expand(inputs, kinds=frozenset(kinds)))


def largest(faces: Sequence[Face], count: int | None) -> list[Face]:
    """The largest faces, in the order they came; all of them without a count."""
    if count is None:
        return list(faces)
    kept = {id(face) for face in sorted(faces, key=lambda face: -face.box.area)[:count]}
    return [face for face in faces if id(face) in kept]


def source_of(item: Item) -> Source:
    """What `image.read` reads, of a picture or stdin."""
    return item.value if isinstance(item.value, (str, bytes)) else Path(str(item.value))


def video_of(item: Item) -> str | Path | int:
    """What `video.frames` reads, of a video, camera or stream."""
    return item.value if not isinstance(item.value, bytes) else ""


def short(path: str, width: int | None = None) -> str:
    """A path that fits a table: the end of it, where names differ; whole where the table goes into a file or pipe."""
    text = clean(path)
    room = max(out().width // 4, 16) if width is None else width
    return text if len(text) <= room else "…" + text[-room + 1 :]
