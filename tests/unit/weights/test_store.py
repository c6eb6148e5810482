from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from unit.weights.conftest import DETECTOR, EMBEDDER, sha, write_toy
from vultus.errors import LicenceError, OfflineError, UnknownNameError, WeightsError
from vultus.weights import rebuild, store
from vultus.weights.manifest import Pack
from vultus.weights.store import cache_root, digest_of, is_offline, pin, resolve, verify, write_atomic
from vultus.weights.table import load_pack

SOURCE = str(Path(store.__file__).parents[2])


@pytest.fixture
def pack(toy_folder: Path) -> Pack:
    return load_pack(toy_folder)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A rebuild function "shout" and the sources it was called with."""
    seen: list[bytes] = []

    def shout(data: bytes) -> bytes:
        seen.append(data)
        return data.upper() * 100

    monkeypatch.setitem(rebuild.REBUILDERS, "shout", shout)
    return seen


def rebuilt(pack: Pack) -> Pack:
    return replace(pack, files=(pack.files[0], replace(pack.files[1], rebuild="shout")))


def remote(pack: Pack, *, use: str = "commercial") -> Pack:
    files = tuple(replace(spec, url=f"https://example.org/{spec.name}") for spec in pack.files)
    return replace(pack, files=files, licence=replace(pack.licence, use=use))


def put(pack: Pack, cache: Path) -> None:
    (cache / pack.name / "source").mkdir(parents=True, exist_ok=True)
    (cache / pack.name / "source" / "detector.onnx").write_bytes(DETECTOR)
    (cache / pack.name / "source" / "embedder.onnx").write_bytes(EMBEDDER)


def test_files_beside_a_manifest_are_used_where_they_are(pack: Pack, cache: Path, toy_folder: Path) -> None:
    assert resolve(pack, cache_dir=cache) == {
        "detector.onnx": toy_folder / "detector.onnx",
        "embedder.onnx": toy_folder / "embedder.onnx",
    }
    assert not cache.exists()


def test_a_tampered_file_is_refused_with_both_digests(pack: Pack, cache: Path, toy_folder: Path) -> None:
    (toy_folder / "embedder.onnx").write_bytes(b"other bytes")
    words = f"embedder.onnx of pack toy is not .* has sha256 {sha(b'other bytes')}, expected {sha(EMBEDDER)}"
    with pytest.raises(WeightsError, match=words):
        resolve(pack, cache_dir=cache)


def test_a_tampered_source_is_refused_although_the_rebuilt_file_is_there(
    pack: Pack, cache: Path, toy_folder: Path, calls: list[bytes]
) -> None:
    resolve(rebuilt(pack), cache_dir=cache)
    (toy_folder / "embedder.onnx").write_bytes(b"other bytes")
    with pytest.raises(WeightsError, match="is not the one it must be"):
        resolve(rebuilt(pack), cache_dir=cache)
    assert calls == [EMBEDDER]


def test_a_missing_local_file(pack: Pack, cache: Path, toy_folder: Path) -> None:
    (toy_folder / "embedder.onnx").unlink()
    with pytest.raises(
        WeightsError, match=r"embedder\.onnx of pack toy is missing: no file .*; put it beside the manifest"
    ):
        resolve(pack, cache_dir=cache)


def test_a_local_file_without_digest_is_refused(pack: Pack, cache: Path) -> None:
    loose = replace(pack, files=(replace(pack.files[0], sha256=None), pack.files[1]))
    with pytest.raises(
        WeightsError, match=r"pack toy: detector\.onnx is not pinned .*; if it is the file you mean, write"
    ):
        resolve(loose, cache_dir=cache)
    status = verify(loose, cache_dir=cache)[0]
    assert (status.status, status.digest) == ("not pinned", sha(DETECTOR))
    assert sha(DETECTOR) in status.note


def test_rebuilt_once_and_then_taken_from_the_cache(pack: Pack, cache: Path, calls: list[bytes]) -> None:
    first = resolve(rebuilt(pack), cache_dir=cache)["embedder.onnx"]
    assert first.read_bytes() == EMBEDDER.upper() * 100
    assert first.parent == cache / "toy"
    assert first.suffix == ".onnx"
    stamp = first.stat().st_mtime_ns
    assert resolve(rebuilt(pack), cache_dir=cache)["embedder.onnx"] == first
    assert first.stat().st_mtime_ns == stamp
    assert calls == [EMBEDDER]
    assert sorted(path.name for path in first.parent.iterdir()) == [first.name, f"{first.name}.sha256"]


@pytest.mark.parametrize("damage", ["changed", "truncated", "gone", "no sidecar", "bad sidecar", "empty"])
def test_a_damaged_cache_is_rebuilt(pack: Pack, cache: Path, calls: list[bytes], damage: str) -> None:
    path = resolve(rebuilt(pack), cache_dir=cache)["embedder.onnx"]
    good = path.read_bytes()
    sidecar = path.with_name(path.name + ".sha256")
    if damage == "changed":
        path.write_bytes(b"X" + good[1:])
    elif damage == "truncated":
        path.write_bytes(good[:-1])
    elif damage == "gone":
        path.unlink()
    elif damage == "no sidecar":
        sidecar.unlink()
    elif damage == "bad sidecar":
        sidecar.write_bytes(b"\xff\xff")
    else:
        path.write_bytes(b"")
    assert resolve(rebuilt(pack), cache_dir=cache)["embedder.onnx"] == path
    assert path.read_bytes() == good
    assert len(calls) == 2


def test_a_change_of_the_rebuilding_code_makes_a_new_file(
    pack: Pack, cache: Path, calls: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = resolve(rebuilt(pack), cache_dir=cache)["embedder.onnx"]
    monkeypatch.setattr(store, "_builder", lambda: "another version")
    assert resolve(rebuilt(pack), cache_dir=cache)["embedder.onnx"] != first
    assert len(calls) == 2


def test_what_a_killed_process_left_is_swept_up(pack: Pack, cache: Path, calls: list[bytes]) -> None:
    old, new = cache / "toy" / ".embedder.0.onnx.abc", cache / "toy" / ".embedder.0.onnx.def"
    for left in (old, new):
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    resolve(rebuilt(pack), cache_dir=cache)
    assert not old.exists()
    assert new.exists()


def test_unknown_rebuild_function(pack: Pack, cache: Path) -> None:
    odd = replace(pack, files=(replace(pack.files[0], rebuild="dlib_resnett"), pack.files[1]))
    with pytest.raises(UnknownNameError, match="unknown rebuild function in pack toy: 'dlib_resnett'; did you mean"):
        resolve(odd, cache_dir=cache)


def test_a_cache_that_cannot_be_written(pack: Pack, cache: Path, calls: list[bytes]) -> None:
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where a folder should be")
    with pytest.raises(WeightsError, match=r"cannot write to the model cache .*; free space or give the rights"):
        resolve(rebuilt(pack), cache_dir=cache)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.onnx").write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match=r"cannot write to the model cache .*: No space left on device"):
        write_atomic(tmp_path / "old.onnx", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["old.onnx"]
    assert (tmp_path / "old.onnx").read_bytes() == b"old"


def test_a_file_of_a_package_is_found_without_importing_it(cache: Path, tmp_path: Path, pack: Pack) -> None:
    folder = tmp_path / "site" / "vultus_test_weights"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "net.dat").write_bytes(DETECTOR)
    packed = replace(
        pack, files=(replace(pack.files[0], package="vultus_test_weights", package_path="net.dat"), pack.files[1])
    )
    sys.path.insert(0, str(tmp_path / "site"))
    try:
        assert resolve(packed, cache_dir=cache)["detector.onnx"] == folder / "net.dat"
        (folder / "net.dat").write_bytes(b"tampered")
        with pytest.raises(WeightsError, match="pip install --force-reinstall vultus_test_weights"):
            resolve(packed, cache_dir=cache)
        (folder / "net.dat").unlink()
        with pytest.raises(
            WeightsError, match=r"from net\.dat of the package vultus_test_weights, which has no such file"
        ):
            resolve(packed, cache_dir=cache)
    finally:
        sys.path.remove(str(tmp_path / "site"))


def test_a_missing_package_is_named_with_its_install_line(cache: Path, pack: Pack) -> None:
    packed = replace(pack, files=(replace(pack.files[0], package="no_such_package", package_path="x"), pack.files[1]))
    words = (
        "takes detector.onnx from the package no_such_package, which is not installed; run: pip install no_such_package"
    )
    with pytest.raises(WeightsError, match=words):
        resolve(packed, cache_dir=cache)
    assert verify(packed, cache_dir=cache)[0].status == "missing"


def test_a_pack_without_folder_and_origin(cache: Path, pack: Pack) -> None:
    with pytest.raises(WeightsError, match="has neither url nor package nor a folder"):
        resolve(replace(pack, directory=None), cache_dir=cache)


@pytest.mark.parametrize("by_variable", [True, False])
def test_offline_says_what_to_run(cache: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch, by_variable: bool) -> None:
    if by_variable:
        monkeypatch.setenv("VULTUS_OFFLINE", "1")
    with pytest.raises(OfflineError, match="run this once with a connection: vultus packs pull toy"):
        resolve(remote(pack), cache_dir=cache, offline=not by_variable)


def test_pulled_files_are_used_offline(cache: Path, pack: Pack) -> None:
    put(pack, cache)
    found = resolve(remote(pack), cache_dir=cache, offline=True)
    assert found["detector.onnx"] == cache / "toy" / "source" / "detector.onnx"


def test_a_damaged_pulled_file(cache: Path, pack: Pack) -> None:
    put(pack, cache)
    (cache / "toy" / "source" / "detector.onnx").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"expected .*; vultus packs pull toy$"):
        resolve(remote(pack), cache_dir=cache, offline=True)
    assert [found.status for found in verify(remote(pack), cache_dir=cache)] == ["damaged", "ok"]


def test_offline_variable() -> None:
    for value, off in (("1", True), ("yes", True), ("0", False), ("", False), ("False", False)):
        os.environ["VULTUS_OFFLINE"] = value
        try:
            assert is_offline() is off
        finally:
            del os.environ["VULTUS_OFFLINE"]
    assert is_offline(True)


def test_cache_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VULTUS_CACHE", raising=False)
    assert cache_root().name == "packs"
    monkeypatch.setenv("VULTUS_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    assert cache_root(tmp_path / "x") == tmp_path / "x"


def test_a_commercial_policy_refuses_research_packs_whatever_was_accepted(cache: Path, pack: Pack) -> None:
    research = remote(pack, use="research")
    put(pack, cache)
    resolve(research, cache_dir=cache, accept_licence=True)
    with pytest.raises(
        LicenceError, match=r"pack toy is for non-commercial research only .* licence policy is commercial"
    ):
        resolve(research, cache_dir=cache, licence_policy="commercial", accept_licence=True)
    assert resolve(remote(pack), cache_dir=cache, licence_policy="commercial")


def test_unknown_policy(cache: Path, pack: Pack) -> None:
    with pytest.raises(UnknownNameError, match="unknown licence policy 'comercial'; did you mean 'commercial'"):
        resolve(pack, cache_dir=cache, licence_policy="comercial")  # type: ignore[arg-type]


def test_consent_is_asked_for_once_and_written_down(cache: Path, pack: Pack) -> None:
    research = remote(pack, use="research")
    put(pack, cache)
    words = "pack toy comes under CC0-1.0: Do what you like.*run: vultus packs pull toy --accept-licence"
    with pytest.raises(LicenceError, match=words):
        resolve(research, cache_dir=cache)
    resolve(research, cache_dir=cache, accept_licence=True)
    consent = json.loads((cache / "toy" / "licence.json").read_text())
    assert consent["licence"] == "CC0-1.0"
    assert consent["accepted_at"].startswith("20")
    resolve(research, cache_dir=cache)
    changed = replace(research, licence=replace(research.licence, id="LicenceRef-New"))
    with pytest.raises(LicenceError, match="LicenceRef-New"):
        resolve(changed, cache_dir=cache)


def test_a_research_manifest_of_ones_own_files_needs_no_consent(cache: Path, pack: Pack) -> None:
    own = replace(pack, licence=replace(pack.licence, use="research"))
    assert resolve(own, cache_dir=cache)
    with pytest.raises(LicenceError, match="licence policy is commercial"):
        resolve(own, cache_dir=cache, licence_policy="commercial")


def test_a_recorded_pin_counts_as_the_digest(cache: Path, pack: Pack) -> None:
    loose = remote(pack)
    loose = replace(loose, files=(replace(loose.files[0], sha256=None), loose.files[1]))
    put(pack, cache)
    assert pin(loose, cache_dir=cache).files[0].sha256 is None
    store.record_pin(loose, loose.files[0], sha(DETECTOR), cache)
    assert pin(loose, cache_dir=cache).files[0].sha256 == sha(DETECTOR)
    assert resolve(loose, cache_dir=cache, offline=True)
    assert [found.status for found in verify(loose, cache_dir=cache)] == ["ok", "ok"]
    (cache / "toy" / "pins.json").write_text("[]")
    assert pin(loose, cache_dir=cache).files[0].sha256 is None


def test_unreadable_model_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read the model file .*none\.onnx: No such file"):
        digest_of(tmp_path / "none.onnx")


def test_unreadable_source(pack: Pack, cache: Path, calls: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(WeightsError, match=r"cannot read the model file .*: Permission denied"):
        resolve(rebuilt(pack), cache_dir=cache)


RESOLVE = """
import hashlib, sys
from dataclasses import replace
from pathlib import Path
from vultus.weights.store import resolve
from vultus.weights.table import load_pack
pack = load_pack("dlib-mmod")
pack = replace(pack, files=(pack.file("mmod.onnx"),))
path = resolve(pack, cache_dir=Path(sys.argv[1]))["mmod.onnx"]
print(path, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_processes_at_once_agree(cache: Path) -> None:
    command = [sys.executable, "-c", RESOLVE, str(cache)]
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
    found = {worker.communicate(timeout=60)[0] for worker in workers}
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert len(found) == 1
    assert not [path for path in (cache / "dlib-mmod").iterdir() if path.name.startswith(".")]


def test_the_toy_folder_helper_writes_sound_files(tmp_path: Path) -> None:
    pack = load_pack(write_toy(tmp_path / "t"))
    assert [found.status for found in verify(pack, cache_dir=tmp_path)] == ["ok", "ok"]


def test_rebuilds_of_older_versions_are_swept(tmp_path, monkeypatch):
    store.resolve(load_pack("dlib"), cache_dir=tmp_path)
    (built,) = (tmp_path / "dlib").glob("pnet.*.onnx")
    old = built.with_name("pnet.0123456789abcdef.onnx")
    fresh = built.with_name("pnet.fedcba9876543210.onnx")
    for file in (old, fresh):
        file.write_bytes(b"x")
    os.utime(old, (0, 0))
    built.unlink()
    store.resolve(load_pack("dlib"), cache_dir=tmp_path)
    assert built.is_file()
    assert fresh.is_file()  # another version may be at work
    assert not old.exists()
