"""The command line as a whole: start-up, errors, exit codes, Ctrl-C."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, Interrupting, save
from vultus.errors import VultusError

VERBS = (
    "demo",
    "doctor",
    "detect",
    "embed",
    "verify",
    "enroll",
    "identify",
    "watch",
    "cluster",
    "gallery",
    "packs",
    "bench",
)


def _vultus(checkout: Path, *args: str, code: str = "", **more: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "COLUMNS": "100"}
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "vultus"]
    return subprocess.run([*command, *args], env=env, capture_output=True, text=True, timeout=60, check=False, **more)


def test_help_lists_every_verb(checkout: Path) -> None:
    done = _vultus(checkout, "--help")
    assert done.returncode == 0
    assert [verb for verb in VERBS if f" {verb} " not in done.stdout] == []
    assert _vultus(checkout).stdout == done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(cli: Cli, verb: str) -> None:
    assert f"vultus {verb}" in cli(verb, "--help").stdout


def test_starting_is_quick_and_loads_nothing_heavy(checkout: Path) -> None:
    loaded = _vultus(checkout, code="import sys, vultus.cli.main; print(*sys.modules)").stdout.split()
    assert "vultus.cli.watch" in loaded
    assert not {"numpy", "cv2", "onnxruntime", "torch", "rich", "sqlite3"}.intersection(loaded)
    # processor time: what else the machine does is not our matter; tests/house looks at the clock
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(4):
        _vultus(checkout, "--help")
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime) / 4 < 0.45


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout.startswith("vultus ")


def test_usage_errors_are_one_line(cli: Cli) -> None:
    for args, line in (
        (["foo"], "vultus: no such command 'foo'; see: vultus --help"),
        (["detekt"], "vultus: no such command 'detekt'. Did you mean 'detect'? See: vultus --help"),
        (["detect", "--bad"], "vultus: no such option: --bad"),
        (["detect"], "vultus: missing argument 'INPUTS...'; see: vultus detect --help"),
        (["detect", "a.jpg", "--threads", "0"], "vultus: invalid value for '--threads'"),
        (["gallery", "foo"], "vultus: no such command 'foo'"),
    ):
        out = cli(*args, code=2)
        assert out.stderr.startswith(line)
        assert len(out.stderr.strip().splitlines()) == 1
        assert out.stdout == ""


def _raising(cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    save(Path("a.png"), ADA)

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.engine, "verify", broken)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (VultusError("it does not work"), 2, "vultus: it does not work"),
        (OSError(errno.ENOSPC, "No space left on device", "x.db"), 2, "vultus: No space left on device: x.db"),
        (OSError("odd"), 2, "vultus: odd"),
        (typer.Abort(), 2, "vultus: stopped: nothing was changed"),
        (KeyboardInterrupt(), 130, "interrupted: nothing was changed"),
    ],
)
def test_errors_become_a_line_and_a_code(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str
) -> None:
    _raising(cli, monkeypatch, error)
    out = cli("verify", "a.png", "a.png", code=code)
    assert out.stderr.strip() == line
    assert out.stdout == ""


def test_a_bug_is_not_hidden(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(cli, monkeypatch, ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        cli("verify", "a.png", "a.png")


def test_ctrl_c_in_a_walk_tells_how_far_it_came(cli: Cli) -> None:
    for number in range(5):
        save(Path(f"p/{number}.png"), ADA, seed=number)
    cli.engine = Interrupting(after=3)
    out = cli("detect", "p", "--json", code=130)
    assert out.stderr.strip() == "interrupted: 3 pictures, 3 faces so far, shown above"
    assert '"complete": false' in out.stdout


SLOW = """
import sys, time
import vultus.cli.build as build
sys.path[:0] = [{tests!r}]
from unit.cli.fake import FakeEngine
class Slow(FakeEngine):
    def find(self, image, **more):
        time.sleep(0.02)
        return super().find(image, **more)
build.Choice.engine = lambda _: Slow()
from vultus.__main__ import main
sys.argv = ["vultus", *{args!r}]
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_enrolment_loses_nothing_and_goes_on(checkout: Path, tmp_path: Path, number: int) -> None:
    for at in range(200):
        save(tmp_path / f"people/Ada/{at:03d}.png", ADA, seed=at)
    args = ["enroll", str(tmp_path / "people"), "-g", str(tmp_path / "g.db"), "--json"]
    code = SLOW.format(tests=str(checkout / "tests"), args=args)
    env = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        reported = [process.stdout.readline() for _ in range(3)]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
    n_reported = sum('"enrolled"' in line for line in [*reported, *rest.splitlines()] if line.startswith('{"path"'))
    assert 0 < n_reported < 200
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "are enrolled and safe in" in errors
        assert "Traceback" not in errors
    again = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    n_repeated = again.count('"repeated"') - 1  # the summary speaks of them too
    assert n_repeated >= n_reported
    assert again.count('"path"') == 200


def test_a_reader_that_goes_away_is_no_error(checkout: Path, tmp_path: Path) -> None:
    for at in range(300):
        save(tmp_path / f"p/{at:03d}.png", ADA, seed=at)
    code = SLOW.replace("0.02", "0").format(
        tests=str(checkout / "tests"), args=["embed", str(tmp_path / "p"), "--json"]
    )
    env = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    assert process.returncode == 1
