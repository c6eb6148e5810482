"""Kill a gallery at random moments and look what is left of it; writes results/faults.json.

    python tools/break_gallery.py [--kills 100] [--only enrol,remove,rotate,migrate] [--seed 1]

Another process works on a gallery and says on its standard output what it has been told is done; after a random time it
is killed with SIGKILL. Then `Gallery.check` must find nothing, and exactly what was acknowledged must be there, at
most with the one operation that was under way, whole. Half of the galleries have their vault on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from vultus.gallery import Gallery
from vultus.gallery.keys import MasterKey
from vultus.inference.image import jpeg, read
from vultus.types import Box, Calibration, CalibrationPoint, Embedding, Face, Quality

ROOT = Path(__file__).resolve().parents[1]
SIDE, STEP, PEOPLE, FACES = 64, 12, 60, 3
OLD, NEW = "toy:00000000000000aa", "toy:00000000000000bb"
KEYS = (MasterKey(b"a" * 32, "the first key"), MasterKey(b"b" * 32, "the second key"))
POINTS = np.array([[20, 25], [44, 25], [32, 35], [24, 45], [40, 45]], dtype=np.float32)
# Longest time before a kill; most of the operations go on for longer.
SPAN_S = {"enrol": 0.5, "remove": 0.25, "rotate": 0.5, "migrate": 0.25}


class Toy:
    """An engine that reads the person and the number of a picture off its colour."""

    def __init__(self, contract: str = OLD) -> None:
        self.contract = contract
        points = tuple(CalibrationPoint(fmr, at, at, at) for fmr, at in ((0.1, 0.3), (1e-3, 0.5), (1e-6, 0.6)))
        self.calibration = Calibration("toy", "made up", 10_000_000, 1000, points)

    def find(self, image: Any) -> list[Face]:
        """One face, in the middle."""
        picture = read(image)
        one, two, number = (int(value) for value in np.round(picture[picture.shape[0] // 2, SIDE // 2] / STEP))
        quarter = picture.shape[0] / 4
        box = Box(np.array([quarter, quarter, 3 * quarter, 3 * quarter], dtype=np.float32))
        vector = template(one + 21 * two, number, self.contract)
        return [Face(box, POINTS, 0.9, Quality(0.9), Embedding(vector, self.contract))]

    def find_each(self, sources: Any, *, embed: bool = True, batch: int = 16) -> Iterator[tuple[Any, Any]]:
        """The faces of many pictures."""
        for source in sources:
            yield source, self.find(source)


def picture(who: int, number: int) -> bytes:
    """The bytes of a JPEG file of one colour."""
    return jpeg(np.full((SIDE, SIDE, 3), [STEP * (who % 21), STEP * (who // 21), STEP * number], dtype=np.uint8))


def template(who: int, number: int, contract: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What the engine of a contract makes of a picture."""
    values = np.random.default_rng((who, number, contract == OLD)).normal(size=32 if contract == OLD else 48)
    return np.asarray(values / np.linalg.norm(values), dtype=np.float32)


def name_of(who: int) -> str:
    """Of a person."""
    return f"person {who:03d}"


def opened(path: Path, key: MasterKey = KEYS[0], contract: str = OLD) -> Gallery:
    """A gallery that keeps cut-outs."""
    return Gallery.open(path, engine=Toy(contract), key=key, crops=True)


def fill(path: Path, *, vault: bool, people: int) -> None:
    """Make a gallery."""
    items = [(name_of(who), picture(who, number)) for who in range(people) for number in range(FACES)]
    with Gallery.open(path, engine=Toy(), key=KEYS[0], vault=vault, crops=True) as gallery:
        for one in gallery.enroll_many(items):
            if not one.accepted:
                raise SystemExit(f"{one.name} was not taken: {one.rejected}")


# ------------------------------------------------------------------------------------------- in the process that dies
def say(word: object) -> None:
    """Acknowledge."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def work_enrol(gallery: Gallery) -> None:
    """People one by one, then some in a batch; says how many faces are in."""
    faces = 0
    for who in range(0, 400, 10):
        for one in range(who, who + 5):
            gallery.enroll(name_of(one), [picture(one, number) for number in range(FACES)])
            faces += FACES
            say(faces)
        items = [(name_of(one), picture(one, number)) for one in range(who + 5, who + 10) for number in range(FACES)]
        for _ in gallery.enroll_many(items):
            faces += 1
            say(faces)


def work_remove(gallery: Gallery) -> None:
    """People one by one; says how many are gone."""
    for who in range(PEOPLE):
        gallery.remove(name_of(who))
        say(who + 1)


def work_rotate(gallery: Gallery) -> None:
    """New data keys and a new master key by turns; says how many changes there were."""
    for turn in range(1, 1000):
        if turn % 2:
            gallery.rotate()
        else:
            gallery.rekey(KEYS[turn // 2 % 2])
        say(turn)


def work_migrate(gallery: Gallery) -> None:
    """To another contract; says how many faces are embedded, and "applied"."""
    plan = gallery.migrate(Toy(NEW), progress=lambda what, done, total: say(done) if what == "embedding" else None)
    say(plan.state)
    time.sleep(60)


WORK: dict[str, Callable[[Gallery], None]] = {
    "enrol": work_enrol, "remove": work_remove, "rotate": work_rotate, "migrate": work_migrate,
}  # fmt: skip


# ---------------------------------------------------------------------------------------------- what must be left of it
def wrong_faces(gallery: Gallery, people: dict[int, int], contract: str) -> list[str]:
    """What is not as it must be: exactly these people with so many faces, each template to the bit."""
    found = {person.name: person.n_faces for person in gallery.people()}
    wanted = {name_of(who): faces for who, faces in people.items()}
    if found != wanted:
        odd = sorted(set(found.items()) ^ set(wanted.items()))
        return [f"the people are not those that were acknowledged: {odd[:4]}"]
    for who in people:
        for number, (_, stored) in enumerate(gallery._store.faces(name_of(who))):
            if not np.array_equal(stored, template(who, number, contract)):
                return [f"a template of {name_of(who)} is another one"]
    return []


def left_of_enrol(path: Path, said: list[str]) -> tuple[list[str], bool]:
    """Problems, and whether the operation under way was kept."""
    known = int(said[-1]) if said else 0
    with opened(path) as gallery:
        problems, faces = gallery.check(), gallery._store.counts()[1]
        # a person at a time, then fifteen pictures in one transaction
        ends = [30 * block + step for block in range(40) for step in (*range(0, 16, 3), 30)]
        ends = sorted(set(ends))
        after = next(end for end in ends if end >= known)
        allowed = {after, ends[ends.index(after) + 1]}
        if faces not in allowed:
            problems.append(f"{faces} faces are there, but {known} were acknowledged")
        logged = sum(entry.detail["faces"] for entry in gallery.audit_log() if entry.action == "enrol")
        if logged != faces:
            problems.append(f"{faces} faces are there, but the audit log knows of {logged}")
        people = {who: min(FACES, faces - FACES * who) for who in range(-(-faces // FACES))}
        return problems + wrong_faces(gallery, people, OLD), faces > known


def left_of_remove(path: Path, said: list[str]) -> tuple[list[str], bool]:
    """Problems, and whether the operation under way was kept."""
    known = int(said[-1]) if said else 0
    with opened(path) as gallery:
        problems, gone = gallery.check(), PEOPLE - len(gallery)
        if gone not in (known, known + 1):
            problems.append(f"{gone} people are gone, but {known} were acknowledged")
        logged = sum(entry.action == "delete" for entry in gallery.audit_log())
        if logged != gone:
            problems.append(f"{gone} people are gone, but the audit log knows of {logged}")
        problems += wrong_faces(gallery, dict.fromkeys(range(gone, PEOPLE), FACES), OLD)
    raw = b"\0".join(file.read_bytes() for file in path.parent.iterdir())
    for who in range(known):
        if any(template(who, number, OLD).tobytes() in raw for number in range(FACES)) or name_of(who).encode() in raw:
            problems.append(f"{name_of(who)} was removed, but is still in the bytes")
    return problems, gone > known


def left_of_rotate(path: Path, said: list[str]) -> tuple[list[str], bool]:
    """Problems, and whether the operation under way was kept."""
    known = int(said[-1]) if said else 0
    masters = [KEYS[turn // 2 % 2] for turn in (known, known + 1)]
    gallery, problems = None, []
    for key in dict.fromkeys(masters):
        try:
            gallery = opened(path, key)
            break
        except Exception as error:
            problems.append(str(error))
    if gallery is None:
        return problems, False
    with gallery:
        problems = gallery.check()
        # the first line is of the making
        turns = sum(entry.action == "key" for entry in gallery.audit_log()) - 1
        if turns not in (known, known + 1):
            problems.append(f"{turns} changes of keys happened, but {known} were acknowledged")
        collections = [one.collection for one in gallery.vault_state().data_keys]
        if len(collections) != len(set(collections)):
            problems.append(f"an old data key was left: {collections}")
        return problems + wrong_faces(gallery, dict.fromkeys(range(PEOPLE), FACES), OLD), turns > known


def left_of_migrate(path: Path, said: list[str]) -> tuple[list[str], bool]:
    """Problems, and whether the operation under way was kept; then it is gone on with, or rolled back."""
    everybody = dict.fromkeys(range(PEOPLE), FACES)
    with Gallery.open(path, key=KEYS[0]) as plain:
        contract = plain.contract
    with opened(path, contract=contract) as gallery:
        problems = gallery.check() + wrong_faces(gallery, everybody, contract)
        applied = contract == NEW
        if applied:
            return problems, "applied" not in said
        if "applied" in said:
            return [*problems, "the migration was acknowledged, but the gallery has the old contract"], False
        with gallery._store.reading() as connection:
            ready = connection.execute("SELECT count(*) FROM staged").fetchone()[0]
        if ready < (int(said[-1]) if said else 0):
            problems.append(f"{said[-1]} faces were acknowledged as embedded, but {ready} are")
        if gallery.migration() is not None and len(said) % 2:
            gallery.roll_back()
            return problems + gallery.check() + wrong_faces(gallery, everybody, OLD), False
        gallery.migrate(Toy(NEW))
        return problems + gallery.check() + wrong_faces(gallery, everybody, NEW), False


LEFT: dict[str, Callable[[Path, list[str]], tuple[list[str], bool]]] = {
    "enrol": left_of_enrol, "remove": left_of_remove, "rotate": left_of_rotate, "migrate": left_of_migrate,
}  # fmt: skip


# -------------------------------------------------------------------------------------------------------- the killing
@dataclass
class Tally:
    """What became of one operation's galleries."""

    kills: int = 0
    sound_and_exact: int = 0
    acknowledged: int = 0
    acknowledged_each: list[int] = field(default_factory=list)
    under_way_and_kept: int = 0
    vault_on: int = 0
    problems: list[str] = field(default_factory=list)


def kill_once(path: Path, operation: str, wait_s: float) -> list[str]:
    """Let another process work on a gallery, and kill it; what it had acknowledged."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), "--work", operation, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        lines = cast("IO[str]", process.stdout)
        if lines.readline() != "ready\n":
            raise SystemExit("the process that was to be killed did not begin")
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        said = lines.read()
    # a line without its end was never said
    return said[: said.rfind("\n") + 1].split()


def break_it(operation: str, kills: int, seed: int) -> Tally:
    """So many galleries, each killed at another moment."""
    chance, tally = np.random.default_rng((seed, *operation.encode())), Tally()
    with tempfile.TemporaryDirectory() as folder:
        made = {}
        for vault in (True, False):
            made[vault] = Path(folder) / f"made-{vault}" / "people.vultus"
            fill(made[vault], vault=vault, people=0 if operation == "enrol" else PEOPLE)
        for kill in range(kills):
            vault = operation == "rotate" or kill % 2 == 0
            path = Path(folder) / str(kill) / "people.vultus"
            shutil.copytree(made[vault].parent, path.parent)
            said = kill_once(path, operation, chance.uniform(0, SPAN_S[operation]))
            problems, kept = LEFT[operation](path, said)
            tally.kills += 1
            tally.vault_on += vault
            tally.sound_and_exact += not problems
            tally.acknowledged += len(said)
            tally.acknowledged_each.append(len(said))
            tally.under_way_and_kept += kept
            tally.problems += [f"kill {kill}: {problem}" for problem in problems]
            shutil.rmtree(path.parent)
    return tally


@contextmanager
def a_full_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of this size; needs root.

    Raises:
        PermissionError: mounting is not allowed.
    """
    folder.mkdir(exist_ok=True)
    size = f"size={kilobytes}k"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=False).returncode:
        raise PermissionError("mount is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def main() -> None:
    """Break galleries, and write what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--only", default=",".join(WORK))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", nargs=2, metavar=("OPERATION", "PATH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        operation, path = given.work
        with opened(Path(path)) as gallery:
            say("ready")
            WORK[operation](gallery)
        return
    start, rows = time.perf_counter(), {}
    for operation in given.only.split(","):
        rows[operation] = asdict(break_it(operation, given.kills, given.seed))
        sys.stderr.write(f"{operation}: {rows[operation]}\n")
    content = {
        "schema": "vultus.faults/1", "seed": given.seed, "operations": rows,
        "system": f"{platform.system()} {platform.release()}", "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version, "seconds": round(time.perf_counter() - start),
    }  # fmt: skip
    (ROOT / "results/faults.json").write_text(json.dumps(content, indent=1) + "\n")
    sys.exit(any(row["problems"] for row in rows.values()))


if __name__ == "__main__":
    main()
