"""`vultus audit`: who did what with a gallery, whether the log of it is whole, and whom a system treats how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import gallery_path, open_gallery
from vultus.cli.console import JsonList, emit, fail, plural, say, table, waiting
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vultus.evaluation.audit.audit import Terms
    from vultus.gallery.audit import Entry

app = typer.Typer(help="The audit log of a gallery, and audits of how fair a system is.")
app.callback(invoke_without_command=True)(options.help_if_alone)


@app.command()
def log(
    gallery: options.GalleryPath = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="NAME", help="Only what concerned this person.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", metavar="N", help="The same by number, of somebody who may be removed.")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, metavar="N", help="Only entries after number N.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Show who did what with the gallery, when, and for which purpose."""
    with open_gallery(gallery) as people:
        entries = people.audit_log(after=after, name=person, number=number)
        if as_json:
            head = {"schema": "vultus.audit.log/1", "gallery": str(gallery_path(gallery))}
            with JsonList(head, "entries") as listed:
                for entry in entries:
                    listed.add(_record(entry))
            return
        rows = [_row(entry) for entry in entries]
    if rows:
        table("", [">entry", "=when", "who", "did", "people", "purpose", "detail"], rows)
    say(plural(len(rows), "entry", "entries"), "dim")


@app.command()
def verify(
    gallery: options.GalleryPath = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HEAD", help="What this command printed earlier: the log must still hold it."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Look for edited, removed, moved or cut-off entries; exit 1 when there are any."""
    from vultus.gallery.audit import Head

    kept = None if head is None else Head.parse(head)
    with open_gallery(gallery) as people:
        verdict = people.verify_log(kept)
    if as_json:
        emit({"schema": "vultus.audit.verify/1", "gallery": str(gallery_path(gallery)), "entries": verdict.head.seq,
              "head": str(verdict.head), "keyed": verdict.keyed, "problems": list(verdict.problems),
              "notes": list(verdict.notes)})  # fmt: skip
    else:
        for note in verdict.notes:
            say(note, "yellow")
    for problem in verdict.problems:
        fail(problem)
    if verdict.problems:
        raise typer.Exit(1)
    if not as_json:
        say(f"the log is whole: {plural(verdict.head.seq, 'entry', 'entries')}", "green")
        if not verdict.keyed:
            say("the gallery is not encrypted, so whoever may write it can write its log anew", "yellow")
        say(f"head, to be kept elsewhere: {verdict.head}")


@app.command()
def report(
    scores: Annotated[
        Path,
        typer.Argument(
            metavar="SCORES.csv",
            show_default=False,
            help="score,same,subject1,subject2 and a pair of columns per attribute, such as gender1,gender2.",
        ),
    ],
    target: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The page to write; its JSON is written beside it.")
    ] = Path("audit.html"),
    other: Annotated[
        Path | None,
        typer.Option("--other", metavar="CSV", help="The same comparisons by another system.", show_default=False),
    ] = None,
    fmr: options.Fmr = options.DEFAULT_FMR,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="SCORE", help="The threshold in use instead of --fmr.", show_default=False),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", metavar="FILE", help="The threshold of this file at --fmr.", show_default=False),
    ] = None,
    per_day: Annotated[float, typer.Option("--per-day", metavar="N", help="People who pass a day.")] = 10_000.0,
    listed: Annotated[int, typer.Option("--listed", min=1, metavar="N", help="People on the watch-list.")] = 100,
    prevalence: Annotated[
        float, typer.Option("--prevalence", metavar="PART", help="Part of those who pass that is on the list.")
    ] = 1e-4,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="NAME=VALUE", help="Exit 1 beyond it, e.g. fmr_max_min=3; may be repeated."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Audit any system for fairness: error rates by group, what is more than chance, and what it means at a door."""
    from vultus.evaluation.audit.audit import Terms
    from vultus.evaluation.audit.limits import beyond, read_limits
    from vultus.evaluation.audit.report import findings, page
    from vultus.evaluation.audit.watchlist import Traffic
    from vultus.evaluation.measured import jsonable
    from vultus.evaluation.page import write_report

    limits = read_limits(limit or [])
    terms = Terms(fmr, *_threshold(threshold, calibration, fmr), traffic=Traffic(per_day, listed, prevalence))
    with waiting("auditing ..."):
        found = _audited(scores, other, calibration, terms)
        told, broken = findings(found), beyond(found, limits)
        document = jsonable({**found, "findings": told, "beyond_limits": broken})
        write_report(target, page(found), document)
    if as_json:
        emit(document)
    else:
        _tell(found, told, target)
    for line in broken:
        fail(line)
    if broken:
        raise typer.Exit(1)


def _audited(scores: Path, other: Path | None, calibration: Path | None, terms: Terms) -> dict[str, Any]:
    """The audit, with a warning about people whom the calibration was measured on."""
    from vultus.evaluation.audit.audit import audit
    from vultus.evaluation.audit.comparisons import read_comparisons
    from vultus.evaluation.overlap import overlap
    from vultus.weights.calibration import read_calibration

    compared = read_comparisons(scores)
    found = audit(compared, terms, None if other is None else read_comparisons(other))
    if calibration is not None:
        same = overlap(read_calibration(calibration), calibration.name, scores, compared.people)
        found["warnings"] = [*found["warnings"], *(f"{line[0].upper()}{line[1:]}." for line in same)]
    return found


def _threshold(given: float | None, file: Path | None, fmr: float) -> tuple[float | None, str]:
    """The threshold that is audited and where it is from; None and "" for that of the comparisons themselves."""
    from vultus.weights.calibration import read_calibration

    if file is None:
        return given, "" if given is None else "--threshold"
    if given is not None:
        raise InputError("--threshold and --calibration both give a threshold; leave one out")
    return read_calibration(file).calibration.threshold(fmr), f"{file.name} at an FMR of {fmr:g}"


def _record(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.seq, "at": entry.at, "actor": entry.actor, "action": entry.action,
            "subjects": list(entry.subjects), "purpose": entry.purpose, "detail": dict(entry.detail),
            "master": entry.master}  # fmt: skip


def _row(entry: Entry) -> list[str | tuple[str, str]]:
    detail = dict(entry.detail)
    everybody = detail.pop("everybody", False)
    subjects = ", ".join(str(number) for number in entry.subjects[:5]) + (", ..." if len(entry.subjects) > 5 else "")
    return [
        str(entry.seq), entry.at[:19].replace("T", " "), entry.actor, (entry.action, "bold"),
        "everybody" if everybody else subjects, entry.purpose,
        ", ".join(_words(key, value).replace("_", " ") for key, value in detail.items()),
    ]  # fmt: skip


def _words(key: str, value: Any) -> str:
    """A detail as people read it."""
    if isinstance(value, bool):
        return key if value else f"no {key}"
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return str(value) if key == "what" else f"{key} {value}"


def _tell(found: Mapping[str, Any], told: Sequence[str], target: Path) -> None:
    for part in found["attributes"]:
        rows = [
            [row["name"], f"{row['fmr']['people']:,}", _rate(row["fmr"]), _rate(row["fnmr"]),
             ("", "") if row["enough"] else ("too few to judge", "yellow")] for row in part["groups"]
        ]  # fmt: skip
        table(" and ".join(part["attributes"]), ["group", ">people", ">FMR in the group", ">FNMR", ""], rows)
    for line in told or ["no group differs from the others by more than chance"]:
        say(line, "yellow" if told else "green")
    for line in found["warnings"]:
        say(line, "dim")
    say(f"written: {target} and {target.with_suffix('.json')}", "dim")


def _rate(row: Mapping[str, Any]) -> str:
    return f"{row['value']:.3g} ({row['low']:.2g} to {row['high']:.2g})" if row["n"] else "-"
