"""`vultus calibrate`: thresholds from one's own pictures, pairs or scores."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import Choice
from vultus.cli.console import Bar, clean, emit, out, plural, say, table, waiting
from vultus.cli.folders import by_folder
from vultus.errors import InputError, UnsupportedTargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.evaluation.acquire import Acquired
    from vultus.evaluation.group_rates import Groups
    from vultus.inference.engine import FaceEngine
    from vultus.types import Calibration
    from vultus.weights.calibration import CalibrationFile, GroupRates

_NEAREST = 10


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a calibration came to.

    Attributes:
        file: to be written.
        fnmr: false non-match rate at each point, None without genuine comparisons.
        n_pictures: pictures given.
        missed: those without an acquired face, with the reason.
        n_left_out: pairs that were left out because of them.
        nearest: most similar pictures of different people: wrong labels come first here.
        warnings: about groups.
    """

    file: CalibrationFile
    fnmr: Sequence[float | None]
    n_pictures: int = 0
    missed: Sequence[tuple[str, str]] = ()
    n_left_out: int = 0
    nearest: Sequence[tuple[float, str, str]] = ()
    warnings: Sequence[str] = ()


def calibrate(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|CSV",
            show_default=False,
            help="FOLDER/<person>/*.jpg; or a CSV file: image1,image2,same or score,same (and subject1,subject2).",
        ),
    ],
    target: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The calibration file to write.")] = Path(
        "calibration.json"
    ),
    targets: Annotated[
        list[float] | None,
        typer.Option(
            "--target", metavar="RATE", help="A false match rate that must be supported, else refuse; may be repeated."
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="WORDS", help="What was measured on, in your words.", show_default="name and size"
        ),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups",
            metavar="CSV",
            show_default=False,
            help="person and a column per attribute, such as gender: error rates of each group go into the file.",
        ),
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", metavar="", help="Leave out the digests that tell a test on the same people.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace the file if it exists.")] = False,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Measure thresholds on your own data: for a pack on pictures, or for any other system on its scores."""
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already; add --overwrite to replace it")
    choice, rates = Choice(pack, device, threads, offline, licence_policy), targets or []
    found = (_folder if source.is_dir() else _list)(source, choice, rates, dataset, groups)
    for rate in rates:
        found.file.calibration.threshold(rate)
    found = replace(found, file=replace(found.file, origin=None if anonymous else found.file.origin))
    found.file.write(target)
    if as_json:
        emit(_record(found, target))
    else:
        _show(found, target)
    if any(_unreadable(reason) for _, reason in found.missed):
        raise typer.Exit(1)


def _folder(source: Path, choice: Choice, rates: Sequence[float], dataset: str | None, groups: Path | None) -> _Outcome:
    """Every picture with every other one."""
    pairs = by_folder([str(source)])
    people, pictures = [name for name, _ in pairs], [Path(str(path)) for _, path in pairs]
    from vultus.evaluation.calibration import calibrate_acquired
    from vultus.evaluation.group_rates import read_groups
    from vultus.evaluation.impostors import count_impostor
    from vultus.evaluation.scores import false_non_matches, genuine_scores
    from vultus.weights.calibration import CalibrationFile
    from vultus.weights.origin import origin_of

    _check(rates, count_impostor(list(Counter(people).values())), f"{source}")
    known = None if groups is None else read_groups(groups)
    engine = choice.engine()
    got = _acquired(engine, pictures)
    words = dataset or f"{source.resolve().name}: {plural(len(pictures), 'picture')} of {len(set(people)):,} people"
    with waiting("measuring thresholds ..."):
        run = calibrate_acquired(got, pictures, people, words, name=_name(source, engine), contract=engine.contract)
        genuine = genuine_scores(got, people)
        by_group, told = ((), ()) if known is None else _groups_of(known, got, people, run.calibration)
    file = CalibrationFile(run.calibration, run.contract, genuine.size, by_group, origin_of(people, pictures))
    return _Outcome(
        file,
        false_non_matches(genuine, run.calibration),
        n_pictures=len(pictures),
        missed=run.not_acquired,
        nearest=run.nearest[:_NEAREST],
        warnings=told,
    )


def _list(source: Path, choice: Choice, rates: Sequence[float], dataset: str | None, groups: Path | None) -> _Outcome:
    """The pairs or the scores of a file."""
    import numpy as np

    from vultus.evaluation.group_rates import of_list, read_groups
    from vultus.evaluation.lists import people_of, read_list
    from vultus.evaluation.scores import calibrate_scores, false_non_matches, score_listed
    from vultus.weights.calibration import CalibrationFile
    from vultus.weights.origin import origin_of

    listed = read_list(source)
    _check(rates, int(np.count_nonzero(~listed.same)), f"{source}")
    known = None if groups is None else read_groups(groups)
    names = people_of(source, listed)
    if known is not None and not names:
        raise InputError(f"{source} does not tell who the people are, which --groups needs; add subject1,subject2")
    engine, missed, left_out = None, [], 0
    if listed.scores is None:
        engine = choice.engine()
        got = _acquired(engine, listed.images)
        missed = [(str(listed.images[index]), reason) for index, reason in got.reasons.items()]
        listed, left_out = score_listed(listed, got)
    scores = np.empty(0) if listed.scores is None else listed.scores
    words = dataset or f"{source.name}: {plural(listed.same.size, 'pair')}"
    contract = None if engine is None else engine.contract
    with waiting("measuring thresholds ..."):
        made = calibrate_scores(listed, words, name=_name(source, engine), contract=contract or "")
        by_group, told = ((), ()) if known is None else of_list(
            scores, listed.same, listed.left, listed.right, names, known, made
        )  # fmt: skip
    # where nobody names them, people are called after a picture, which is taken down as one
    origin = origin_of(set(names) - set(map(str, listed.images)), listed.images, source)
    file = CalibrationFile(made, contract, int(np.count_nonzero(listed.same)), by_group, origin)
    fnmr = false_non_matches(scores[listed.same], made)
    return _Outcome(file, fnmr, n_pictures=len(listed.images), missed=missed, n_left_out=left_out, warnings=told)


def _groups_of(
    groups: Groups, got: Acquired, people: Sequence[str], calibration: Calibration
) -> tuple[tuple[GroupRates, ...], tuple[str, ...]]:
    """Rates of groups among the pictures that were acquired."""
    from vultus.evaluation.columns import numbered
    from vultus.evaluation.group_rates import of_vectors

    names, (person,) = numbered(people)
    return of_vectors(got.vectors[got.acquired], person[got.acquired], names, groups, calibration)


def _check(rates: Sequence[float], n_impostor: int, source: str) -> None:
    """Refuse a rate before hours of work when the data could not support it with every face found.

    Raises:
        InputError: no rate at all is supported.
        UnsupportedTargetError: the rate is below three per number of comparisons.
    """
    from vultus.evaluation.calibration import fmr_steps

    steps = fmr_steps(n_impostor)
    for rate in rates:
        if not steps[-1] <= rate <= steps[0]:
            raise UnsupportedTargetError("FMR", rate, steps[-1], f"{source} gives {n_impostor:,} impostor comparisons")


def _acquired(engine: FaceEngine, pictures: Sequence[Path]) -> Acquired:
    """Embed every picture under a progress bar."""
    from vultus.evaluation.acquire import acquire

    with Bar("embedding", len(pictures)) as bar:
        return acquire(engine, pictures, progress=lambda _: bar.advance())


def _name(source: Path, engine: FaceEngine | None) -> str:
    """What the calibration id begins with."""
    stem = re.sub(r"[^\w.-]+", "-", source.resolve().stem).strip("-") or "scores"
    return stem if engine is None else f"{engine.pack.name}-{stem}"


def _unreadable(reason: str) -> bool:
    from vultus.evaluation.acquire import NO_FACE, NOT_EMBEDDED

    return reason not in (NO_FACE, NOT_EMBEDDED)


def _record(found: _Outcome, target: Path) -> dict[str, Any]:
    return {
        "schema": "vultus.calibrate/1",
        "file": str(target),
        "calibration": found.file.document(),
        "fnmr": list(found.fnmr),
        "pictures": found.n_pictures,
        "not_acquired": [{"path": path, "reason": reason} for path, reason in found.missed],
        "pairs_left_out": found.n_left_out,
        "warnings": list(found.warnings),
        "nearest_impostors": [
            {"similarity": round(score, 6), "a": one, "b": other} for score, one, other in found.nearest
        ],
    }


def _show(found: _Outcome, target: Path) -> None:
    calibration = found.file.calibration
    rows = [
        [f"{point.fmr:g}", f"{point.threshold:.6g}", f"{point.low:.6g} to {point.high:.6g}",
         "" if fnmr is None else f"{fnmr:.2%}"]
        for point, fnmr in zip(calibration.points, found.fnmr, strict=True)
    ]  # fmt: skip
    title = (
        f"{calibration.dataset}; {plural(calibration.n_impostor, 'impostor comparison')}, "
        f"{found.file.n_genuine:,} genuine"
    )
    table(title, [">FMR", ">threshold", "=95 % interval", ">FNMR"], rows)
    _show_groups(found)
    for path, reason in found.missed:
        say(f"skipped: {reason if _unreadable(reason) else f'{path}: {reason}'}", "yellow")
    if found.n_left_out:
        say(f"{plural(found.n_left_out, 'pair')} left out, because a face was not acquired", "yellow")
    if found.nearest:
        score, one, other = found.nearest[0]
        say(f"most alike of different people ({score:.3f}), to be looked at: {one} and {other}", "dim")
    out().print(clean(f"{calibration.calibration_id} written to {target}"), soft_wrap=True)
    if found.file.contract is None:
        say("it holds for the system that made the scores, and for no model pack", "dim")
    else:
        say(f"use it with: vultus verify A B --calibration {target}", "dim")


def _show_groups(found: _Outcome) -> None:
    rows = [
        [one.attribute, one.group, f"{one.n_people:,}", f"{point.fmr_target:g}",
         _rate(point.fmr), f"{_rate(point.fmr_low)} to {_rate(point.fmr_high)}",
         _rate(point.fnmr), f"{_rate(point.fnmr_low)} to {_rate(point.fnmr_high)}"]
        for one in found.file.groups for point in one.points
    ]  # fmt: skip
    if rows:
        heads = [
            "attribute",
            "group",
            ">people",
            ">FMR asked for",
            ">FMR within",
            "=95 % interval",
            ">FNMR",
            "=95 % interval",
        ]
        table("Groups at the same thresholds", heads, rows)
    for line in found.warnings:
        say(line, "yellow")


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
