"""`vultus doctor`: is this machine ready, and what to do if not."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from vultus.cli import options
from vultus.cli.build import Choice, gallery_path, open_gallery
from vultus.cli.console import emit, plural, say, table, waiting
from vultus.cli.packs import state_of
from vultus.errors import VultusError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST_FREE = 500_000_000
_COLOURS = {"ok": "green", "note": "dim", "warn": "yellow", "fail": "bold red"}


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        what: the thing looked at.
        state: "ok"; "note" for something that is merely not there; "warn"; "fail" when Vultus cannot work so.
        found: what was found.
        todo: what to do about it, "" when nothing.
    """

    what: str
    state: Literal["ok", "note", "warn", "fail"]
    found: str
    todo: str = ""


def doctor(
    gallery: options.GalleryPath = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
) -> None:
    """Check this machine: versions, model packs, cache, gallery, disk, and one real run of the engine."""
    with waiting("looking around ..."):
        found = [
            *_software(), *_providers(), *_packs(), *_cache(), *_gallery(gallery_path(gallery)),
            *_engine(Choice(pack, device, threads, offline=True)),
        ]  # fmt: skip
    failed = any(check.state == "fail" for check in found)
    if as_json:
        emit({"schema": "vultus.doctor/1", "ok": not failed, "checks": [asdict(check) for check in found]})
    else:
        table("", ["", "what", "found"], [
            [(check.state, _COLOURS[check.state]), check.what, check.found] for check in found
        ])  # fmt: skip
        for check in found:
            if check.todo:
                say(f"{check.what}: {check.todo}", _COLOURS[check.state])
        if not failed:
            say("ready", "bold green")
    if failed:
        raise typer.Exit(1)


def _software() -> Iterator[Check]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import vultus

    yield Check("vultus", "ok", f"{vultus.__version__} in {Path(vultus.__file__).parent}")
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores")
    for package in ("numpy", "opencv-python-headless", "onnxruntime", "face_recognition_models", "mtcnn"):
        try:
            yield Check(package, "ok", version(package))
        except PackageNotFoundError:
            yield Check(package, "warn", "not installed", "install Vultus again: pip install --force-reinstall vultus")
    # the spinner stands in for sys.stdout while it turns
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    if "utf" not in encoding.lower():
        yield Check("terminal", "warn", f"encoding {encoding}", "set PYTHONUTF8=1 to see names of all languages")


def _providers() -> Iterator[Check]:
    try:
        import onnxruntime
    except ImportError as error:
        yield Check("devices", "fail", f"onnxruntime cannot be imported: {error}", "pip install onnxruntime")
        return
    names = [
        name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers() if "Azure" not in name
    ]
    yield Check("devices", "ok", ", ".join(names))


def _packs() -> Iterator[Check]:
    from vultus.weights import PACKS, load_pack
    from vultus.weights.store import verify

    for name in PACKS:
        try:
            pack = load_pack(name)
            files = verify(pack)
        except VultusError as error:
            yield Check(f"pack {name}", "fail", "the manifest cannot be used", str(error))
            continue
        state = state_of(files)
        notes = next((file.note for file in files if file.note), "")
        if state == "ready":
            yield Check(f"pack {name}", "ok", f"ready, {pack.licence.id} ({pack.licence.use} use)")
        elif state == "missing" and any(spec.origin == "url" for spec in pack.files):
            yield Check(f"pack {name}", "note", f"not pulled; optional, {pack.licence.use} use")
        else:
            yield Check(f"pack {name}", "fail" if name == options.DEFAULT_PACK else "warn", state, notes)


def _cache() -> Iterator[Check]:
    import shutil

    from vultus.weights.store import cache_root

    root = cache_root()
    home = root
    while not home.exists():
        home = home.parent
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) if root.exists() else 0
    if os.access(home, os.W_OK):
        yield Check("cache", "ok", f"{root} ({size / 1e6:.0f} MB)")
    else:
        yield Check("cache", "fail", f"{root} cannot be written", "set VULTUS_CACHE to a folder you can write")
    free = shutil.disk_usage(home).free
    todo = "" if free > _LEAST_FREE else "free some space: models and galleries need at least 0.5 GB"
    yield Check("disk", "warn" if todo else "ok", f"{free / 1e9:.1f} GB free", todo)


def _gallery(path: Path) -> Iterator[Check]:
    if not path.exists():
        yield Check("gallery", "note", f"{path}: nobody is enrolled yet (vultus enroll FOLDER)")
        return
    try:
        with open_gallery(path) as people:
            problems, count = people.check(), len(people)
    except VultusError as error:
        yield Check("gallery", "fail", str(path), str(error))
        return
    yield Check(
        "gallery", "fail" if problems else "ok", f"{path}: {plural(count, 'person', 'people')}", "; ".join(problems)
    )


def _engine(choice: Choice) -> Iterator[Check]:
    import time

    name = choice.pack or options.DEFAULT_PACK
    try:
        import numpy as np

        start = time.perf_counter()
        engine = choice.engine()
        built = time.perf_counter() - start
        blank = np.full((480, 640, 3), 128, dtype=np.uint8)
        engine.find(blank)
        start = time.perf_counter()
        engine.find(blank)
    except (VultusError, ImportError) as error:
        yield Check("engine", "fail", f"pack {name} does not load", str(error))
        return
    took = (time.perf_counter() - start) * 1000
    yield Check("engine", "ok", f"{engine.contract} on {engine.provider}: loaded in {built:.1f} s, "
                f"an empty 640 x 480 picture takes {took:.0f} ms")  # fmt: skip
