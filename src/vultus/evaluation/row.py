"""A row of the bench, and what the measurements share: engine, pictures, peer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.evaluation.peer import Dlib
    from vultus.inference.engine import FaceEngine

    Image = NDArray[np.uint8]

# Everything in it is from dlib: the peer's own detector, landmarks and embedder.
CNN_PACK = "dlib-mmod"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement beside its peer.

    Attributes:
        what: what was measured.
        ours, peer: both results; None when not measured.
        peer_name: what the peer is; "" without one.
        ratio: how many times better ours is where more is better, and ours / peer where `unit` is a cost.
        unit: of both results.
        n: how many things were measured.
        goal: what it should reach, in words.
        met: whether it does; None without a goal or a result.
        reason: why it was not measured, else how to read it.
    """

    what: str
    ours: float | None = None
    peer: float | None = None
    peer_name: str = ""
    ratio: float | None = None
    unit: str = ""
    n: int = 0
    goal: str = ""
    met: bool | None = None
    reason: str = ""


@dataclass
class Bench:
    """What a measurement may use; each part is built when first asked for.

    Attributes:
        pack: name of the pack or path of its manifest.
        data: folder with the evaluation data, or None.
        threads: for both sides.
        quick: measure on few things, to see that it runs.
        details: cases to be looked at, by measurement; filled as it goes.
        tell: called with a line about what is being done.
    """

    pack: str | Path = "dlib"
    data: Path | None = None
    threads: int = 2
    quick: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda line: None

    @cached_property
    def engine(self) -> FaceEngine:
        """The engine under test."""
        from vultus.inference.engine import FaceEngine

        return FaceEngine(self.pack, threads=self.threads)

    @cached_property
    def cnn_engine(self) -> FaceEngine:
        """The engine with dlib's CNN detector rebuilt."""
        from vultus.inference.engine import FaceEngine

        return FaceEngine(CNN_PACK, threads=self.threads)

    @cached_property
    def network(self) -> Callable[[Image], NDArray[np.float32]]:
        """The embedder of dlib rebuilt, alone, without flip or centring: chips (B, 150, 150, 3) to (B, 128)."""
        from vultus.inference.session import open_session
        from vultus.weights.store import resolve
        from vultus.weights.table import load_pack

        pack = load_pack(CNN_PACK)
        session = open_session(resolve(pack)[pack.embedder.file], threads=self.threads)
        name = session.get_inputs()[0].name

        def embed(chips: Image) -> NDArray[np.float32]:
            out: NDArray[np.float32] = session.run(None, {name: chips})[0]
            return out

        return embed

    @cached_property
    def peer(self) -> Dlib:
        """Dlib."""
        from vultus.evaluation.peer import Dlib

        return Dlib(self.threads)

    def folder(self, name: str) -> Path:
        """A folder of the evaluation data.

        Raises:
            InputError: no data folder was given, or it lacks this one.
        """
        if self.data is None:
            raise InputError(f"needs the evaluation data {name}: give --data DIR")
        # Both the data folder itself and the folder that holds it are taken.
        for place in (self.data / name, self.data / "data" / name):
            if place.is_dir():
                return place
        raise InputError(f"{self.data} has no folder {name}")

    @property
    def upsample(self) -> int:
        """How often the rebuilt CNN detector enlarges a picture, so that dlib's does the same."""
        return int(self.cnn_engine.pack.detector.options.get("upsample", 0))

    def count(self, full: int, quick: int) -> int:
        """How many things to measure."""
        return quick if self.quick else full

    def lfw(self, count: int) -> list[Path]:
        """Pictures of `lfw_view2`, evenly spread over the people."""
        files = sorted((self.folder("lfw_view2") / "images").iterdir())
        return [files[index] for index in np.linspace(0, len(files) - 1, min(count, len(files))).astype(int)]

    def photographs(self) -> Iterator[Image]:
        """Real photographs: the marked ones of the data, or the portrait that scikit-image carries.

        Raises:
            InputError: neither is there.
        """
        from vultus.inference.image import read

        try:
            files = sorted((self.folder("detection_small") / "images").iterdir())
        except InputError:
            files = []
        yield from (read(path) for path in files)
        if not files:
            yield _portrait()


@dataclass(frozen=True, slots=True)
class Measurement:
    """A function that measures some rows; `peer` says that it needs dlib."""

    name: str
    run: Callable[[Bench], Iterable[Row]]
    peer: bool = False


def scaled(image: Image, height: int, width: int) -> Image:
    """Nearest-neighbour scaling, enough for pictures whose size alone matters; RGB uint8, (height, width, 3)."""
    rows = np.arange(height) * image.shape[0] // height
    columns = np.arange(width) * image.shape[1] // width
    return np.ascontiguousarray(image[rows][:, columns])


def _portrait() -> Image:
    try:
        from skimage.data import astronaut
    except ImportError:
        message = 'needs a photograph: give --data DIR, or run: pip install "vultus[demo]"'
        raise InputError(message) from None
    image: Image = astronaut()  # type: ignore[no-untyped-call]
    return image
