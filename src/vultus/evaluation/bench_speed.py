"""Bench rows about speed: embedding, detection, the whole way, and what our code adds to onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.bench_parity import face_chips
from vultus.evaluation.peer import PEER, RECIPE_CNN, RECIPE_HOG
from vultus.evaluation.row import Bench, Row, scaled
from vultus.evaluation.timing import interleaved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vultus.inference.engine import FaceEngine

    Image = NDArray[np.uint8]

BATCH = 16
EMBED_GOAL, CNN_GOAL, RECIPE_CNN_GOAL, RECIPE_HOG_GOAL, OVERHEAD_GOAL = 8.0, 10.0, 5.0, 1.0, 1.10


def embedding(bench: Bench) -> Iterator[Row]:
    """Faces embedded per second from aligned chips, batches of 16: the same network with the same weights."""
    chips = face_chips(bench, bench.count(4 * BATCH, 2))
    batches = [chips[start : start + BATCH] for start in range(0, len(chips), BATCH)]
    run = bench.network

    def ours() -> None:
        for batch in batches:
            run(np.stack(batch))

    def peer() -> None:
        for batch in batches:
            bench.peer.embed(batch)

    timed = interleaved(ours, peer, bench.count(5, 1))
    yield _faster("embedding, batch 16, one crop per face", timed, len(chips), PEER, EMBED_GOAL, "faces/s")


def cnn_detection(bench: Bench) -> Iterator[Row]:
    """Detection on 640 x 480 pictures against dlib's CNN: the pack's own detector, and dlib's CNN rebuilt."""
    pictures = [scaled(picture, 480, 640) for picture in bench.photographs()][: bench.count(9, 1)]
    engines = ((f"detector of {bench.engine.pack.name}", bench.engine), ("dlib's CNN rebuilt", bench.cnn_engine))
    for name, engine in engines:

        def ours(engine: FaceEngine = engine) -> None:
            for picture in pictures:
                engine.find(picture, embed=False)

        def peer() -> None:
            for picture in pictures:
                bench.peer.detect(picture, "cnn", bench.upsample)

        timed = interleaved(ours, peer, bench.count(3, 1))
        peer_name = f"{PEER} CNN, enlarged {bench.upsample} times"
        yield _faster(f"detection on 640 x 480, {name}", timed, len(pictures), peer_name, CNN_GOAL, "pictures/s")


def recipes(bench: Bench) -> Iterator[Row]:
    """Files to embeddings on LFW pictures against the face_recognition recipe."""
    from vultus.inference.image import read

    kinds: tuple[tuple[Literal["cnn", "hog"], str, float, int], ...] = (
        ("cnn", RECIPE_CNN, RECIPE_CNN_GOAL, 32),
        ("hog", RECIPE_HOG, RECIPE_HOG_GOAL, 64),
    )
    for model, name, goal, count in kinds:
        files = bench.lfw(bench.count(count, 1))

        def ours(files: Any = files) -> None:
            bench.engine.find(files)

        def peer(files: Any = files, model: Literal["cnn", "hog"] = model) -> None:
            for path in files:
                bench.peer.recipe(read(path), model)

        timed = interleaved(ours, peer, bench.count(3, 1))
        yield _faster("LFW pictures: read, detect, align, embed", timed, len(files), name, goal, "pictures/s")


def overhead(bench: Bench) -> Iterator[Row]:
    """What the engine takes beyond the bare onnxruntime calls on the same tensors."""
    from vultus.inference.image import read

    try:
        pictures = [read(path) for path in bench.lfw(bench.count(2 * BATCH, 2))]
    except InputError:
        pictures = [scaled(picture, 250, 250) for picture in bench.photographs()]
    engine = bench.engine

    def ours() -> None:
        engine.find(pictures)

    replay, n_calls = recorded(ours)
    engine_s, bare_s = interleaved(ours, replay, bench.count(7, 1))
    ratio = engine_s / bare_s
    yield Row(
        what="engine beside its bare onnxruntime calls",
        ours=engine_s * 1e3 / len(pictures),
        peer=bare_s * 1e3 / len(pictures),
        peer_name="onnxruntime, same tensors",
        ratio=ratio,
        unit="ms/picture",
        n=len(pictures),
        goal=f"<= {OVERHEAD_GOAL}",
        met=ratio <= OVERHEAD_GOAL,
        reason=f"detect, align, assess, embed on decoded pictures; {n_calls} calls replayed",
    )


def recorded(run: Callable[[], object]) -> tuple[Callable[[], None], int]:
    """Run once while noting every onnxruntime call, and return a function that repeats just those calls.

    Raises:
        InputError: there were none.
    """
    import onnxruntime

    original = onnxruntime.InferenceSession.run
    calls: list[tuple[Any, Any, dict[str, Any]]] = []

    def note(session: Any, names: Any, feed: dict[str, Any], options: Any = None) -> Any:
        calls.append((session, names, {key: np.array(value) for key, value in feed.items()}))
        return original(session, names, feed, options)

    onnxruntime.InferenceSession.run = note
    try:
        run()
    finally:
        onnxruntime.InferenceSession.run = original
    if not calls:
        raise InputError("the engine makes no onnxruntime calls on these pictures")

    def replay() -> None:
        for session, names, feed in calls:
            original(session, names, feed)

    return replay, len(calls)


def _faster(what: str, timed: tuple[float, float], count: int, peer_name: str, goal: float, unit: str) -> Row:
    ours_s, peer_s = timed
    ratio = peer_s / ours_s
    return Row(
        what=what,
        ours=count / ours_s,
        peer=count / peer_s,
        peer_name=peer_name,
        ratio=ratio,
        unit=unit,
        n=count,
        goal=f">= {goal:g} x",
        met=ratio >= goal,
    )
