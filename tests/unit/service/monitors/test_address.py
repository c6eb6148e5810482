from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.service.jobs.conftest import filled
from vultus.errors import LockedError
from vultus.service.envelope import ServiceError
from vultus.service.monitors.address import Address, Seal, address_of
from vultus.service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", job_root=filled(tmp_path / "in", {"a.mp4": b"film"}))


@pytest.mark.parametrize(
    ("given", "kind", "shown"),
    [
        ("0", "camera", "camera 0"),
        (" 12 ", "camera", "camera 12"),
        ("a.mp4", "file", "a.mp4"),
        ("rtsp://cam.local/live", "stream", "rtsp://cam.local/live"),
        ("RTSPS://ann:s3cret@10.0.0.7:322/a?token=s3cret&x=1", "stream", "rtsps://ann:***@10.0.0.7:322/a?***"),
        ("rtsp://ann@cam/x", "stream", "rtsp://ann@cam/x"),
        ("rtsp://:s3cret@[fd00::1]:554/x", "stream", "rtsp://:***@[fd00::1]:554/x"),
        ("rtsp://a:b@c:s3cret@cam/", "stream", "rtsp://a:***@cam/"),
        ("rtsp://127.0.0.1:8554/restreamed", "stream", "rtsp://127.0.0.1:8554/restreamed"),
    ],
)
def test_sources(settings: Settings, given: str, kind: str, shown: str) -> None:
    found = address_of(given, settings)
    assert (found.kind, found.shown) == (kind, shown)
    assert "s3cret" not in found.shown
    assert "s3cret" not in repr(found)


def test_what_is_opened(settings: Settings) -> None:
    assert address_of("3", settings).target == 3
    assert address_of("a.mp4", settings).target == (settings.job_root / "a.mp4").resolve()
    assert address_of("rtsp://u:p@cam/x", settings).target == "rtsp://u:p@cam/x"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://camera/x", "give the number of a camera, rtsp://host/path"),
        ("file:///etc/passwd", "give the number of a camera"),
        ("rtsp:///x", "give the number of a camera"),
        ("rtsp://host:99999/", "the address cannot be read"),
        ("rtsp://[::1/", "the address cannot be read"),
        ("rtsp://169.254.169.254/latest", "no camera has such an address"),
        ("rtsp://[::ffff:169.254.169.254]/", "no camera has such an address"),
        ("rtsp://0.0.0.0/", "no camera has such an address"),
        ("rtsp://239.1.1.1/", "no camera has such an address"),
        ("../secret.mp4", "no such video below"),
        ("/etc/passwd", "no such video below"),
        ("rtsp://a/\nx", "it must be one line of at most 1,000 characters"),
        ("rtsp://" + "a" * 1000, "it must be one line of at most"),
        ("1234", "no such video"),
    ],
)
def test_what_is_not_watched(settings: Settings, given: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        address_of(given, settings)


def test_hosts_can_be_named(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, stream_hosts=("cam.local",))
    assert address_of("rtsp://CAM.local./x", settings).kind == "stream"
    with pytest.raises(ServiceError, match="streams of this host are not watched here"):
        address_of("rtsp://other/x", settings)


@given(st.text(max_size=40))
def test_whatever_is_given_it_is_an_address_or_refused(tmp_path_factory: pytest.TempPathFactory, given: str) -> None:
    try:
        found = address_of(f"rtsp://u:s3cret@h/{given}", Settings(data=tmp_path_factory.getbasetemp()))
    except ServiceError:
        return
    assert "s3cret" not in found.shown.removesuffix(given)


def test_an_address_is_sealed_by_the_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    seal = Seal(b"s" * 32)
    sealed = seal.seal("m1", "rtsp://u:s3cret@cam")
    assert b"s3cret" not in sealed
    assert seal.open("m1", sealed) == "rtsp://u:s3cret@cam"
    for other, monitor_id in ((seal, "m2"), (Seal(b"t" * 32), "m1")):
        with pytest.raises(LockedError, match="the address of a monitor was sealed with another master key"):
            other.open(monitor_id, sealed)
    monkeypatch.setenv("VULTUS_MASTER_KEY", "ab" * 32)
    with pytest.raises(LockedError):
        seal.open("m1", sealed)
    assert Address("camera", "1", "camera 1").target == 1
