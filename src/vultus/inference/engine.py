"""The way of a picture: read, detect, align, embed, judge. The engine only joins these steps."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import numpy as np

from vultus.errors import ConfigError, NoFaceError, UnknownNameError, VultusError
from vultus.inference import video as video_source
from vultus.inference.align import build_aligner
from vultus.inference.detectors import build
from vultus.inference.embed import Embedder
from vultus.inference.expression import Expressions
from vultus.inference.image import name_of, read
from vultus.inference.liveness import chosen
from vultus.inference.quality import DEFAULT_GATE, QualityGate, assess
from vultus.inference.session import open_session
from vultus.inference.track import Looks, Tracker, follow
from vultus.types import FAILURE_TO_ACQUIRE, Box, Decision, Embedding, Face, prominent
from vultus.weights.calibration import load_calibration
from vultus.weights.store import pin, resolve
from vultus.weights.table import load_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import onnxruntime

    from vultus.inference.detect import Detections, Float, Image
    from vultus.inference.image import Source
    from vultus.inference.liveness import Wanted
    from vultus.inference.track import Sighting
    from vultus.inference.video import Frame
    from vultus.types import Calibration, Liveness, Track

    S = TypeVar("S", bound=Source)

Task = Literal["identity", "expression"]
TASKS: tuple[Task, ...] = ("identity", "expression")
_AHEAD = 4  # pictures decoded while others are being worked on
_MAX_PENDING_PIXELS = 48_000_000  # a batch is closed early at so many pixels: bounds memory with large pictures


class FaceEngine:
    """Finds, judges and embeds faces with one model pack. Built once, shared by any number of threads.

    Args:
        pack: name of a pack, or path of a manifest.
        device: where models run, "cpu" or e.g. "cuda:0"; never replaced in silence.
        threads: per operator; None takes all processors of this process.
        licence_policy: "commercial" refuses packs for research only.
        offline: never download.
        cache_dir: where rebuilt and pulled models lie; None for the user's cache.
        gate: limits a face must keep to be called good.
        liveness: check for presentation attacks; None does when the pack has a model for it, "rendered" takes the one
            that comes with Vultus, which was trained on rendered attacks only (docs/models/liveness.md).
        calibration: file written by `vultus calibrate`, in place of the pack's own thresholds.

    Raises:
        WeightsError: a model file is missing, damaged or refused.
        ConfigError: the device is not there, liveness is asked of a pack without it, or the calibration is damaged or
            holds for another contract.
        UnknownNameError: liveness is another word.

    Example:
        >>> engine = FaceEngine()
        >>> [face.box.xyxy.round() for face in engine.find("party.jpg")]  # doctest: +SKIP
    """

    def __init__(
        self,
        pack: str | Path = "dlib",
        *,
        device: str = "cpu",
        threads: int | None = None,
        licence_policy: Literal["any", "commercial"] = "any",
        offline: bool = False,
        cache_dir: Path | None = None,
        gate: QualityGate | None = None,
        liveness: Wanted = None,
        calibration: str | Path | None = None,
    ) -> None:
        loaded = load_pack(pack)
        files = resolve(loaded, cache_dir=cache_dir, offline=offline, licence_policy=licence_policy)
        self.pack = pin(loaded, cache_dir=cache_dir)
        self.contract = self.pack.contract()
        self._calibration = None if calibration is None else load_calibration(calibration, self.contract)
        self.gate = gate or DEFAULT_GATE

        def open_file(name: str) -> onnxruntime.InferenceSession:
            return open_session(files[name], device=device, threads=threads)

        self._detector = build(self.pack.detector, open_file)
        self._aligner = build_aligner(self.pack.aligner, files)
        session = open_session(files[self.pack.embedder.file], device=device, threads=threads)
        self.provider: str = session.get_providers()[0]
        self._embedder = Embedder(session, self.pack.embedder)
        self._liveness = chosen(
            self.pack, liveness, open_file, device=device, threads=threads, licence_policy=licence_policy
        )
        self._expressions = Expressions(device, threads, licence_policy)

    @property
    def calibration(self) -> Calibration:
        """The thresholds of the calibration file, or else of the pack.

        Raises:
            ConfigError: none were measured for this pack.
        """
        thresholds = self._thresholds()
        if thresholds is None:
            raise ConfigError(
                f"pack {self.pack.name} has no calibration, so no decision can be made with it; use pack dlib, or "
                f"measure one with: vultus calibrate FOLDER --pack {self.pack.name} --out FILE; then give it as "
                "calibration (--calibration FILE)"
            )
        return thresholds

    def _thresholds(self) -> Calibration | None:
        return self._calibration or next(iter(self.pack.calibrations), None)

    @overload
    def find(
        self, image: Source, *, embed: bool = True, max_faces: int | None = None, tasks: Collection[Task] | None = None
    ) -> list[Face]: ...

    # For lists of mixed kinds; `list[S]` takes a list of one kind, which is no `list[Source]`.
    @overload
    def find(
        self, image: list[Source], *, embed: bool = True, max_faces: int | None = None,
        tasks: Collection[Task] | None = None,
    ) -> list[list[Face]]: ...  # fmt: skip

    @overload
    def find(
        self, image: list[S], *, embed: bool = True, max_faces: int | None = None,
        tasks: Collection[Task] | None = None,
    ) -> list[list[Face]]: ...  # fmt: skip

    def find(
        self, image: Source | list[S] | list[Source], *, embed: bool = True, max_faces: int | None = None,
        tasks: Collection[Task] | None = None,
    ) -> list[Face] | list[list[Face]]:  # fmt: skip
        """Find the faces of a picture, or of each of a list of pictures.

        Args:
            image: a path, the bytes of a file, or RGB uint8 (H, W, 3); or a list of them, worked on as one batch.
            embed: also compute embeddings.
            max_faces: keep the largest ones only.
            tasks: in the place of `embed`: "identity" computes embeddings, "expression" fills `Face.expression`.

        Returns:
            Faces by detection score, best first; an empty list where there is none. For a list, one list per picture.

        Raises:
            ImageError: a picture cannot be read.
            ShapeError: an array is no RGB uint8 picture.
            ConfigError: max_faces is below 1.
            UnknownNameError: there is no such task.
            LicenceError: the licence policy forbids the expression model.
        """
        wanted = _tasks(embed, tasks)
        if max_faces is not None and max_faces < 1:
            raise ConfigError(f"max_faces must be at least 1, but is {max_faces}")
        if isinstance(image, list):
            return self._work([read(item) for item in image], wanted, max_faces)
        return self._work([read(image)], wanted, max_faces)[0]

    def find_each(
        self, sources: Iterable[S], *, embed: bool = True, batch: int = 16, tasks: Collection[Task] | None = None
    ) -> Iterator[tuple[S, list[Face] | VultusError]]:
        """Find faces in any number of pictures, in order and in bounded memory.

        Args:
            sources: pictures as for `find`; read lazily, a few ahead.
            embed: also compute embeddings.
            batch: pictures worked on at once.
            tasks: as for `find`.

        Yields:
            Each source with its faces, or with the error that it could not be read.

        Raises:
            ConfigError: batch is below 1.
        """
        if batch < 1:
            raise ConfigError(f"batch must be at least 1, but is {batch}")
        return self._find_each(sources, _tasks(embed, tasks), batch)

    def _find_each(
        self, sources: Iterable[S], tasks: frozenset[Task], batch: int
    ) -> Iterator[tuple[S, list[Face] | VultusError]]:
        pending: list[tuple[S, Image | VultusError]] = []
        pixels = 0
        for source, image in _read_ahead(sources):
            pending.append((source, image))
            pixels += 0 if isinstance(image, VultusError) else image.shape[0] * image.shape[1]
            if len(pending) >= batch or pixels >= _MAX_PENDING_PIXELS:
                yield from self._settle(pending, tasks)
                pending, pixels = [], 0
        yield from self._settle(pending, tasks)

    def _settle(
        self, pending: Sequence[tuple[S, Image | VultusError]], tasks: frozenset[Task]
    ) -> Iterator[tuple[S, list[Face] | VultusError]]:
        found = iter(self._work([image for _, image in pending if not isinstance(image, VultusError)], tasks, None))
        for source, image in pending:
            yield source, image if isinstance(image, VultusError) else next(found)

    def embed(self, image: Source) -> Embedding:
        """Embed the most prominent face of a picture.

        Raises:
            NoFaceError: there is no face, or liveness refused it; nothing else is ever embedded in its place.
            ImageError: the picture cannot be read.
        """
        embedding, why = self._probe(image)
        if embedding is None:
            raise NoFaceError(name_of(image), "" if why == FAILURE_TO_ACQUIRE else why)
        return embedding

    @property
    def mirrored(self) -> tuple[bool, ...]:
        """Which of the views that `crops` gives are mirrored."""
        return tuple(view.mirror for view in self.pack.aligner.views)

    def crops(self, image: Source, face: Face) -> Image:
        """What the embedder looks at when it embeds a face.

        Args:
            image: the picture.
            face: found in it.

        Returns:
            RGB, uint8, (views, S, S, 3).

        Raises:
            ImageError: the picture cannot be read.
        """
        return np.asarray(self._aligner.crops(read(image), face.box.xyxy[None], face.landmarks[None])[0], np.uint8)

    def embed_crops(self, crops: Image) -> Float:
        """Embed crops as `crops` gives them, changed or not.

        Args:
            crops: RGB, uint8, (B, views, S, S, 3).

        Returns:
            float32, (B, D), rows of unit length.

        Raises:
            ShapeError: crops have another shape.
        """
        return self._embedder.embed_views(crops)

    def verify(self, a: Source | Embedding, b: Source | Embedding, fmr: float = 1e-3) -> Decision:
        """Are these two pictures of one person?

        The most prominent face of each picture is compared.

        Args:
            a, b: pictures, or embeddings of this engine's contract.
            fmr: false match rate to accept.

        Returns:
            The decision; `matched` is False with a `reason` when a face was missing or refused.

        Raises:
            UnsupportedTargetError: the calibration cannot support so small a rate.
            ImageError: a picture cannot be read.
            ConfigError: the pack has no calibration, or an embedding has another contract.
        """
        calibration = self.calibration
        threshold = calibration.threshold(fmr)
        (first, why), (second, why_not_second) = self._probe(a), self._probe(b)
        if first is None or second is None:
            return Decision(False, None, threshold, fmr, calibration.calibration_id, reason=why or why_not_second)
        similarity = first.similarity(second)
        return Decision(similarity >= threshold, similarity, threshold, fmr, calibration.calibration_id)

    def _probe(self, item: Source | Embedding) -> tuple[Embedding | None, str]:
        """An embedding, or None and the reason why there is none."""
        if isinstance(item, Embedding):
            if item.contract != self.contract:
                raise ConfigError(f"this embedding has contract {item.contract}, the engine has {self.contract}")
            return item, ""
        face = prominent(self.find(item, max_faces=1))
        if face is None:
            return None, FAILURE_TO_ACQUIRE
        if face.embedding is None:
            return None, face.liveness.reason if face.liveness and face.liveness.reason else FAILURE_TO_ACQUIRE
        return face.embedding, ""

    def track(
        self,
        video: str | Path | int,
        *,
        fps: float | None = None,
        every: int = 1,
        on_frame: Callable[[Frame, list[Sighting]], None] | None = None,
    ) -> Iterator[Track]:
        """Follow faces through a video file, a camera or an rtsp:// stream.

        Args:
            video: file, address or camera index.
            fps: take at most so many frames per second; None takes all.
            every: look for faces in every so many-th of them only.
            on_frame: called for each frame with the tracks in it.

        Yields:
            Each track when it ends.

        Raises:
            VideoError: the source cannot be opened or has no frames.
            ConfigError: `every` is below 1.
        """
        thresholds = self._thresholds()
        looks = None if thresholds is None else Looks.of(thresholds)
        frames = video_source.frames(video, fps=fps)
        return follow(frames, self.find, tracker=Tracker(looks=looks), every=every, on_frame=on_frame)

    def _work(self, images: list[Image], tasks: frozenset[Task], max_faces: int | None) -> list[list[Face]]:
        """Detect in all pictures at once, then embed all their faces at once."""
        embed = "identity" in tasks
        found = [_largest(faces, max_faces) for faces in self._detector.detect(images)] if images else []
        alive = [self._judge(image, faces) for image, faces in zip(images, found, strict=True)]
        vectors = iter(self._vectors(images, found, alive) if embed else ())
        places = [faces.landmarks for faces in found]
        shown = iter(self._expressions.read(images, places) if "expression" in tasks else ())
        results: list[list[Face]] = []
        for image, faces, lives in zip(images, found, alive, strict=True):
            results.append([])
            for index, life in enumerate(lives):
                box, points, score = faces.boxes[index], faces.landmarks[index], float(faces.scores[index])
                embedding = Embedding(next(vectors), self.contract) if embed and (life is None or life.live) else None
                quality = assess(image, box, points, score, self.gate)
                results[-1].append(Face(Box(box), points, score, quality, embedding, life, next(shown, None)))
        return results

    def _judge(self, image: Image, faces: Detections) -> list[Liveness | None]:
        if self._liveness is None or not len(faces):
            return [None] * len(faces)
        return list(self._liveness.assess(image, faces.boxes))

    def _vectors(
        self, images: list[Image], found: list[Detections], alive: list[list[Liveness | None]]
    ) -> Iterator[Float]:
        """Embeddings of the faces that liveness let pass, in order, in batches that cross picture borders."""
        crops: list[Image] = []
        for image, faces, lives in zip(images, found, alive, strict=True):
            keep = np.array([index for index, life in enumerate(lives) if life is None or life.live], np.intp)
            if len(keep):
                crops.append(self._aligner.crops(image, faces.boxes[keep], faces.landmarks[keep]))
        if crops:
            yield from self._embedder.embed_views(np.concatenate(crops))


def _tasks(embed: bool, tasks: Collection[Task] | None) -> frozenset[Task]:
    if tasks is None:
        return frozenset({"identity"} if embed else ())
    for task in tasks:
        if task not in TASKS:
            raise UnknownNameError("task", str(task), TASKS, f"Known: {', '.join(TASKS)}")
    return frozenset(tasks)


def _largest(faces: Detections, count: int | None) -> Detections:
    if count is None or len(faces) <= count:
        return faces
    size = (faces.boxes[:, 2] - faces.boxes[:, 0]) * (faces.boxes[:, 3] - faces.boxes[:, 1])
    return faces.take(np.sort(np.argsort(-size, kind="stable")[:count]))


def _read_ahead(sources: Iterable[S]) -> Iterator[tuple[S, Image | VultusError]]:
    """Decode a few pictures ahead of their use."""
    rest = iter(sources)
    with ThreadPoolExecutor(2, thread_name_prefix="vultus-read") as pool:
        waiting = deque((source, pool.submit(_try_read, source)) for source in islice(rest, _AHEAD))
        while waiting:
            source, future = waiting.popleft()
            image = future.result()
            waiting.extend((item, pool.submit(_try_read, item)) for item in islice(rest, 1))
            yield source, image


def _try_read(source: Source) -> Image | VultusError:
    try:
        return read(source)
    except VultusError as error:
        return error
