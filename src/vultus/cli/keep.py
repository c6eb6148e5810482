"""`vultus cluster --keep`: unknown faces go into a gallery, and are grouped with those kept before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.cli.build import gallery_path, open_gallery
from vultus.cli.console import Bar, JsonList, interruptible, plural, say, table
from vultus.cli.scan import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from vultus.gallery.collection import Gallery
    from vultus.gallery.record import Kept
    from vultus.gallery.unnamed import Group
    from vultus.inference.engine import FaceEngine
    from vultus.inference.source import Item

_NAMED = 3


@dataclass(slots=True)
class _Count:
    """What became of the pictures so far."""

    pictures: int = 0
    kept: int = 0
    known: int = 0
    repeated: int = 0
    refused: int = 0
    failed: int = 0
    complete: bool = False

    def take(self, one: Kept) -> None:
        self.pictures += 1
        self.kept += len(one.face_ids)
        self.known += len(one.known)
        self.repeated += one.repeated
        self.refused += one.refused
        self.failed += bool(one.error)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def text(self) -> str:
        words = [f"{plural(self.pictures, 'picture')}: {plural(self.kept, 'new unknown face')}"]
        words += [f"{count} {word}" for count, word in (
            (self.known, "known"), (self.repeated, "kept before"), (self.refused, "refused for their quality"),
        ) if count]  # fmt: skip
        if self.failed:
            words.append(f"{plural(self.failed, 'picture')} could not be read")
        return ", ".join(words)

    @property
    def exit_code(self) -> int:
        return 0 if not self.failed else 2 if self.failed == self.pictures else 1


def keep(
    items: Sequence[Item],
    gallery: Path | None,
    engine: FaceEngine,
    fmr: float | None,
    *,
    crops: bool | None,
    purpose: str,
    as_json: bool,
) -> int:
    """Keep and group the unknown faces of these pictures; the exit code."""
    count = _Count()
    path = gallery_path(gallery)

    def saved() -> str:
        return f"{count.text()}; what was kept is safe in {path}; run the same command again to go on"

    with open_gallery(gallery, engine, write=True, crops=crops, purpose=purpose) as people, interruptible(saved):
        if not as_json:
            _keep(people, items, count, lambda _: None)
            groups = grouped(people, fmr)
            show_groups(groups)
            say(count.text(), "dim")
            say(f"kept in {path}; name them with: vultus unknown name GROUP NAME", "dim")
            return count.exit_code
        head = {"schema": "vultus.cluster.keep/1", "gallery": str(path), "contract": engine.contract}
        with JsonList(head, "pictures") as document:
            try:
                _keep(people, items, count, document.add)
                groups = grouped(people, fmr)
                count.complete = True
                document.tail["groups"] = [group_record(group) for group in groups]
            finally:
                document.tail["summary"] = count.record()
    return count.exit_code


def _keep(people: Gallery, items: Sequence[Item], count: _Count, sink: Callable[[Mapping[str, Any]], None]) -> None:
    names = iter(["-" if item.kind == "stdin" else str(item.value) for item in items])
    with Bar("embedding", len(items), lines=True) as bar:
        for one, name in zip(people.unknown.add(map(source_of, items)), names, strict=True):
            count.take(one)
            if one.error:
                say(f"skipped: {one.error}", "yellow")
                sink({"path": name, "error": one.error})
            else:
                sink({"path": name, "kept": list(one.face_ids), "known": list(one.known), "repeated": one.repeated,
                      "refused": one.refused})  # fmt: skip
            bar.advance()


def grouped(people: Gallery, fmr: float | None, *, anew: bool = False) -> list[Group]:
    """Group the unknown faces under a progress bar; the groups, the largest first."""
    with Bar("comparing", None, lines=True) as bar:
        people.unknown.group(fmr, anew=anew, progress=moving(bar))
    return people.unknown.groups()


def moving(bar: Bar) -> Callable[[int], None]:
    """Moves the bar to the number of steps it is called with; a second run over them moves nothing."""
    done = 0

    def move(steps: int) -> None:
        nonlocal done
        bar.advance(max(steps - done, 0))
        done = max(done, steps)

    return move


def group_record(group: Group, probably: Mapping[int, str] | None = None) -> dict[str, Any]:
    """JSON values; with whom the group probably is, where that was looked for."""
    record = {"group": group.group_id, "faces": group.n_faces, "sources": list(group.sources),
              "first_at": group.first_at, "last_at": group.last_at}  # fmt: skip
    return record if probably is None else {**record, "probably": probably.get(group.group_id)}


def show_groups(
    groups: Sequence[Group], probably: Mapping[int, str] | None = None, *, at_least: int | None = None
) -> None:
    """A table of the groups with several faces or a suggestion, or with `at_least` faces; and how many have one."""
    names = probably or {}
    rows = []
    for group in groups:
        if group.n_faces >= (at_least or 2) or (at_least is None and group.group_id in names):
            more = f" and {group.n_faces - _NAMED} more" if group.n_faces > _NAMED else ""
            last = group.last_at[:16].replace("T", " ")
            row = [str(group.group_id), str(group.n_faces), ", ".join(group.sources[:_NAMED]) + more, last]
            rows.append(row if probably is None else [*row, names.get(group.group_id, "")])
    if rows:
        head = [">group", ">faces", "pictures", "last kept"]
        table("", head if probably is None else [*head, "probably"], rows)
    several = sum(group.n_faces > 1 for group in groups)
    once = len(groups) - several
    say(f"{plural(several, 'person', 'people')} seen more than once, {once} seen once", "dim")
