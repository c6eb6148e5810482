"""Joins the table, a method's module, the loop and the judge: train, evaluate, predict, export, ablate."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vultus.config import apply, merge, read_settings
from vultus.errors import InputError, MissingExtraError, UnknownNameError
from vultus.research.experiment import FIRST_SEED, ablate, judged
from vultus.research.experiment import check as check_arms
from vultus.research.table import METHODS
from vultus.research.training.seed import plant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vultus.research.contract import Data, Method
    from vultus.research.table import Entry
    from vultus.research.training.checkpoint import Checkpoint
    from vultus.research.training.machine import Machine

_PACKAGES = ("vultus", "numpy", "scipy", "scikit-learn", "torch", "lightning-fabric", "transformers", "onnxruntime")
# Module of each package that `vultus[research]` brings and a method may need.
_EXTRA = ("scipy", "sklearn", "torch", "lightning_fabric", "safetensors", "transformers")


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
    return cast("Method", _brought(f"vultus.research.methods.{row.task}.{name}"))


def configured(method: Method, *, check: bool = False, file: Path | None = None, overrides: Sequence[str] = ()) -> Any:
    """A method's configuration: the paper's or the small one, then a file's settings, then single ones.

    Raises:
        InputError: the file cannot be read, or a value does not fit its setting.
        UnknownNameError: there is no such setting.
    """
    config = method.Config.check() if check else method.Config()
    return apply(config if file is None else merge(config, read_settings(file)), overrides)


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """A method made ready to be trained.

    Attributes:
        name, method, config: what is trained.
        model: a `Trainable` with its first weights.
        data: samples of the seed.
        seed: of everything random.
        source: where the samples come from: "synthetic", or the name of a folder.
    """

    name: str
    method: Method
    config: Any
    model: Any
    data: Data
    seed: int
    source: str

    @property
    def steps(self) -> int:
        """How long it takes."""
        return sum(stage.steps for stage in self.model.stages())

    def run(
        self, out: Path, machine: Machine, *, resume: bool = False, tell: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Train, and keep everything in a folder.

        Args:
            out: the folder; see `training/keeper.py`.
            machine: what it runs on.
            resume: go on with the run that is in the folder.
            tell: called after every step.

        Returns:
            JSON values: what was run, what it cost, what it came to, and where it lies.

        Raises:
            ConfigError: the plan or the folder is not fit for it.
            TrainingError: a loss is not finite.
        """
        from vultus.research.training.checkpoint import LAST
        from vultus.research.training.curves import draw
        from vultus.research.training.journal import rows
        from vultus.research.training.keeper import CURVES, JOURNAL, Keeper
        from vultus.research.training.loop import train

        stages = [asdict(stage) for stage in self.model.stages()]
        header = {"method": self.name, "config": asdict(self.config), "seed": self.seed, "data": self.source,
                  "stages": stages, **asdict(machine), **provenance()}  # fmt: skip
        keeper = Keeper(out, header, self.method.METRICS[0], resume=resume)
        validation = self.data.validation
        look = None if validation is None else lambda model: self.method.score(model, validation)
        try:
            spent = train(self.model, self.data.train, self.seed, machine=machine, keeper=keeper, look=look, tell=tell)
        finally:
            keeper.close()
        if not first_process():
            return {}
        draw(out / JOURNAL, out / CURVES, self.name)
        last = {row.what: row.value for row in rows(out / JOURNAL)}
        kept = {key: header[key] for key in ("config", "seed", "data", "versions", "revision", "command")}
        return {"schema": "vultus.train/1", "method": self.name, **kept, "budget": asdict(spent), "last": last,
                "best": keeper.best, "folder": str(out), "checkpoint": str(out / LAST)}  # fmt: skip


def prepare(name: str, config: Any, folder: Path | None = None, seed: int = 0) -> Training:
    """Make a method ready to be trained.

    Args:
        name: of the method.
        config: see `configured`.
        folder: real data; None for what the method makes itself.
        seed: of everything random.

    Raises:
        UnknownNameError: there is no such method.
        InputError: it is planned, or fitted in one go; the folder is not there.
        MissingExtraError: what training needs is not installed.
    """
    source = _source(folder)
    method = load(name)
    plant(seed)
    model = method.build(config)
    if not hasattr(model, "stages"):
        raise InputError(f"'{name}' is fitted in one go and leaves no checkpoint; see: vultus ablate {name}")
    _brought("vultus.research.training.loop")
    return Training(name, method, config, model, method.data(config, seed, folder), seed, source)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model with the weights of a checkpoint."""

    name: str
    method: Method
    config: Any
    model: Any
    checkpoint: Checkpoint

    def evaluate(self, folder: Path | None = None) -> dict[str, Any]:
        """Its figures on the test samples of the seed it was trained with.

        Raises:
            InputError: the folder is not there.
            ConfigError: there are no test samples.
        """
        source, header = _source(folder), self.checkpoint.header
        data = self.method.data(self.config, header["seed"], folder)
        found = self.method.score(self.model, data.test)
        return {"schema": "vultus.evaluate.method/1", "method": self.name, "data": source, "n": len(data.test),
                "figures": {key: float(value) for key, value in found.items()}, "trained_on": header["data"],
                "seed": header["seed"], "config": header["config"], "versions": versions(),
                "revision": revision()}  # fmt: skip

    def predict(self, path: Path, out: Path | None = None) -> dict[str, Any]:
        """What it says of one input.

        Raises:
            InputError: the method answers no single inputs, or the input is not there.
        """
        if not hasattr(self.method, "answer"):
            raise InputError(f"'{self.name}' answers no single inputs; its figures: vultus evaluate {self.name}")
        if not path.exists():
            raise InputError(f"there is no input {path}")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        answer = self.method.answer(self.model, path, out)
        return {"schema": "vultus.predict/1", "method": self.name, "input": str(path), "answer": answer}

    def export(self, target: Path) -> dict[str, Any]:
        """Write it as ONNX, with a manifest beside it.

        Raises:
            InputError: the method says not how to be exported, or what was written computes something else.
        """
        from vultus.research.export import export

        header = self.checkpoint.header
        about = {"method": self.name, "config": header["config"], "seed": header["seed"], "data": header["data"],
                 "trained_with": header["versions"], "revision": header["revision"]}  # fmt: skip
        return export(self.model, target, about)


def trained(name: str, path: Path) -> Trained:
    """The model of a checkpoint.

    Raises:
        UnknownNameError: there is no such method.
        InputError: it is planned; the checkpoint cannot be read, or is of another method or version.
        MissingExtraError: what training needs is not installed.
    """
    method = load(name)
    file = _brought("vultus.research.training.checkpoint")
    checkpoint: Checkpoint = file.read(path, name)
    try:
        config = merge(method.Config(), checkpoint.header["config"])
    except InputError as error:
        raise InputError(f"{path} was made by another version of '{name}': {error}") from None
    plant(checkpoint.header["seed"])
    model: Any = method.build(config)
    file.put(model, checkpoint.weights)
    model.eval()
    return Trained(name, method, config, model, checkpoint)


def run_ablation(
    name: str,
    *,
    overrides: Sequence[str] = (),
    check: bool = False,
    settings: Path | None = None,
    folder: Path | None = None,
    seeds: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
    machine: Machine | None = None,
    jobs: int = 1,
) -> dict[str, Any]:
    """Ablate a method and say with what.

    Args:
        name: of the method.
        overrides: "key=value" for its configuration.
        check: the configuration that decides the claims in minutes, instead of the paper's.
        settings: a YAML file for its configuration.
        folder: real data; None for what the method makes itself.
        seeds: how many; None for as many as the method asks for.
        tell: called with a line for each arm of each seed.
        machine: what networks are trained on, one seed after another.
        jobs: without a machine, so many seeds at once, each in a process of its own.

    Raises:
        UnknownNameError: there is no such method or key.
        InputError: the method is planned; the folder is not there, or a value does not fit its key.
        ConfigError: see `experiment.ablate`.
    """
    source = _source(folder)
    method = load(name)
    config = configured(method, check=check, file=settings, overrides=overrides)
    count = range(FIRST_SEED, FIRST_SEED + (seeds or method.SEEDS))
    if machine is not None or jobs == 1:
        report = ablate(method, config, count, folder, tell, machine)
    else:
        check_arms(method, config, count)
        measured = _brought("vultus.research.several").measure_several(
            vars(method)["__name__"], config, count, folder, tell, jobs
        )
        report = judged(method, config, count, measured)
    return {**report, "method": name, "data": source, **provenance()}


def machine(device: str = "cpu", precision: str = "32", processes: int = 1) -> Machine:
    """What to train on; see `training/machine.py`.

    Raises:
        MissingExtraError: what training needs is not installed.
    """
    made: Machine = _brought("vultus.research.training.machine").Machine(device, precision, processes)
    return made


def first_process() -> bool:
    """Whether this is the process that speaks, of those that share a training."""
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def provenance() -> dict[str, Any]:
    """What made a figure: versions, revision and command."""
    return {"versions": versions(), "revision": revision(), "command": " ".join(["vultus", *sys.argv[1:]])}


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


def _source(folder: Path | None) -> str:
    if folder is not None and not folder.exists():
        raise InputError(f"--data {folder} is no folder and no file")
    return "synthetic" if folder is None else folder.name


def _brought(name: str) -> Any:
    """A module that needs what `vultus[research]` brings."""
    try:
        return import_module(name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in _EXTRA:
            raise MissingExtraError(str(error.name), "research") from error
        raise
