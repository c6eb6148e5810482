"""Every verb of the client against a real service, over HTTP."""

from __future__ import annotations

import pytest

from unit.gallery.fake import calibration, person, photos, picture
from vultus.errors import RemoteError
from vultus.service.client import Client
from vultus.weights.calibration import CalibrationFile


def test_what_it_is(remote: Client) -> None:
    assert remote.health().ready
    system = remote.system()
    assert system.me.roles == ["admin"]
    assert system.features["jobs"]
    assert {pack.name for pack in remote.packs().items} >= {"dlib"}
    assert "vultus_requests_total" in remote.metrics()


def test_pictures_without_a_collection(remote: Client) -> None:
    ada, other = photos("Ada")
    found = remote.detect([ada, picture(person("Ada"), person("Eve")), b"bad"])
    assert [len(one.faces or ()) for one in found.pictures] == [1, 2, 0]
    assert found.pictures[2].error is not None
    assert len(remote.detect(picture(person("Ada"), person("Eve")), max_faces=1).pictures[0].faces) == 1
    embedded = remote.embeddings(ada)
    assert embedded.dimension == len(embedded.pictures[0].faces[0].embedding or [])
    assert remote.compare(ada, other, fmr=0.01).decision.matched
    assert not remote.compare(ada, picture(person("Eve"))).decision.matched


def test_collections_and_keys(remote: Client) -> None:
    made = remote.make_collection("club", "members")
    assert (made.collection_id, made.description) == ("club", "members")
    assert remote.describe_collection("club", "guests").description == "guests"
    assert [one.collection_id for one in remote.collections()] == ["club", "default"]
    key = remote.make_key("door", ["search"], collections=["club"], rate_per_s=50)
    with Client(str(remote.transport._http.base_url), key.secret) as door:
        assert [one.collection_id for one in door.collections()] == ["club"]
        with pytest.raises(RemoteError) as caught:
            door.make_collection("mine")
        assert caught.value.code == "forbidden"
    assert {one.name for one in list(remote.keys())} == {"a test", "door"}
    assert remote.revoke_key(key.key_id).revoked_at
    assert remote.delete_collection("club").deleted


def test_calibrations(remote: Client) -> None:
    document = CalibrationFile(calibration(), remote.embeddings(photos("a")[0]).contract).document()
    own = next(remote.calibrations())
    assert own.in_use
    with pytest.raises(RemoteError, match="is here already"):
        remote.add_calibration(document)
    with pytest.raises(RemoteError) as caught:
        remote.delete_calibration(own.calibration_id)
    assert caught.value.code == "conflict"
    assert remote.use_calibration(own.calibration_id).in_use


def test_the_log(remote: Client) -> None:
    remote.system()
    remote.packs()
    lines = list(remote.audit(action="call"))
    assert lines[0].seq > lines[-1].seq
    assert any(line.detail["route"] == "/v1/system" for line in lines)
    assert remote.verify_audit().ok
    assert remote.verify_audit("default").ok
    assert list(remote.audit("default", after="2999-01-01T00:00:00Z")) == []
