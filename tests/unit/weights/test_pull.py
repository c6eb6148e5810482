from __future__ import annotations

import io
import json
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unit.weights.conftest import DETECTOR, EMBEDDER, Web, sha
from vultus.errors import LicenceError, OfflineError, WeightsError
from vultus.weights import pull as module
from vultus.weights.manifest import Pack
from vultus.weights.pull import pull
from vultus.weights.store import pin, resolve, verify
from vultus.weights.table import load_pack


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def pack(toy_folder: Path, web: Web) -> Pack:
    """The toy, with both files on the server."""
    web.files = {"/detector.onnx": DETECTOR, "/embedder.onnx": EMBEDDER}
    sound = load_pack(toy_folder)
    return replace(sound, files=tuple(replace(spec, url=f"{web.address}/{spec.name}") for spec in sound.files))


def packed(pack: Pack, web: Web, **members: bytes) -> Pack:
    """The toy, with both files in one archive on the server."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in {"a/detector.onnx": DETECTOR, "a/embedder.onnx": EMBEDDER, **members}.items():
            bundle.writestr(name, data)
    web.files["/both.zip"] = data = buffer.getvalue()
    archive: dict[str, Any] = {
        "archive_sha256": sha(data),
        "archive_bytes": len(data),
        "url": f"{web.address}/both.zip",
    }
    return replace(pack, files=tuple(replace(spec, member=f"a/{spec.name}", **archive) for spec in pack.files))


def get(pack: Pack, cache: Path, **options: Any) -> list[Path]:
    return pull(pack, cache_dir=cache, schemes=("http",), **options)


def unpinned(pack: Pack) -> Pack:
    return replace(pack, files=(replace(pack.files[0], sha256=None, size_bytes=None), pack.files[1]))


def test_pulled_checked_and_ready(pack: Pack, cache: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    paths = get(pack, cache, progress=lambda *now: seen.append(now))
    assert [path.read_bytes() for path in paths] == [DETECTOR, EMBEDDER]
    assert [name for name, *_ in seen] == ["detector.onnx", "embedder.onnx"]
    assert resolve(pack, cache_dir=cache, offline=True)["embedder.onnx"] == paths[1]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == [".lock", "detector.onnx", "embedder.onnx"]


def test_what_is_there_is_not_pulled_again_unless_asked(pack: Pack, cache: Path, web: Web) -> None:
    get(pack, cache)
    get(pack, cache)
    assert len(web.requests) == 2
    get(pack, cache, again=True)
    assert len(web.requests) == 4


def test_a_damaged_file_is_pulled_anew(pack: Pack, cache: Path, web: Web) -> None:
    paths = get(pack, cache)
    paths[0].write_bytes(b"rot")
    assert [found.status for found in verify(pack, cache_dir=cache)] == ["damaged", "ok"]
    get(pack, cache)
    assert paths[0].read_bytes() == DETECTOR
    assert len(web.requests) == 3


def test_a_wrong_file_never_takes_its_place(pack: Pack, cache: Path, web: Web) -> None:
    paths = get(pack, cache)
    web.files["/detector.onnx"] = b"detector bytez"
    with pytest.raises(WeightsError, match=r"has sha256 .*, expected"):
        get(pack, cache, again=True)
    assert paths[0].read_bytes() == DETECTOR


def test_local_files_are_left_alone(toy_folder: Path, cache: Path) -> None:
    assert get(load_pack(toy_folder), cache) == []


def test_offline(pack: Pack, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OfflineError, match="pack toy has to be downloaded and downloads are off"):
        get(pack, cache, offline=True)
    monkeypatch.setenv("VULTUS_OFFLINE", "1")
    with pytest.raises(OfflineError, match="downloads are off"):
        get(pack, cache)


def test_resolve_pulls_what_is_missing(pack: Pack, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "__kwdefaults__", {**(pull.__kwdefaults__ or {}), "schemes": ("http",)})
    assert resolve(pack, cache_dir=cache)["detector.onnx"].read_bytes() == DETECTOR


def test_the_licence_comes_before_the_first_byte(pack: Pack, cache: Path, web: Web) -> None:
    research = replace(pack, licence=replace(pack.licence, use="research"))
    with pytest.raises(LicenceError, match="vultus packs pull toy --accept-licence"):
        get(research, cache)
    with pytest.raises(LicenceError, match="licence policy is commercial"):
        get(research, cache, accept_licence=True, licence_policy="commercial")
    assert web.requests == []
    assert not (cache / "toy" / "licence.json").exists()
    get(research, cache, accept_licence=True)
    assert json.loads((cache / "toy" / "licence.json").read_text())["pack"] == "toy"


def test_unpinned_needs_trust_and_is_pinned_by_it(pack: Pack, cache: Path, web: Web) -> None:
    loose = unpinned(pack)
    with pytest.raises(WeightsError, match=r"detector\.onnx is not pinned by a sha256; vultus packs pull toy --trust"):
        get(loose, cache)
    assert web.requests == []
    get(loose, cache, trust_first_use=True)
    assert pin(loose, cache_dir=cache).contract() == pack.contract()
    assert len(get(loose, cache)) == 2
    web.files["/detector.onnx"] = b"swapped later"
    with pytest.raises(WeightsError, match="has sha256"):
        get(loose, cache, again=True)


def test_members_of_an_archive_come_with_one_download(pack: Pack, cache: Path, web: Web) -> None:
    both = packed(pack, web)
    paths = get(both, cache)
    assert [path.read_bytes() for path in paths] == [DETECTOR, EMBEDDER]
    assert [path for path, _ in web.requests] == ["/both.zip"]
    assert not list(paths[0].parent.glob("*.part"))
    paths[1].unlink()
    assert get(both, cache, again=True) == paths


def test_a_member_that_is_not_there(pack: Pack, cache: Path, web: Web) -> None:
    both = packed(pack, web)
    odd = replace(both, files=(replace(both.files[0], member="none.onnx"), both.files[1]))
    with pytest.raises(WeightsError, match=r"the archive .*/both\.zip holds no none\.onnx"):
        get(odd, cache)


def test_a_member_of_other_bytes(pack: Pack, cache: Path, web: Web) -> None:
    both = packed(pack, web)
    odd = replace(both, files=(replace(both.files[0], sha256=sha(b"other")), both.files[1]))
    with pytest.raises(
        WeightsError, match=rf"a/detector\.onnx of .* has sha256 {sha(DETECTOR)}, expected {sha(b'other')}"
    ):
        get(odd, cache)
    assert not (cache / "toy" / "source" / "detector.onnx").exists()


def test_a_zip_bomb_is_stopped(pack: Pack, cache: Path, web: Web) -> None:
    both = packed(pack, web, **{"a/detector.onnx": b"0" * 5_000_000})
    with pytest.raises(WeightsError, match="unpacks to more than 14 bytes; stopped"):
        get(both, cache)


def test_an_archive_that_is_none(pack: Pack, cache: Path, web: Web) -> None:
    both = packed(pack, web)
    web.files["/both.zip"] = b"no zip at all"
    files = tuple(replace(spec, archive_sha256=None, archive_bytes=None) for spec in both.files)
    with pytest.raises(WeightsError, match=r"is no readable zip file: .*; it was thrown away"):
        get(replace(both, files=files), cache)


def test_no_room(pack: Pack, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_bytes", lambda folder: 5)
    with pytest.raises(WeightsError, match=r"detector\.onnx needs 14 bytes and the disk of .* has 5 free"):
        get(pack, cache)


def test_a_cache_that_cannot_be_written(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError, match="cannot write to the model cache"):
        get(pack, tmp_path / "file")


def test_a_place_that_cannot_be_taken(pack: Pack, cache: Path) -> None:
    (cache / "toy" / "source" / "detector.onnx").mkdir(parents=True)
    with pytest.raises(WeightsError, match="cannot write to the model cache"):
        get(pack, cache)


def test_two_at_once_take_turns(pack: Pack, cache: Path, web: Web) -> None:
    workers = [threading.Thread(target=get, args=(pack, cache)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert len(web.requests) == 2
