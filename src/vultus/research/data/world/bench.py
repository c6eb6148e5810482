"""The suite of `vultus bench world`: faces per second, and whether our own detector takes them for faces."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.row import Bench, Measurement, Row
from vultus.research.data.world import actions, clips, hair, portraits, renderer, scene, wear
from vultus.research.data.world.people import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGES = ("numba", "scipy")
GOAL, FOUND = 500, 0.9


def _rate(work: Callable[[], Any], count: int, repeats: int) -> tuple[float, float]:
    """How many per second of clock, at best, and per second that processors worked."""
    clock, busy = [], []
    for _ in range(repeats):
        start, begun = perf_counter(), sum(os.times()[:2])
        work()
        clock.append(perf_counter() - start)
        busy.append(sum(os.times()[:2]) - begun)
    return count / min(clock), count / max(min(busy), 1e-9)


def speed(bench: Bench) -> Iterator[Row]:
    """Faces per second: people drawn, posed, lit and rendered."""
    count, repeats = bench.count(512, 32), bench.count(3, 1)
    rgb = ("rgb",)
    sorts = (
        ("faces of 64x64, RGB", 64, rgb, count),
        ("faces of 64x64, every mode", 64, renderer.MODES, count // 4),
        ("faces of 256x256, RGB", 256, rgb, max(count // 16, 2)),
    )
    for what, size, modes, n in sorts[: 2 if bench.quick else 3]:

        def work(size: int = size, modes: tuple[str, ...] = modes, n: int = n) -> None:
            who = draw(n, seed=1)
            renderer.render(portraits.posed(who, 1)[0], size, modes, threads=bench.threads)

        work()  # compiled, and all meshes built
        clock, busy = _rate(work, n, repeats)
        first = size == 64 and modes == rgb
        yield Row(
            what=what, ours=clock, unit="faces/s", n=n * repeats, goal=f">= {GOAL}/s" if first else "",
            met=clock >= GOAL if first else None,
            reason=f"people, pose, light, shadow and camera included, best of {repeats}; {busy:.0f} per second that a "
            "processor works",
        )  # fmt: skip


def tracks(bench: Bench) -> Iterator[Row]:
    """Frames per second of landmarks alone, and of rendered clips."""
    count, repeats = bench.count(2000, 60), bench.count(2, 1)
    who = draw(1, seed=2).take(np.zeros(count, np.int64))
    still = scene.draw(who, np.zeros((count, len(actions.NAMES)), np.float32), np.random.default_rng(0))
    renderer.tracks(still)
    clock, _ = _rate(lambda: renderer.tracks(still), count, repeats)
    yield Row(what="frames of 68 landmarks, not rendered", ours=clock, unit="frames/s", n=count * repeats)
    n = max(count // 200, 2)
    clock, _ = _rate(lambda: clips.draw(n, 1, 16, 64), 16 * n, repeats)
    yield Row(what="frames of clips of 64x64", ours=clock, unit="frames/s", n=16 * n * repeats)


def detected(bench: Bench) -> Iterator[Row]:
    """Share of frontal pictures of 256x256 in which the default detector finds the face."""
    count = bench.count(200, 4)
    who = draw(count, seed=3)
    posed, shown = portraits.posed(who, 3, turn=0.25)
    truth = renderer.render(posed, 256, ("rgb", "landmarks5"), threads=bench.threads)
    hits = []
    for picture, points in zip(truth["rgb"], truth["landmarks5"], strict=True):
        left, top = points.min(0)
        right, low = points.max(0)
        middle = ((left + right) / 2, (top + low) / 2)
        boxes = [face.box.xyxy for face in bench.engine.find(picture)]
        hits.append(any(b[0] < middle[0] < b[2] and b[1] < middle[1] < b[3] for b in boxes))
    found = np.array(hits)
    groups = {
        "expression": {word: found[shown == n] for n, word in enumerate(actions.EXPRESSIONS)},
        "hair": {word: found[who.hair == n] for n, word in enumerate(hair.STYLES)},
        "wear": {word: found[who.wear == n] for n, word in enumerate(wear.KINDS)},
        "skin tone": {f"{low:.2f} to {low + 0.25:.2f}": found[(who.skin_tone >= low) & (who.skin_tone < low + 0.25)]
                      for low in (0, 0.25, 0.5, 0.75)},
    }  # fmt: skip
    bench.details["detected"] = {
        by: {word: {"found": int(part.sum()), "of": len(part)} for word, part in group.items() if len(part)}
        for by, group in groups.items()
    }
    yield Row(
        what=f"frontal faces of 256x256 found by {bench.engine.pack.name}", ours=float(found.mean()), unit="share",
        n=count, goal=f">= {FOUND:g}", met=bool(found.mean() >= FOUND),
        reason="all expressions, hair, glasses and masks; the middle of the face lies in the box",
    )  # fmt: skip


MEASUREMENTS = (
    Measurement("speed", speed),
    Measurement("tracks", tracks),
    Measurement("detected", detected),
)
