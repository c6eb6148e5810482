"""Every door answers like a plain numpy oracle, whatever has been done to the gallery before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from unit.gallery.encrypted.keys import key
from unit.gallery.fake import FakeEngine, person, picture, vector
from vultus.gallery import Gallery, matrix
from vultus.gallery.doors import DOORS, RULES, TABLE, open_door
from vultus.gallery.filters import Filter
from vultus.gallery.search import background_of
from vultus.gallery.templates import Changes, Templates

# Part of the oracle's people that a door must find; 1 means the same people in the same order.
RECALL = {"exact": 1.0, "graph": 0.99, "milvus": 1.0, "encrypted": 0.97}
EXACT = {"exact", "milvus", "encrypted"}  # with the index FLAT
CLOSE = dict.fromkeys(DOORS, 2e-6)  # of a similarity: float32 beside float64
CLOSE["encrypted"] = 0.012  # templates and probes of 8 bits
CROWD = 150  # enough people for the graph to be used
every_door = pytest.mark.parametrize("door", DOORS)
every_rule = pytest.mark.parametrize("by", RULES)
People = dict[str, list[np.ndarray]]


def test_every_door_is_examined() -> None:
    assert len(RECALL) == 4
    assert set(RECALL) == set(DOORS)


def oracle(people: People, probe: np.ndarray, top: int, by: str, background: float) -> list[tuple[str, float]]:
    """The plain way: person by person, in float64."""
    rows = []
    for name, own in people.items():
        mean = np.mean(own, axis=0, dtype=np.float64)
        left = 1 - background
        stretch = (left / min(max(mean @ mean - background, left / 4), left)) ** 0.3 if len(own) > 1 else 1.0
        averaged = background + stretch * (mean @ probe - background)
        rows.append((name, min(float(max(np.array(own) @ probe) if by == "best" else averaged), 1.0)))
    return sorted(rows, key=lambda row: -row[1])[:top]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a door asks for; a server of Milvus instead of a file where one is named."""
    uri = os.environ.get("VULTUS_TEST_MILVUS_URI") or str(tmp_path_factory.mktemp("milvus") / "milvus.db")
    return {
        "milvus": {"uri": uri, "index": "FLAT", "allow_plain": True},
        "encrypted": {"key": key()},
    }


class Tally:
    """What was found of what the oracle finds."""

    def __init__(self, door: str) -> None:
        self.door, self.found, self.wanted = door, 0, 0

    def compare(self, answer: list[tuple[str, float]], wanted: list[tuple[str, float]]) -> None:
        """One answer: as many people, falling similarities, those of the oracle for people found by both."""
        assert len(answer) == len(wanted)
        assert len(dict(answer)) == len(answer), "nobody twice"
        assert [score for _, score in answer] == sorted((score for _, score in answer), reverse=True)
        scores = dict(wanted)
        shared = {name: score for name, score in answer if name in scores}
        for name, score in shared.items():
            assert score == pytest.approx(scores[name], abs=CLOSE[self.door])
        self.found += len(shared)
        self.wanted += len(wanted)

    def settle(self) -> None:
        assert self.wanted > 0
        assert self.found / self.wanted >= RECALL[self.door], f"{self.found} of {self.wanted}"


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@every_door
@every_rule
@pytest.mark.parametrize("background", [0.0, 0.4])
def test_random_galleries(door: str, by: str, background: float, options: dict[str, dict[str, Any]]) -> None:
    tally = Tally(door)

    @settings(max_examples=15, derandomize=True)
    @given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.sampled_from([1, 1, 20, 50]), st.integers(1, 12),
           st.sampled_from([None, None, 0.03, 0.3, 0.9]), st.integers(0, 999))  # fmt: skip
    def answers(counts: list[int], times: int, top: int, share: float | None, seed: int) -> None:
        random = np.random.default_rng(seed)
        counts = counts * times
        starts = np.cumsum([0, *counts])[:-1]
        middle = np.sqrt(background) * np.eye(24)[0] + np.sqrt((1 - background) / 24) * random.normal(
            size=(len(counts), 24)
        )
        vectors = unit(np.repeat(middle, counts, axis=0) + 0.1 * random.normal(size=(sum(counts), 24)))
        names = tuple(f"p{n}" for n in range(len(counts)))
        templates = Templates(1, names, starts, np.arange(len(vectors)), vectors)
        people = dict(zip(names, np.split(vectors, starts[1:]), strict=True))
        probes = unit(vectors[random.integers(0, len(vectors), 4)] + 0.15 * random.normal(size=(4, 24)))
        within = None if share is None else np.flatnonzero(random.random(len(counts)) < share)
        if within is not None:
            people = {names[at]: people[names[at]] for at in within}
        opened = open_door(door, templates, by, background, options.get(door))
        found = opened.search(probes, top, within)
        assert opened.count(within) == sum(len(own) if by == "best" else 1 for own in people.values())
        if TABLE[door].afar:
            opened.close()
        for probe, answer in zip(probes, found, strict=True):
            wanted = oracle(people, probe.astype(np.float64), top, by, background)
            tally.compare([(one.name, one.similarity) for one in answer], wanted)
            for one in answer if by == "best" else []:
                face = vectors[one.face_id]
                assert any(np.array_equal(face, own) for own in people[one.name])
                assert one.similarity == pytest.approx(min(float(face @ probe), 1.0), abs=CLOSE[door])

    answers()
    tally.settle()


@pytest.mark.parametrize("door", [door for door in DOORS if not TABLE[door].afar])
@every_rule
def test_changes(door: str, by: str, options: dict[str, dict[str, Any]]) -> None:
    """People who come, change and go while the door is open."""
    tally = Tally(door)
    random = np.random.default_rng(5)
    people = {number: unit(random.normal(size=(1 + number % 3, 24))) for number in range(1, CROWD)}
    opened = open_door(door, gallery_of(people), by, 0.3, options.get(door))
    n_taken = 0
    for turn in range(6):
        gone = random.choice(list(people), 3, replace=False)
        touched = {int(number): unit(random.normal(size=(1 + turn % 2, 24))) for number in random.integers(1, 300, 4)}
        touched = {number: own for number, own in touched.items() if number not in gone}
        people = {number: own for number, own in people.items() if number not in gone} | touched
        people = dict(sorted(people.items()))
        if opened.update(Changes(turn + 2, np.sort(gone), gallery_of(dict(sorted(touched.items()))))):
            n_taken += 1
        else:
            opened = open_door(door, gallery_of(people), by, 0.3, options.get(door))
        numbers = np.array(list(people))
        assert np.array_equal(opened.positions(np.append(gone, numbers)), np.arange(len(people)))
        assert opened.n_people == len(people)
        for within in (None, opened.positions(numbers[::3])):
            some = people if within is None else {int(numbers[at]): people[int(numbers[at])] for at in within}
            probes = unit(np.stack([own[0] for own in list(some.values())[:20:4]]) + 0.1 * random.normal(size=(5, 24)))
            wanted = {f"p{number}": list(own) for number, own in some.items()}
            for probe, answer in zip(probes, opened.search(probes, 7, within), strict=True):
                found = [(one.name, one.similarity) for one in answer]
                tally.compare(found, oracle(wanted, probe.astype(np.float64), 7, by, 0.3))
    assert n_taken > 0 or door == "encrypted"
    tally.settle()


def gallery_of(people: dict[int, np.ndarray]) -> Templates:
    counts = np.array([len(own) for own in people.values()], dtype=np.int64)
    return Templates(
        1, tuple(f"p{number}" for number in people), np.cumsum(counts) - counts, np.arange(counts.sum()),
        np.concatenate([np.zeros((0, 24), np.float32), *people.values()]), np.array(list(people), dtype=np.int64),
    )  # fmt: skip


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, People]:
    """A gallery of many people with one to three faces each."""
    path = tmp_path_factory.mktemp("crowd") / "people.vultus"
    people: People = {}
    items = [(f"p{n}", n, seed) for n in range(CROWD) for seed in range(1 + n % 3)]
    with Gallery.open(path, engine=FakeEngine()) as gallery:
        for (name, n, seed), done in zip(items, gallery.enroll_many(
            [(name, picture(person(f"who{n}", 0.3, seed))) for name, n, seed in items]), strict=True
        ):  # fmt: skip
            assert done.accepted
            people.setdefault(name, []).append(vector(f"who{n}", 0.3, seed))
    return path, people


class Life(RuleBasedStateMachine):
    """What happens to a gallery: people come, get more faces and other names, and go; the file is closed and opened.

    The oracle keeps its own books, in the order of enrolment.
    """

    door, by = "exact", "average"
    options: dict[str, Any] | None = None
    crowd: tuple[Path, People]
    tally: Tally

    @initialize()
    def begin(self) -> None:
        path, people = self.crowd
        self.path = path.with_name(f"life-{self.door}-{self.by}.vultus")
        shutil.copy(path, self.path)
        self.people = {name: list(own) for name, own in people.items()}
        self.part: dict[str, str] = dict.fromkeys(people, "default")
        self.tagged: set[str] = set()
        self.came = 0
        self.engine = FakeEngine()
        self.background = background_of(self.engine.calibration)
        self.gallery = self._open()

    def _open(self) -> Gallery:
        return Gallery.open(self.path, engine=self.engine, door=self.door, door_options=self.options, templates=self.by)

    def _enrol(self, gallery: Gallery, name: str, who: str, collection: str = "") -> None:
        self.came += 1
        done = gallery.enroll(name, picture(person(who, 0.3, self.came), seed=1000 + self.came), collection=collection)
        self.part.setdefault(name, collection or "default")
        assert len(done.accepted) == 1
        self.people.setdefault(name, []).append(vector(who, 0.3, self.came))

    @rule(part=st.sampled_from(["", "staff"]))
    def somebody_comes(self, part: str) -> None:
        self._enrol(self.gallery, f"new{self.came}", f"stranger{self.came}", part)

    @rule(at=st.integers(0, 10_000))
    def gets_a_tag(self, at: int) -> None:
        name = list(self.people)[at % len(self.people)]
        self.gallery.tag(name, add=["vip"])
        self.tagged.add(name)

    @rule(at=st.integers(0, 10_000))
    def gets_another_face(self, at: int) -> None:
        name = list(self.people)[at % len(self.people)]
        self._enrol(self.gallery, name, f"who{at % CROWD}")

    @rule(at=st.integers(0, 10_000))
    def gets_another_name(self, at: int) -> None:
        old = list(self.people)[at % len(self.people)]
        self.came += 1
        new = f"renamed{self.came}"
        self.gallery.rename(old, new)
        self.people = {new if name == old else name: own for name, own in self.people.items()}
        self.part[new] = self.part.pop(old)
        self.tagged = {new if name == old else name for name in self.tagged}

    @precondition(lambda self: len(self.people) > CROWD - 10)
    @rule(at=st.integers(0, 10_000))
    def goes(self, at: int) -> None:
        name = list(self.people)[at % len(self.people)]
        assert self.gallery.remove(name) == len(self.people.pop(name))
        del self.part[name]
        self.tagged.discard(name)

    @rule()
    def is_closed_and_opened(self) -> None:
        self.gallery.close()
        self.gallery = self._open()

    @rule(at=st.integers(0, 10_000))
    def another_program_changes_it(self, at: int) -> None:
        with self._open() as other:
            self._enrol(other, f"other{self.came}", f"who{at % CROWD}")

    @rule(at=st.integers(0, 10_000), top=st.integers(1, 12))
    def is_asked(self, at: int, top: int) -> None:
        self._ask(at, top, None, self.people)

    @rule(at=st.integers(0, 10_000), top=st.integers(1, 12), by=st.sampled_from(["names", "part", "tag", "both"]))
    def is_asked_among_some(self, at: int, top: int, by: str) -> None:
        names = list(self.people)[at % 7 :: 1 + at % 5]
        within, some = {
            "names": (Filter(people=(*names, "nobody")), set(names)),
            "part": (Filter(collections=("staff",)), {name for name, part in self.part.items() if part == "staff"}),
            "tag": (Filter(tags=("vip",)), self.tagged),
            "both": (Filter(people=names, tags=("vip",)), self.tagged & set(names)),
        }[by]
        self._ask(at, top, within, {name: own for name, own in self.people.items() if name in some})

    def _ask(self, at: int, top: int, within: Filter | None, people: People) -> None:
        for who, noise in ((f"who{at % CROWD}", 0.5), (f"unknown{at}", 0.0)):
            (face,) = self.engine.find(picture(person(who, noise, at)))
            (answer,) = self.gallery.identify_faces([face], top=top, within=within)
            probe = vector(who, noise, at).astype(np.float64)
            wanted = oracle(people, probe, top, self.by, self.background)
            self.tally.compare([(one.name, one.similarity) for one in answer.candidates], wanted)
            assert answer.decision.gallery_size == len(people)

    @invariant()
    def knows_how_many(self) -> None:
        if hasattr(self, "gallery"):
            assert len(self.gallery) == len(self.people)

    def teardown(self) -> None:
        if hasattr(self, "gallery"):
            recall = self.gallery.recall()
            assert (recall is None) == (self.door in EXACT), "too few people for this door to be used"
            assert self.gallery.check() == []
            self.gallery.close()


@every_door
@every_rule
def test_a_gallery_through_its_life(
    door: str, by: str, crowd: tuple[Path, People], options: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "KEPT_FROM", 2 * CROWD)
    tally = Tally(door)
    kind = type("Life", (Life,), {
        "door": door, "by": by, "crowd": crowd, "tally": tally, "options": options.get(door),
    })  # fmt: skip
    run_state_machine_as_test(kind, settings=settings(max_examples=12, stateful_step_count=20, deadline=None))
    tally.settle()
