"""`vultus bench`: measure this machine against the peers, in one run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.console import emit, keep, say, table
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

app = typer.Typer(help="Measure speed and accuracy side by side with other packages.")
app.callback(invoke_without_command=True)(options.help_if_alone)

Target = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write the JSON document beside the table.", show_default=False),
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Measure this only; may be repeated.")]
Quick = Annotated[bool, typer.Option("--quick", metavar="", help="Few repeats, to see that it runs.")]
Threads = Annotated[int, typer.Option("--threads", min=1, metavar="N", help="Threads of both sides.")]


@app.command()
def core(
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Evaluation data; rows that need it are left out without.",
                     show_default=False),
    ] = None,
    target: Target = None,
    only: Only = None,
    quick: Quick = False,
    threads: Threads = 2,
    as_json: options.Json = False,
    pack: options.PackName = None,
) -> None:  # fmt: skip
    """Measure agreement, speed, accuracy and footprint beside dlib; takes minutes."""
    if data is not None and not data.is_dir():
        raise InputError(f"--data {data} is no folder")
    from vultus.evaluation.bench import bench_core

    report = bench_core(
        pack or options.DEFAULT_PACK, data, threads=threads, only=tuple(only or ()), quick=quick,
        tell=_tell,
    )  # fmt: skip
    _finish(report, target, as_json=as_json)


@app.command()
def gallery(
    target: Target = None, only: Only = None, quick: Quick = False, threads: Threads = 2, as_json: options.Json = False
) -> None:
    """Measure searching and keeping a million people beside faiss; takes minutes and 4 GB of memory."""
    from vultus.batch import dryrun

    report = _measured("vultus.evaluation.bench_gallery", only, more=dryrun.MEASUREMENTS, threads=threads, quick=quick)
    _finish(report, target, as_json=as_json)


@app.command()
def metrics(
    target: Target = None, only: Only = None, quick: Quick = False, threads: Threads = 2, as_json: options.Json = False
) -> None:
    """Measure error rates of ten million scores beside scikit-learn's ROC; takes a minute."""
    report = _measured("vultus.evaluation.bench_metrics", only, threads=threads, quick=quick)
    _finish(report, target, as_json=as_json)


@app.command()
def training(
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Evaluation data with fer2013; made pictures without.",
                     show_default=False),
    ] = None,
    target: Target = None,
    only: Only = None,
    quick: Quick = False,
    threads: Threads = 2,
    as_json: options.Json = False,
) -> None:  # fmt: skip
    """Measure the training loop beside the same steps written by hand; takes minutes."""
    report = _measured("vultus.research.bench", only, data=data, threads=threads, quick=quick)
    _finish(report, target, as_json=as_json)


@app.command()
def service(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Evaluation data; without, one portrait.",
                                  show_default=False),
    ] = None,
    target: Target = None,
    only: Only = None,
    quick: Quick = False,
    threads: Threads = 2,
    as_json: options.Json = False,
    pack: options.PackName = None,
) -> None:  # fmt: skip
    """Measure vultus serve under load, beside its engine alone and a server of one request at a time; 8 minutes."""
    from vultus.cli.serve import needed

    needed()
    pack = pack or options.DEFAULT_PACK
    report = _measured("vultus.service.bench", only, pack=pack, data=data, threads=threads, quick=quick)
    _finish(report, target, as_json=as_json)


@app.command()
def world(
    target: Target = None, only: Only = None, quick: Quick = False, threads: Threads = 2, as_json: options.Json = False
) -> None:
    """Measure how fast faces are made, and whether the default detector takes them for faces; takes two minutes."""
    report = _measured("vultus.research.data.world.bench", only, threads=threads, quick=quick)
    _finish(report, target, as_json=as_json)


@app.command()
def encrypted(
    backend: Annotated[str, typer.Option("--backend", metavar="LIST", help="What to compare.")] =
        "vultus,lightphe,phe,tenseal",
    bits: Annotated[str, typer.Option("--bits", metavar="LIST", help="Key sizes.")] = "1024,2048,3072",
    dims: Annotated[str, typer.Option("--dims", metavar="LIST", help="Dimensions of templates.")] = "128,512,4096",
    pairs: Annotated[
        str, typer.Option("--pairs", metavar="NAME", help="Real faces: lfw. Synthetic ones without.",
                          show_default=False),
    ] = "",
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Evaluation data, for --pairs.", show_default=False)
    ] = None,
    target: Target = None,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with tables and drawings.",
                                  show_default=False),
    ] = None,
    only: Only = None,
    quick: Quick = False,
    threads: Threads = 2,
    as_json: options.Json = False,
    pack: options.PackName = None,
) -> None:  # fmt: skip
    """Measure search on encrypted faces beside LightPHE, python-paillier and TenSEAL; takes up to 20 minutes."""
    from vultus.evaluation.bench_encrypted import bench_encrypted
    from vultus.evaluation.drawing import needed
    from vultus.evaluation.encrypted.report import page as html
    from vultus.evaluation.encrypted.study import Study
    from vultus.evaluation.page import write_whole
    from vultus.evaluation.row import Bench

    if page is not None:
        needed()
    bench = Bench(pack=pack or options.DEFAULT_PACK, data=data, threads=threads, quick=quick, tell=_tell)
    study = Study(bench, _words(backend), _numbers("--bits", bits), _numbers("--dims", dims), pairs)
    report = bench_encrypted(study, tuple(only or ()))
    if page is not None:
        write_whole(page, html(report))
        say(f"written: {page}", "dim")
    _finish(report, target, as_json=as_json)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(option: str, text: str) -> tuple[int, ...]:
    words = _words(text)
    if not words or not all(word.isdecimal() for word in words):
        raise InputError(f"{option} takes whole numbers with commas between, not '{text}'")
    return tuple(map(int, words))


def _measured(suite: str, only: list[str] | None, *, more: Sequence[Any] = (), **how: Any) -> Mapping[str, Any]:
    """Run the measurements of a module, and more of them, on a bench set up in this way."""
    from vultus.evaluation.bench import run_suite
    from vultus.evaluation.row import Bench

    module = import_module(suite)
    return run_suite((*module.MEASUREMENTS, *more), Bench(tell=_tell, **how), tuple(only or ()), module.PACKAGES)


def _tell(line: str) -> None:
    say(f"measuring {line}", "dim")


def _finish(report: Mapping[str, Any], target: Path | None, *, as_json: bool) -> None:
    if target is not None:
        keep(report, target)
    if as_json:
        emit(report)
    else:
        _show(report["rows"], report["machine"])


def _show(rows: Sequence[Mapping[str, Any]], machine: Mapping[str, Any]) -> None:
    measured = [row for row in rows if row["ours"] is not None]
    colours = {True: ("yes", "green"), False: ("no", "bold red"), None: ("", "")}
    if measured:
        table("", ["what", ">ours", ">peer", "peer is", ">ratio", "unit", ">n", "goal", "met"], [
            [row["what"], number(row["ours"]), number(row["peer"]), row["peer_name"], number(row["ratio"]), row["unit"],
             str(row["n"]), row["goal"], colours[row["met"]]] for row in measured
        ])  # fmt: skip
    for row in rows:
        if row["ours"] is None:
            say(f"{row['what']}: {row['reason']}", "yellow")
    say(f"{machine['processor']}, {machine['threads']} threads, {machine['system']}", "dim")


def number(value: float | None) -> str:
    """Four significant digits at most, as people write them."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
