"""The service itself: looking at pictures, collections, keys, calibrations, audit, jobs, monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from vultus.service.client.collection import CollectionClient
from vultus.service.client.jobs import JobVerbs
from vultus.service.client.monitors import MonitorVerbs
from vultus.service.client.transport import Picture, Transport, form
from vultus.service.routes.audit import EntryPage, EntryShape, VerdictAnswer
from vultus.service.routes.calibrations import CalibrationAnswer, CalibrationItem, CalibrationPage
from vultus.service.schema import (
    CollectionAnswer,
    CollectionPage,
    CollectionShape,
    CompareAnswer,
    DeletedAnswer,
    DetectAnswer,
    EmbedAnswer,
    HealthAnswer,
    KeyAnswer,
    KeyPage,
    KeyShape,
    NewKeyAnswer,
    PackList,
    SystemAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    import httpx


class Client(JobVerbs, MonitorVerbs):
    """A service of Vultus. Safe to share between threads; answers are the models of `vultus.service.schema`.

    Args:
        url: of the service, e.g. "http://127.0.0.1:8600".
        key: an API key; "" where the service asks for none.
        timeout_s: seconds to wait for an answer.
        tries: how often to ask when the service is busy or cannot be reached.
        verify: check the certificate; a path names a CA file of one's own.
        transport: of httpx, for tests.

    Every method raises `RemoteError` when the service refuses or cannot be reached, and `ImageError` when a file that
    is to be sent cannot be read.
    """

    def __init__(
        self, url: str, key: str = "", *, timeout_s: float = 60.0, tries: int = 4, verify: bool | str = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self.transport = Transport(url, key, timeout_s=timeout_s, tries=tries, verify=verify, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.transport.close()

    def health(self) -> HealthAnswer:
        """Whether it is ready."""
        return self.transport.ask(HealthAnswer, "GET", "/v1/health")

    def system(self) -> SystemAnswer:
        """What it is, its limits, and who is asking."""
        return self.transport.ask(SystemAnswer, "GET", "/v1/system")

    def packs(self) -> PackList:
        """Its model packs, with licences."""
        return self.transport.ask(PackList, "GET", "/v1/packs")

    def metrics(self) -> str:
        """Its counters, as Prometheus reads them."""
        return self.transport.send("GET", "/metrics").text

    def detect(self, images: Picture | Sequence[Picture], *, max_faces: int | None = None) -> DetectAnswer:
        """The faces of pictures."""
        return self.transport.ask(
            DetectAnswer, "POST", "/v1/detect", **form({"images": images}, {"max_faces": max_faces})
        )

    def embeddings(self, images: Picture | Sequence[Picture], *, max_faces: int | None = None) -> EmbedAnswer:
        """The faces of pictures with their embeddings."""
        return self.transport.ask(
            EmbedAnswer, "POST", "/v1/embeddings", **form({"images": images}, {"max_faces": max_faces})
        )

    def compare(self, a: Picture, b: Picture, *, fmr: float | None = None) -> CompareAnswer:
        """Whether two pictures show the same person."""
        return self.transport.ask(
            CompareAnswer, "POST", "/v1/compare", **form({"image_a": a, "image_b": b}, {"fmr": fmr})
        )

    def collection(self, collection_id: str = "default") -> CollectionClient:
        """The people of a collection; nothing is asked yet."""
        return CollectionClient(self.transport, collection_id)

    def collections(self) -> Iterator[CollectionShape]:
        """Every collection that the key may touch."""
        return self.transport.pages(CollectionPage, "/v1/collections")

    def make_collection(self, collection_id: str, description: str = "") -> CollectionAnswer:
        """A new collection."""
        body = {"collection_id": collection_id, "description": description}
        return self.transport.ask(CollectionAnswer, "POST", "/v1/collections", json=body)

    def describe_collection(self, collection_id: str, description: str) -> CollectionAnswer:
        """Give a collection another description."""
        path = f"/v1/collections/{quote(collection_id, safe='')}"
        return self.transport.ask(CollectionAnswer, "PATCH", path, json={"description": description})

    def delete_collection(self, collection_id: str) -> DeletedAnswer:
        """Delete a collection with everybody in it."""
        path = f"/v1/collections/{quote(collection_id, safe='')}"
        return self.transport.ask(DeletedAnswer, "DELETE", path, json={"confirm": collection_id})

    def keys(self) -> Iterator[KeyShape]:
        """Every key, without its secret."""
        return self.transport.pages(KeyPage, "/v1/keys")

    def make_key(
        self, name: str, roles: Sequence[str], *, collections: Sequence[str] = ("*",), rate_per_s: float | None = None
    ) -> NewKeyAnswer:
        """A new key; its secret is in this answer and nowhere else."""
        body = {"name": name, "roles": list(roles), "collections": list(collections), "rate_per_s": rate_per_s}
        return self.transport.ask(NewKeyAnswer, "POST", "/v1/keys", json=body)

    def revoke_key(self, key_id: str) -> KeyAnswer:
        """Make a key useless."""
        return self.transport.ask(KeyAnswer, "DELETE", f"/v1/keys/{quote(key_id, safe='')}")

    def calibrations(self) -> Iterator[CalibrationItem]:
        """Every calibration."""
        return self.transport.pages(CalibrationPage, "/v1/calibrations")

    def add_calibration(self, document: Mapping[str, Any]) -> CalibrationAnswer:
        """Keep a calibration file, the JSON document that `vultus calibrate` wrote."""
        return self.transport.ask(CalibrationAnswer, "POST", "/v1/calibrations", json=dict(document))

    def delete_calibration(self, calibration_id: str) -> DeletedAnswer:
        """Remove one that is not in use."""
        return self.transport.ask(DeletedAnswer, "DELETE", f"/v1/calibrations/{quote(calibration_id, safe='')}")

    def use_calibration(self, calibration_id: str) -> CalibrationAnswer:
        """Decide by this calibration from now on."""
        path = f"/v1/calibrations/{quote(calibration_id, safe='')}/use"
        return self.transport.ask(CalibrationAnswer, "POST", path)

    def audit(
        self, collection_id: str | None = None, *, action: str | None = None, after: str | None = None,
        before: str | None = None,
    ) -> Iterator[EntryShape]:  # fmt: skip
        """Lines of an audit log, newest first; without a collection, of the service's own calls."""
        return self.transport.pages(
            EntryPage, "/v1/audit", collection_id=collection_id, action=action, after=after, before=before
        )

    def verify_audit(self, collection_id: str | None = None) -> VerdictAnswer:
        """Look for lines of a log that were edited, removed or moved."""
        params = {"collection_id": collection_id} if collection_id else {}
        return self.transport.ask(VerdictAnswer, "GET", "/v1/audit/verify", params=params)
