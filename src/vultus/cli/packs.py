"""`vultus packs`: model packs and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from vultus.cli import options
from vultus.cli.console import emit, fail, say, table

if TYPE_CHECKING:
    from vultus.weights.manifest import FileSpec, Pack
    from vultus.weights.store import FileStatus

app = typer.Typer(help="List, inspect, pull and verify model packs.")
app.callback(invoke_without_command=True)(options.help_if_alone)
Name = Annotated[str, typer.Argument(metavar="PACK", help="A name of vultus packs list, or a manifest file.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[PACK]...", help="Packs; all when none is named.",
                                                   show_default=False)]  # fmt: skip


def state_of(found: list[FileStatus]) -> str:
    """One word for a whole pack: "ready", or the worst status of its files."""
    for status in ("damaged", "missing", "not pinned"):
        if any(file.status == status for file in found):
            return status
    return "ready"


def _summary(pack: Pack) -> dict[str, Any]:
    from vultus.weights.store import verify

    found = verify(pack)
    sizes = [spec.size_bytes for spec in pack.files]
    return {
        "name": pack.name,
        "title": pack.title,
        "version": pack.version,
        "state": state_of(found),
        "licence": pack.licence.id,
        "use": pack.licence.use,
        "size_bytes": None if None in sizes else sum(size for size in sizes if size is not None),
        "source": "pull" if any(spec.origin == "url" for spec in pack.files) else "installed",
    }


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return "?"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def _origin(spec: FileSpec) -> str:
    """Where a file comes from: a package, a host, or the folder of the manifest."""
    if spec.package:
        return f"package {spec.package}"
    return urlsplit(spec.url).netloc if spec.url else "beside the manifest"


@app.command("list")
def list_packs(as_json: options.Json = False) -> None:
    """Show every pack, its licence, and whether its files are here."""
    from vultus.weights import PACKS, load_pack

    found = [_summary(load_pack(name)) for name in PACKS]
    if as_json:
        emit({"schema": "vultus.packs/1", "packs": found})
        return
    colours = {"ready": "green", "missing": "dim", "damaged": "bold red", "not pinned": "yellow"}
    rows: list[list[str | tuple[str, str]]] = [
        [
            (pack["name"], "bold"), (_word(pack), colours[pack["state"]]), pack["title"],
            (pack["use"], "" if pack["use"] == "commercial" else "yellow"), pack["licence"], _size(pack["size_bytes"]),
        ]
        for pack in found
    ]  # fmt: skip
    table("", ["pack", "state", "what", "use", "licence", ">size"], rows)
    if any(pack["state"] == "missing" and pack["source"] == "pull" for pack in found):
        say("fetch a pack with: vultus packs pull NAME", "dim")


def _word(pack: dict[str, Any]) -> str:
    return "not pulled" if pack["state"] == "missing" and pack["source"] == "pull" else str(pack["state"])


@app.command()
def show(name: Name, as_json: options.Json = False) -> None:
    """Show what a pack is made of, its licence, and the error rates its thresholds were measured at."""
    from vultus.errors import WeightsError
    from vultus.weights import load_pack
    from vultus.weights.manifest import plain

    pack = load_pack(name)
    try:
        contract = pack.contract()
    except WeightsError as error:
        contract = f"none yet: {error}"
    if as_json:
        emit({"schema": "vultus.pack.show/1", "contract": contract, "pack": {**plain(pack), "directory": None}})
        return
    lines = [
        ("pack", f"{pack.name} {pack.version}: {pack.title}"), ("contract", contract),
        ("licence", f"{pack.licence.id} ({pack.licence.use} use): {pack.licence.summary} {pack.licence.url}".rstrip()),
        ("provenance", pack.provenance), ("detector", pack.detector.kind),
        ("embedder", f"{pack.embedder.dimension} numbers from {pack.aligner.size} x {pack.aligner.size} pixels"),
        ("liveness", pack.liveness.operating_point if pack.liveness else "none"),
    ]  # fmt: skip
    table("", ["", ""], [[(key, "bold"), value] for key, value in lines])
    table("files", ["file", ">size", "licence", "sha256", "from"], [
        [spec.name, _size(spec.size_bytes), spec.licence, (spec.sha256 or "not pinned")[:16],
         _origin(spec)] for spec in pack.files
    ])  # fmt: skip
    for calibration in pack.calibrations:
        title = (
            f"thresholds {calibration.calibration_id}: {calibration.dataset}, "
            f"{calibration.n_impostor:,} impostor comparisons of {calibration.n_subjects:,} people"
        )
        table(title, [">FMR", ">threshold", "95 % interval"], [
            [f"{point.fmr:g}", f"{point.threshold:.4f}", f"{point.low:.4f} to {point.high:.4f}"]
            for point in calibration.points
        ])  # fmt: skip
    if not pack.calibrations:
        say("no calibration yet: this pack can find and embed, but has no thresholds to decide by; measure them with: "
            f"vultus calibrate FOLDER --pack {name}", "yellow")  # fmt: skip


@app.command()
def pull(
    name: Name,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", metavar="", help="You have read the licence of this pack and accept it.")
    ] = False,
    trust_first_use: Annotated[
        bool,
        typer.Option(
            "--trust-first-use", metavar="", help="Record the digest of a file that the manifest does not pin."
        ),
    ] = False,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Download the files of a pack, resuming where an interrupted download stopped."""
    from vultus.cli.console import download_bar, interruptible
    from vultus.weights import load_pack
    from vultus.weights import pull as pulling

    pack = load_pack(name)
    with (
        interruptible(lambda: "what was downloaded is kept; run the same command again to go on"),
        download_bar() as on,
    ):
        pulling.pull(
            pack, accept_licence=accept_licence, trust_first_use=trust_first_use, offline=offline,
            licence_policy=licence_policy.value, progress=on,
        )  # fmt: skip
    say(f"pack {pack.name} is ready", "green")


@app.command()
def verify(names: Names = None, as_json: options.Json = False) -> None:
    """Compare every model file with the digest its manifest pins; exit 1 when one is damaged."""
    from vultus.weights import PACKS, load_pack
    from vultus.weights.store import verify as check

    records: list[dict[str, Any]] = []
    for name in names or PACKS:
        for file in check(load_pack(name)):
            path = None if file.path is None else str(file.path)
            records.append({"pack": name, "file": file.file, "status": file.status, "sha256": file.digest or None,
                            "path": path, "note": file.note})  # fmt: skip
    if as_json:
        emit({"schema": "vultus.packs.verify/1", "files": records})
    else:
        colours = {"ok": "green", "missing": "dim", "damaged": "bold red", "not pinned": "yellow"}
        table("", ["pack", "file", "status", "sha256"], [
            [item["pack"], item["file"], (item["status"], colours[item["status"]]), (item["sha256"] or "")[:16]]
            for item in records
        ])  # fmt: skip
    damaged = [item for item in records if item["status"] == "damaged"]
    wanted = [item for item in records if names and item["status"] == "missing"]
    for item in damaged + wanted:
        fail(item["note"])
    if damaged or wanted:
        raise typer.Exit(1)
