"""Build the engine and open the gallery a verb asked for."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vultus.cli.console import Bar, say, waiting
from vultus.cli.options import DEFAULT_PACK, Runner
from vultus.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from vultus.gallery.collection import Gallery
    from vultus.gallery.doors import Recall
    from vultus.gallery.enrol import Engine
    from vultus.gallery.filters import Filter
    from vultus.inference.engine import FaceEngine


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine options of a command line.

    Attributes:
        pack: name or manifest file; None for the default pack.
        device: e.g. "cpu".
        threads: None for all cores.
        offline: never download.
        policy: "any" or "commercial".
        calibration: file in place of the pack's thresholds.
        liveness: "pack", "rendered" or "off".
    """

    pack: str | None = None
    device: str = "cpu"
    threads: int | None = None
    offline: bool = False
    policy: str = "any"
    calibration: Path | None = None
    liveness: Literal["pack", "rendered", "off"] = "pack"

    def engine(self) -> FaceEngine:
        """Build the engine; at the first run of a pack this also rebuilds its networks, which takes seconds."""
        pack = self.pack or DEFAULT_PACK
        with waiting(f"loading model pack {pack} ..."):
            from vultus.inference.engine import FaceEngine

            return FaceEngine(
                pack,
                device=self.device,
                threads=self.threads,
                offline=self.offline,
                licence_policy="commercial" if self.policy == "commercial" else "any",
                calibration=self.calibration,
                liveness={"pack": None, "rendered": "rendered", "off": False}[self.liveness],
            )


def worker_engine(choice: Choice) -> Callable[[], FaceEngine]:
    """Builds the engine of a worker on a cluster, which has a processor for each."""
    return partial(_build, replace(choice, threads=choice.threads or 1))


def _build(choice: Choice) -> FaceEngine:
    return choice.engine()


@contextmanager
def running(choice: Choice, runner: Runner, workers: int) -> Iterator[Engine]:
    """The engine, with many pictures looked at in this process or on a cluster."""
    engine = choice.engine()
    if runner is Runner.local:
        yield engine
        return
    from vultus.batch.rayengine import RayEngine

    with RayEngine(engine, worker_engine(choice), workers) as far:
        yield far


def gallery_path(given: Path | None) -> Path:
    """The gallery file given, or the user's own."""
    if given is not None:
        return given
    import platformdirs

    return platformdirs.user_data_path("vultus", appauthor=False) / "gallery.db"


def pack_of(given: Path | None, *, needed: bool = False) -> str:
    """The pack a gallery was made with; the default pack when there is none, or it is no pack of ours.

    Args:
        given: the --gallery option.
        needed: the gallery must be there; told before an engine is built for nothing.

    Raises:
        StoreError: it is needed and missing, or it is no gallery.
    """
    from vultus.weights import PACKS

    name = ""
    path = gallery_path(given)
    # an empty file is what a full disk leaves of a gallery that was to be made
    if needed or (path.exists() and path.stat().st_size > 0):
        with open_gallery(given) as people:
            name = people.contract.rpartition(":")[0]
    return name if name in PACKS else DEFAULT_PACK


def open_gallery(
    given: Path | None,
    engine: Engine | None = None,
    *,
    write: bool = False,
    create: bool = True,
    door: str = "exact",
    door_options: Mapping[str, Any] | None = None,
    logged: bool = False,
    purpose: str = "",
    crops: bool | None = None,
) -> Gallery:
    """Open a gallery; only verbs that bring people in may create one.

    Args:
        given: the --gallery option.
        engine: needed by verbs that look at pictures.
        write: open for writing.
        create: with `write`, make the file when there is none.
        door: the --door option.
        door_options: see `far_options`.
        logged: what is asked goes into the audit log, wherever the file may be written.
        purpose: the --purpose option.
        crops: the --crops option.

    Raises:
        StoreError: there is no such file.
    """
    from vultus.gallery.collection import Gallery

    path = gallery_path(given)
    create = write and create
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise StoreError(f"there is no gallery at {path}; make one with: vultus enroll FOLDER --gallery {path}")
    # Where the templates are copied to is noted in the gallery.
    write = write or bool(door_options)
    if logged and not write:
        write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        if not write:
            say(f"{path} is read-only: what you ask now is not in its audit log", "yellow")
    return Gallery.open(
        path, engine=engine, create=create, read_only=not write, door=door, door_options=door_options, crops=crops,
        actor=os.environ.get("VULTUS_ACTOR", ""), purpose=purpose or os.environ.get("VULTUS_PURPOSE", ""),
    )  # fmt: skip


def far_options(door: str, milvus_uri: str, allow_plain: bool) -> dict[str, Any]:
    """What the --door asks for besides, from the options --milvus-uri and --allow-plain.

    Raises:
        ConfigError: one of them was given for another door, or none for this one.
    """
    if door != "milvus":
        if allow_plain:
            raise ConfigError("--allow-plain is for --door milvus only")
        return {}
    return {
        "uri": milvus_uri, "allow_plain": allow_plain, "progress": partial(Bar, "copying templates into Milvus"),
    }  # fmt: skip


def among(
    people: Sequence[str] | None,
    collections: Sequence[str] | None,
    tags: Sequence[str] | None,
    since: str | None,
    until: str | None,
) -> Filter | None:
    """The filter of a command line; None where nothing was asked for.

    Raises:
        InputError: a name or a time cannot be used.
    """
    from vultus.gallery.filters import Filter

    return Filter(tuple(people or ()), tuple(collections or ()), tuple(tags or ()), since, until) or None


def tell_among(people: Gallery | None, within: Filter | None) -> None:
    """Say when a filter leaves nobody to look among.

    Raises:
        UnknownNameError: nobody has one of its names or collections.
    """
    if people is not None and within is not None and not people.passing(within):
        say("nobody is left to look among, so everybody is unknown", "yellow")


def tell_wiped(people: Gallery) -> None:
    """Say when what was removed still lies in the files, since another program looks at an older state."""
    if not people.wiped:
        say("another program is reading the gallery: what was removed is overwritten in the file when that one has "
            "closed it", "yellow")  # fmt: skip


def tell_recall(people: Gallery | None, door: str) -> Recall | None:
    """Build the door now, and say how much of the exact answer it finds; nothing where there can be no doubt."""
    if people is None or door == "exact":
        return None
    if door == "encrypted":
        with waiting("encrypting the gallery ..."):
            return people.recall()
    if door == "milvus":
        recall = people.recall()
        say(f"Milvus finds {'everybody' if recall is None else _share(recall)}", "dim")
        return recall
    with waiting("building the graph ..."):
        recall = people.recall()
    if recall is None:
        say("the gallery is small: all of it is searched", "dim")
    else:
        say(f"the graph finds {_share(recall)}", "dim")
    return recall


def _share(recall: Recall) -> str:
    return f"{recall.share:.1%} of the {recall.at} most similar people"
