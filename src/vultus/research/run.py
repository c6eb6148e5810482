"""Joins the table, a method's module and the judge."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vultus.config import apply
from vultus.errors import InputError, MissingExtraError, UnknownNameError
from vultus.research.experiment import FIRST_SEED, ablate
from vultus.research.table import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vultus.research.contract import Method
    from vultus.research.table import Entry

_PACKAGES = ("vultus", "numpy", "scipy", "scikit-learn", "torch", "onnxruntime")
# Module of each package that `vultus[research]` brings and a method may need.
_EXTRA = ("scipy", "sklearn", "torch")


def entry(name: str) -> Entry:
    """The row of a method.

    Raises:
        UnknownNameError: there is no method of that name.
    """
    for one in METHODS:
        if one.name == name:
            return one
    raise UnknownNameError("method", name, [one.name for one in METHODS], "(list: vultus methods)")


def load(name: str) -> Method:
    """The module of a method.

    Raises:
        UnknownNameError: there is no method of that name.
        InputError: it is planned, and not built yet.
        MissingExtraError: what research needs is not installed.
    """
    row = entry(name)
    if row.status == "planned":
        built = ", ".join(one.name for one in METHODS if one.status == "built")
        raise InputError(f"method {row.number}, '{name}', is planned and not built yet; built: {built}")
    try:
        module = import_module(f"vultus.research.methods.{row.task}.{name}")
    except ImportError as error:
        if (error.name or "").partition(".")[0] in _EXTRA:
            raise MissingExtraError(str(error.name), "research") from error
        raise
    return cast("Method", module)


def run_ablation(
    name: str,
    *,
    overrides: Sequence[str] = (),
    check: bool = False,
    folder: Path | None = None,
    seeds: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Ablate a method and say with what.

    Args:
        name: of the method.
        overrides: "key=value" for its configuration.
        check: the configuration that decides the claims in minutes, instead of the paper's.
        folder: real data; None for what the method makes itself.
        seeds: how many; None for as many as the method asks for.
        tell: called with a line for each arm of each seed.

    Raises:
        UnknownNameError: there is no such method or key.
        InputError: the method is planned; the folder is not there, or a value does not fit its key.
        ConfigError: see `experiment.ablate`.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(f"--data {folder} is no folder")
    method = load(name)
    config = apply(method.Config.check() if check else method.Config(), overrides)
    report = ablate(method, config, range(FIRST_SEED, FIRST_SEED + (seeds or method.SEEDS)), folder, tell)
    return {
        **report,
        "method": name,
        "data": "synthetic" if folder is None else folder.name,
        "versions": versions(),
        "revision": revision(),
        "command": " ".join(["vultus", *sys.argv[1:]]),
    }


def versions() -> dict[str, str]:
    """Of Python and what the figures depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def revision() -> str:
    """Git revision of the code, with "+" where it was changed since; "" outside a checkout."""
    home = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        return subprocess.run(
            ("git", "-C", str(home), *words), capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--", str(home)) else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
