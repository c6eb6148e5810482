"""The parts of a running service, and how routes come to them."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from vultus.service import batching
from vultus.service.batching import BatchedEngine
from vultus.service.calls import CallLog
from vultus.service.crew import Worker
from vultus.service.database import Database, now
from vultus.service.decode import Decoder
from vultus.service.galleries import Galleries, missing
from vultus.service.keystore import KeyStore
from vultus.service.limits import Buckets
from vultus.service.metrics import Metrics
from vultus.service.pictures import Pictures
from vultus.service.repeats import Repeats
from vultus.service.rounds import Rounds
from vultus.service.searching import Asked, answer_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from vultus.gallery.collection import Gallery
    from vultus.gallery.enrol import Engine
    from vultus.service.keystore import Key
    from vultus.service.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = 48


class Service:
    """A service, built before its app.

    Args:
        settings: what it is set up with.
        engine: finds and embeds faces; None builds one from the settings.

    Attributes:
        engine: the same, batched and shared; blocks, so call it in threads.
        database, keys, buckets, log, searches, galleries, pictures, metrics: the parts.
        threads: where whatever blocks is done; see `run`.
        parts: what route modules keep, by name.
        draining: set once the service is told to stop.
        secret: 32 bytes of this service's data folder.
        started: seconds of `time.monotonic`; `started_at`: ISO 8601, UTC.

    Raises:
        StoreError: the data folder cannot be used.
        ConfigError, WeightsError: the engine cannot be built, see `FaceEngine`.
    """

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self.settings = settings
        self.started, self.started_at = time.monotonic(), now()
        self.draining = threading.Event()
        self.parts: dict[str, Any] = {}
        # First what takes longest and fails most: nothing has to be undone then.
        workers, threads = batching.share(settings)
        inner = engine if engine is not None else _build(settings, threads)
        self.database = Database(settings.data)
        self.secret = self.database.secret
        Repeats.forget_unfinished(self.database)
        self.keys = KeyStore(self.database)
        self.buckets = Buckets()
        self.scrypt = asyncio.Semaphore(2)
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="vultus-work")
        self.searches: Rounds[Asked, Any] = Rounds(self.threads, answer_all)
        self.log = CallLog(settings.data)
        self.pictures = Pictures(settings, Decoder(settings), self.threads)
        # Several engines in one process would wait for each other's Python: docs/decisions/0022.
        apart = engine is None and settings.device == "cpu" and workers > 1
        crew = [Worker(settings, inner.contract) for _ in range(workers)] if apart else []
        self.engine = BatchedEngine(inner, settings, workers=workers, arriving=self.pictures.arriving, crew=crew)
        self.workers = workers
        self.galleries = Galleries(settings, self.database, self.engine)
        self.metrics = Metrics(self)

    async def run(self, function: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Call something that blocks, in a thread, signed by whoever made the request that this is part of."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: context.run(function, *args, **more))

    def gallery(self, caller: Key, collection_id: str) -> Gallery:
        """The gallery of a collection for a caller; blocks when it is opened for the first time.

        Raises:
            ServiceError: there is no such collection, or none that the caller may know of.
        """
        if not caller.reaches(collection_id):
            raise missing(collection_id)  # in the same words as for one that is not there
        return self.galleries.open(collection_id)

    async def reach(self, caller: Key, collection_id: str) -> Gallery:
        """The same for those who must not block.

        Raises:
            ServiceError: as `gallery`.
        """
        found = self.galleries.opened(collection_id) if caller.reaches(collection_id) else None
        return found if found is not None else await self.run(self.gallery, caller, collection_id)

    def close(self) -> None:
        """Finish what was begun, and close every file."""
        self.draining.set()
        self.pictures.close()
        self.engine.close()
        self.threads.shutdown(wait=True, cancel_futures=True)
        self.galleries.close()
        self.log.close()
        self.database.close()


def service_of(request: Request) -> Service:
    """The service that answers a request."""
    service: Service = request.app.state.service
    return service


def _build(settings: Settings, threads: int | None) -> Engine:
    from vultus.inference.engine import FaceEngine

    return FaceEngine(
        settings.pack, device=settings.device, threads=threads, offline=settings.offline,
        licence_policy=settings.licence_policy, calibration=settings.calibration,
    )  # fmt: skip


def installed_version() -> str:
    """Of Vultus."""
    try:
        return version("vultus")
    except PackageNotFoundError:
        return "from source"
