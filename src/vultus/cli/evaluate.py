"""`vultus evaluate`: error rates of your data, or of any other system, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vultus.cli import options
from vultus.cli.build import Choice
from vultus.cli.console import Bar, emit, keep, say, table, waiting
from vultus.cli.folders import by_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.evaluation.acquire import Acquired
    from vultus.evaluation.measured import Measure, Report
    from vultus.evaluation.tasks.identification import Searched
    from vultus.evaluation.tasks.pad import Presented
    from vultus.evaluation.tasks.scored import Scored

app = typer.Typer(help="Measure error rates, of your pictures or of the scores of any system, with intervals.")
app.callback(invoke_without_command=True)(options.help_if_alone)

Target = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write the JSON document beside the table.", show_default=False),
]
Repeats = Annotated[int, typer.Option("--repeats", min=20, metavar="N", help="Draws of people for the intervals.")]
Thresholds = Annotated[
    list[float] | None, typer.Option("--threshold", metavar="SCORE", help="Judge this threshold; may be repeated.")
]


@app.command()
def verification(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="CSV|SET", show_default=False,
            help="score,same or image1,image2,same (and subject1,subject2); or a published set with --layout.",
        ),
    ],
    targets: Annotated[
        list[float] | None,
        typer.Option("--fmr", metavar="RATE", help="A false match rate; may be repeated.",
                     show_default="powers of ten that the comparisons support"),
    ] = None,
    thresholds: Thresholds = None,
    development: Annotated[
        Path | None,
        typer.Option("--development", metavar="CSV", help="Choose the thresholds on this file of other people.",
                     show_default=False),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="NAME", show_default=False,
                     help="SET is lfw, cfp-ff, cfp-fp, calfw, cplfw, ijb, agedb-30 (...), rfw-african (...), or a .bin "
                          "file (bin)."),
    ] = None,
    ratios: Annotated[
        bool, typer.Option("--ratios", metavar="", help="Scores are natural logarithms of likelihood ratios.")
    ] = False,
    repeats: Repeats = 1000,
    target: Target = None,
    as_json: options.Json = False,
    calibration: options.Calibration = None,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:  # fmt: skip
    """Measure one-to-one comparison: TMR at FMR, EER, detection cost, likelihood ratios, DET."""
    from vultus.evaluation.tasks.pictures import with_fta
    from vultus.evaluation.tasks.verification import Terms, evaluate_verification

    choice = Choice(pack, device, threads, offline, licence_policy)
    tested = _scored(source, choice) if layout is None else _set(source, layout, choice)
    other = None if development is None else _scored(development, choice).scored
    fixed = [(f"threshold {at:g}", at) for at in thresholds or ()]
    of_file, told = ([], ()) if calibration is None else _calibrated(calibration, source, tested)
    with waiting("drawing people ..."):
        terms = Terms(tuple(targets or ()), (*fixed, *of_file), ratios, repeats)
        report = evaluate_verification(tested.scored, str(source), terms, other)
    report = replace(report, warnings=(*report.warnings, *told))
    _finish(report if tested.got is None else with_fta(report, tested.got), target, as_json=as_json)


@app.command()
def identification(
    source: Annotated[
        Path,
        typer.Argument(metavar="CSV|FOLDER", show_default=False,
                       help="search,person,enrolled,candidate,score; FOLDER/<person>/*.jpg; or a set with --layout."),
    ],
    targets: Annotated[
        list[float] | None,
        typer.Option("--fpir", metavar="RATE", help="A false positive identification rate; may be repeated.",
                     show_default="powers of ten that the searches support"),
    ] = None,
    thresholds: Thresholds = None,
    rank: Annotated[int, typer.Option("--rank", min=1, metavar="R", help="The person is among the first R.")] = 1,
    people: Annotated[
        int | None, typer.Option("--people", min=1, metavar="N", help="People in the gallery of the CSV file.",
                                 show_default="those it names"),
    ] = None,
    enrol: Annotated[
        int, typer.Option("--enrol", min=1, metavar="N", help="Pictures of a folder's people that are enrolled.")
    ] = 1,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="NAME", show_default=False,
                     help="FOLDER is IJB-B or IJB-C: ijb (both galleries), ijb-g1 or ijb-g2."),
    ] = None,
    repeats: Repeats = 1000,
    target: Target = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:  # fmt: skip
    """Measure one-to-many search: FNIR at FPIR, rank and gallery size, and the CMC."""
    from vultus.evaluation.tasks.identification import Terms, evaluate_identification, read_searches
    from vultus.evaluation.tasks.pictures import search_people, with_fta

    got = None
    if layout is not None:
        searched, got = _searched(source, layout, Choice(pack, device, threads, offline, licence_policy))
    elif source.is_dir():
        pairs = by_folder([str(source)])
        got = _acquired(Choice(pack, device, threads, offline, licence_policy), [Path(str(path)) for _, path in pairs])
        searched = search_people(got, [name for name, _ in pairs], enrol)
    else:
        searched = read_searches(source, people)
    with waiting("drawing people ..."):
        terms = Terms(tuple(targets or ()), tuple(thresholds or ()), rank, repeats)
        report = evaluate_identification(searched, str(source), terms)
    _finish(report if got is None else with_fta(report, got), target, as_json=as_json)


@app.command()
def pad(
    source: Annotated[
        Path,
        typer.Argument(metavar="CSV", show_default=False,
                       help="score,species (and subject, file); or image,species for a pack that detects attacks.")
    ],
    listed: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", show_default=False,
                     help="CSV is file,score: what the films are stands in this list (or folder) of --layout."),
    ] = None,
    layout: Annotated[
        str, typer.Option("--layout", metavar="NAME", help="Of the list: oulu, siw or casia.")
    ] = "oulu",
    development_list: Annotated[
        Path | None,
        typer.Option("--development-list", metavar="FILE", help="The list of the development file.",
                     show_default=False),
    ] = None,
    development: Annotated[
        Path | None,
        typer.Option("--development", metavar="CSV", help="Also judge the threshold at its equal error rate.",
                     show_default=False),
    ] = None,
    thresholds: Thresholds = None,
    repeats: Repeats = 1000,
    target: Target = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:  # fmt: skip
    """Measure attack detection: APCER by species, BPCER at APCER, and ACER and HTER at a development threshold."""
    from vultus.evaluation.tasks.pad import Terms, evaluate_pad

    choice = Choice(pack, device, threads, offline, licence_policy)
    test, own = _presented(source, listed, layout, choice)
    other = None if development is None else _presented(development, development_list, layout, choice)[0]
    fixed = [*(thresholds or ()), *([] if own is None else [own])]
    with waiting("drawing people ..."):
        report = evaluate_pad(test, str(source), Terms(tuple(fixed), repeats), other)
    _finish(report, target, as_json=as_json)


@app.command()
def quality(
    source: Annotated[
        Path, typer.Argument(metavar="CSV", show_default=False, help="score,quality1,quality2; or image1,image2,same.")
    ],
    initial: Annotated[
        float, typer.Option("--fnmr", metavar="RATE", help="FNMR with nothing left out, which sets the threshold.")
    ] = 0.05,
    threshold: Annotated[
        float | None, typer.Option("--threshold", metavar="SCORE", help="The threshold instead.", show_default=False)
    ] = None,
    repeats: Repeats = 1000,
    target: Target = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Measure a quality score: errors against discards, and the area below."""
    from vultus.evaluation.columns import header_of
    from vultus.evaluation.tasks.pictures import compare_listed, grade_listed, with_fta
    from vultus.evaluation.tasks.quality import evaluate_quality, read_graded

    got = None
    header = header_of(source)
    if "image1" in header and "score" not in header:
        with Bar("embedding") as bar:
            engine = Choice(pack, device, threads, offline, licence_policy).engine()
            scored, got, listed = compare_listed(engine, source, lambda _: bar.advance())
        graded = grade_listed(scored, got, listed)
    else:
        graded = read_graded(source)
    with waiting("drawing people ..."):
        report = evaluate_quality(graded, str(source), initial=initial, threshold=threshold, repeats=repeats)
    _finish(report if got is None else with_fta(report, got), target, as_json=as_json)


@app.command()
def expression(
    source: Annotated[
        Path, typer.Argument(metavar="CSV", show_default=False, help="truth,predicted (and subject, group, file).")
    ],
    repeats: Repeats = 1000,
    target: Target = None,
    as_json: options.Json = False,
) -> None:
    """Measure a classifier of expressions, or of any classes: UAR, WAR, macro F1, and gaps between groups."""
    from vultus.evaluation.tasks.expression import evaluate_expression, read_labelled

    with waiting("drawing people ..."):
        report = evaluate_expression(read_labelled(source), str(source), repeats=repeats)
    _finish(report, target, as_json=as_json)


@app.command()
def spotting(
    truth: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH", show_default=False, help="film,first,last (and expression, subject): as marked."
        ),
    ],
    spotted: Annotated[
        Path, typer.Argument(metavar="SPOTTED", show_default=False, help="film,first,last (and expression): as found.")
    ],
    iou: Annotated[float, typer.Option("--iou", metavar="PART", help="Smallest overlap that counts as found.")] = 0.5,
    repeats: Repeats = 1000,
    target: Target = None,
    as_json: options.Json = False,
) -> None:
    """Measure spotted expressions in films: F1 over intervals, and spot-then-recognise."""
    from vultus.evaluation.tasks.spotting import evaluate_spotting, read_intervals

    marked, found = read_intervals(truth), read_intervals(spotted)
    with waiting("drawing people ..."):
        report = evaluate_spotting(marked, found, f"{spotted} against {truth}", iou=iou, repeats=repeats)
    _finish(report, target, as_json=as_json)


def _presented(scores: Path, listed: Path | None, layout: str, choice: Choice) -> tuple[Presented, float | None]:
    """Presentations of a file, of a file and a list, or of pictures; of these also the engine's own threshold."""
    from vultus.evaluation.columns import header_of
    from vultus.evaluation.sets.layouts import read_attacks_of
    from vultus.evaluation.tasks.pad import read_presentations
    from vultus.evaluation.tasks.pictures import look_alive

    if listed is not None:
        return read_attacks_of(layout, listed, scores), None
    if "image" not in header_of(scores):
        return read_presentations(scores), None
    engine = choice.engine()
    with Bar("looking at faces") as bar:
        return look_alive(engine, scores, lambda _: bar.advance())


def _acquired(choice: Choice, pictures: Sequence[Path]) -> Acquired:
    """Embed pictures under a progress bar."""
    from vultus.evaluation.acquire import acquire

    engine = choice.engine()
    with Bar("embedding", len(pictures)) as bar:
        return acquire(engine, pictures, progress=lambda _: bar.advance())


@dataclass(frozen=True, slots=True, eq=False)
class _Tested:
    """Comparisons; those of pictures with what was acquired, the contract, and the pictures."""

    scored: Scored
    got: Acquired | None = None
    contract: str | None = None
    pictures: Sequence[Path | bytes] = ()


def _scored(source: Path, choice: Choice) -> _Tested:
    """Comparisons of a file."""
    from vultus.evaluation.columns import header_of
    from vultus.evaluation.tasks.pictures import compare_listed
    from vultus.evaluation.tasks.scored import read_scored

    header = header_of(source)
    if "score" in header or "image1" not in header:
        with waiting("reading scores ..."):
            return _Tested(read_scored(source))
    engine = choice.engine()
    with Bar("embedding") as bar:
        scored, got, listed = compare_listed(engine, source, lambda _: bar.advance())
    return _Tested(scored, got, engine.contract, listed.images)


def _set(source: Path, layout: str, choice: Choice) -> _Tested:
    """Comparisons of a published set."""
    from vultus.evaluation.sets.layouts import read_pairs_of
    from vultus.evaluation.tasks.pictures import compare_set

    pairs = read_pairs_of(layout, source)
    engine = choice.engine()
    with Bar("embedding", len(pairs.images)) as bar:
        scored, got = compare_set(engine, pairs, lambda _: bar.advance())
    return _Tested(scored, got, engine.contract, pairs.images)


def _searched(source: Path, layout: str, choice: Choice) -> tuple[Searched, Acquired]:
    """Searches of a published set."""
    from vultus.evaluation.sets.layouts import read_searches_of
    from vultus.evaluation.tasks.searching import search_set

    wanted = read_searches_of(layout, source)
    engine = choice.engine()
    with Bar("embedding", len(wanted.images)) as bar:
        return search_set(engine, wanted, lambda _: bar.advance())


def _calibrated(path: Path, source: Path, tested: _Tested) -> tuple[list[tuple[str, float]], tuple[str, ...]]:
    """Thresholds of a calibration file at powers of ten, with words, and whom it has in common with the test."""
    from vultus.evaluation.overlap import overlap
    from vultus.weights.calibration import load_calibration, read_calibration

    file = read_calibration(path)
    found = file.calibration if tested.contract is None else load_calibration(path, tested.contract)
    rates = [10.0**-power for power in range(1, 10)]
    points = [(f"fmr {rate:g} of {path.name}", found.threshold(rate)) for rate in rates
              if found.smallest_fmr <= rate <= found.points[0].fmr]  # fmt: skip
    return points, overlap(file, path.name, source, tested.scored.names, tested.pictures)


def _finish(report: Report, target: Path | None, *, as_json: bool) -> None:
    document = report.document()
    if target is not None:
        keep(document, target)
    if as_json:
        emit(document)
    else:
        _show(report)


def _show(report: Report) -> None:
    counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in report.sizes.items())
    table(f"{report.source}: {counts}", ["what", "at", ">value", "=95 % interval", ">threshold", "remark"], [
        [(one.name, "bold"), one.at, _figure(one.value), _interval(one), _figure(one.threshold), one.remark]
        for one in report.measures
    ])  # fmt: skip
    for line in report.warnings:
        say(line, "yellow")


def _interval(one: Measure) -> str:
    return "" if one.low is None else f"{_figure(one.low)} to {_figure(one.high)}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
