"""`vultus enroll`: make people known."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vultus.cli import options
from vultus.cli.build import Choice, gallery_path, open_gallery, pack_of, running
from vultus.cli.console import Bar, JsonList, interruptible, plural, say, shown_even_if_stopped, table
from vultus.cli.folders import by_folder
from vultus.cli.scan import expand_inputs, source_of
from vultus.errors import InputError, NameClashError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vultus.cli.folders import Album
    from vultus.gallery.collection import Gallery
    from vultus.gallery.record import Enrolment
    from vultus.inference.image import Source

ENROLLED_AS_OTHER = "enrolled_as_other"
STATUSES = ("enrolled", "repeated", "refused", "failed")
_ROWS = 1000  # people told about one by one
_BATCH = 16  # pictures that go through the networks together


class Clash(Enum):
    """What to do with a person who is known already."""

    add = "add"
    error = "error"
    replace = "replace"


class Pick(Enum):
    """Which face of a picture with several faces is enrolled."""

    single = "single"
    largest = "largest"


Collection = Annotated[
    str, typer.Option("--collection", metavar="NAME", show_default="default", help="Where new people belong.")
]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="To filter searches by; may be repeated.")]
KeepDays = Annotated[
    float | None, typer.Option("--keep-days", metavar="N", help="vultus gallery expire removes them N days from now.")
]
Crops = Annotated[
    bool | None,
    typer.Option("--crops/--no-crops", help="Keep a small cut-out of each face.", show_default="if encrypted"),
]


@dataclass(slots=True)
class _Count:
    """Pictures by status, of the first people one by one, and why pictures were refused."""

    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    people: dict[str, dict[str, int]] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    said: set[str] = field(default_factory=set)
    n_people: int = 0
    last: str | None = None
    complete: bool = False

    def take(self, record: Mapping[str, Any]) -> None:
        name, status = str(record["name"]), str(record["status"])
        self.totals[status] += 1
        self.said.update(record.get("reasons", ()))
        # pictures come person by person
        self.n_people += name != self.last
        self.last = name
        if name not in self.people and len(self.people) == _ROWS:
            return
        self.people.setdefault(name, dict.fromkeys(STATUSES, 0))[status] += 1
        for reason in record.get("reasons", ()):
            if reason not in self.reasons[name]:
                self.reasons[name].append(reason)

    def total(self, status: str) -> int:
        return self.totals[status]

    def summary(self) -> dict[str, Any]:
        return {"people": self.n_people, **self.totals, "complete": self.complete}

    def lone_failure(self) -> bool:
        """Whether there was one picture, and it could not be read: then one line says everything."""
        return self.complete and self.total("failed") == 1 == sum(self.totals.values())

    def exit_code(self) -> int:
        read = sum(self.totals.values()) - self.total("failed")
        if self.total("failed"):
            return 1 if read else 2
        return 0 if self.total("enrolled") + self.total("repeated") else 1


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUTS...",
        show_default=False,
        help="A folder that holds a folder of pictures per person; or, with --name, pictures of one.",
    ),
]


def enroll(
    inputs: Inputs,
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="NAME", help="All pictures show this person.")
    ] = None,
    gallery: options.GalleryPath = None,
    face: Annotated[Pick, typer.Option("--face", help="'largest' takes the largest of several faces.")] = Pick.single,
    override_quality: Annotated[
        bool, typer.Option("--override-quality", metavar="", help="Enrol also faces that the quality gate refuses.")
    ] = False,
    on_clash: Annotated[
        Clash, typer.Option("--on-clash", help="A person who is known already: add faces, stop, or replace.")
    ] = Clash.add,
    metadata: Annotated[
        list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help="Kept with the person; may be repeated.")
    ] = None,
    collection: Collection = "",
    tag: Tags = None,
    keep_days: KeepDays = None,
    crops: Crops = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
    runner: options.Runs = options.Runner.local,
    workers: options.Workers = 2,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Make people known. Run the same command again after an interruption: pictures already enrolled cost nothing."""
    pairs: Album | list[tuple[str, Source]] = named(name, inputs) if name is not None else by_folder(inputs)
    notes = parse_metadata(metadata or [])
    path, count = gallery_path(gallery), _Count()
    choice = Choice(pack or pack_of(gallery), device, threads, offline, licence_policy)
    batch = _BATCH if runner is options.Runner.local else 4 * _BATCH * workers

    def saved() -> str:
        done = count.total("enrolled") + count.total("repeated")
        so_far = f"{done} of {plural(len(pairs), 'picture')} are enrolled and safe in {path}"
        return f"{so_far}; run the same command again to go on"

    filing: dict[str, Any] = {"collection": collection, "tags": tuple(tag or ()), "keep_days": keep_days}
    with (
        running(choice, runner, workers) as engine,
        open_gallery(gallery, engine, write=True, purpose=purpose, crops=crops) as people,
        interruptible(saved),
    ):
        head = {"schema": "vultus.enroll/1", "gallery": str(path), "contract": engine.contract}
        stream = outcomes(people, pairs, face.value, override_quality, on_clash.value, notes, filing, batch)
        _report(stream, count, len(pairs), head, as_json=as_json)
    if not as_json and not count.lone_failure():
        say(f"gallery: {path}", "dim")
    if code := count.exit_code():
        raise typer.Exit(code)


def _report(stream: Iterator[Enrolment], count: _Count, total: int, head: Mapping[str, Any], *, as_json: bool) -> None:
    """Enrol under a progress bar, and write what became of every picture."""

    def run(sink: Callable[[Mapping[str, Any]], None]) -> None:
        with Bar("enrolling", total, lines=True) as bar:
            for outcome in stream:
                for record in records(outcome):
                    count.take(record)
                    _complain(record)
                    sink(record)
                    bar.advance()
        count.complete = True

    if not as_json:
        with shown_even_if_stopped(lambda: _show(count)):
            run(lambda _: None)
        return
    with JsonList(head, "pictures") as document:
        try:
            run(document.add)
        finally:
            document.tail["summary"] = count.summary()


def named(name: str, inputs: Sequence[str]) -> list[tuple[str, Source]]:
    """All pictures for one person."""
    return [(name, source_of(item)) for item in expand_inputs(inputs, ("image", "stdin"))]


def parse_metadata(pairs: Sequence[str]) -> dict[str, str]:
    """KEY=VALUE words as a mapping.

    Raises:
        InputError: a word has no "=" or no key.
    """
    notes: dict[str, str] = {}
    for pair in pairs:
        key, found, value = pair.partition("=")
        if not (found and key):
            raise InputError(f"--metadata must be KEY=VALUE, but is '{pair}'")
        notes[key] = value
    return notes


def outcomes(
    people: Gallery, pairs: Iterable[tuple[str, Source]], face: Literal["single", "largest"], override_quality: bool,
    on_clash: Literal["add", "error", "replace"], metadata: Mapping[str, str], filing: Mapping[str, Any],
    batch: int = _BATCH,
) -> Iterator[Enrolment]:  # fmt: skip
    """Enrol everything, and tell what became of it as soon as it is on the disk.

    Raises:
        NameClashError: somebody is known already and `on_clash` is "error"; then nobody is enrolled.
    """
    if on_clash == "error":
        known = {one.name for one in people.people()}
        for name, _ in groupby(pairs, key=_named):
            if name in known:
                raise NameClashError(name, "; use --on-clash add or --on-clash replace")
    if on_clash != "replace" and not metadata:
        yield from people.enroll_many(pairs, override_quality=override_quality, face=face, batch=batch, **filing)
        return
    way: Literal["add", "replace"] = "replace" if on_clash == "replace" else "add"
    for name, group in groupby(pairs, key=_named):
        sources = [source for _, source in group]
        yield people.enroll(
            name,
            sources,
            metadata=metadata,
            override_quality=override_quality,
            on_clash=way,
            face=face,
            **filing,
        )


def _named(pair: tuple[str, Source]) -> str:
    from vultus.gallery.record import normal_name

    return normal_name(pair[0])


def records(outcome: Enrolment) -> list[dict[str, Any]]:
    """What became of each picture, as JSON values."""
    taken = [
        {"path": str(face.source), "name": outcome.name, "status": "repeated" if face.repeated else "enrolled",
         "face_id": face.face_id, "quality": round(face.quality, 5)}
        for face in outcome.accepted
    ]  # fmt: skip
    for picture in outcome.rejected:
        failed = "unreadable" in picture.reasons
        record: dict[str, Any] = {
            "path": str(picture.source),
            "name": outcome.name,
            "status": "failed" if failed else "refused",
            "reasons": list(picture.reasons),
        }
        if picture.message:
            record["error" if failed else "message"] = picture.message
        taken.append(record)
    return taken


def _complain(record: Mapping[str, Any]) -> None:
    """One line for a picture that was not taken."""
    if record["status"] == "refused":
        say(f"refused: {record['path']}: {_why(record)}", "yellow")
    elif record["status"] == "failed":
        say(f"skipped: {record.get('error') or record['path']}", "yellow")


def _why(record: Mapping[str, Any]) -> str:
    """Reasons in words; only a mix-up of people needs the whole sentence, which names the other one."""
    if ENROLLED_AS_OTHER in record["reasons"] and record.get("message"):
        return str(record["message"])
    return ", ".join(_word(reason) for reason in record["reasons"])


def _word(reason: str) -> str:
    return "no face found" if reason == "failure_to_acquire" else reason.replace("_", " ")


def _show(count: _Count) -> None:
    if count.lone_failure():
        return
    if count.people:
        rows: list[list[str | tuple[str, str]]] = [
            [
                (name, "bold"),
                *(str(row[status]) if row[status] else "" for status in STATUSES),
                ", ".join(_word(reason) for reason in count.reasons[name]),
            ]
            for name, row in count.people.items()
        ]
        table("", ["person", ">enrolled", ">already", ">refused", ">failed", "reasons"], rows)
    if count.n_people > len(count.people):
        shown = f"the first {len(count.people):,} of {plural(count.n_people, 'person', 'people')}"
        say(f"{shown}: {count.total('enrolled'):,} pictures enrolled in all; --json tells of every one", "dim")
    if "several_faces" in count.said:
        say("several faces: give pictures of one person, or add --face largest", "dim")
    if count.said - {"several_faces", "failure_to_acquire", "unreadable", ENROLLED_AS_OTHER}:
        say("refused for quality: give better pictures, or add --override-quality", "dim")
    if not count.total("enrolled") + count.total("repeated"):
        say("nobody was enrolled", "yellow")
