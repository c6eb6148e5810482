from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from unit.weights.conftest import Web, sha
from vultus.errors import WeightsError
from vultus.weights import download as module
from vultus.weights.download import download, free_bytes

BODY = os.urandom(300_000)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "x.part"


def fetch(web: Web, part: Path, **changes: Any) -> str:
    options: dict[str, Any] = {
        "label": "x.onnx", "sha256": sha(BODY), "size_bytes": len(BODY), "schemes": ("http",), "pause_s": 0.0,
    }  # fmt: skip
    return download(f"{web.address}/x", part, **{**options, **changes})


def test_a_file_comes_whole(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    seen: list[tuple[str, int, int | None]] = []
    assert fetch(web, part, progress=lambda *now: seen.append(now)) == sha(BODY)
    assert part.read_bytes() == BODY
    assert seen[-1] == ("x.onnx", len(BODY), len(BODY))


def test_a_broken_connection_is_resumed(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    web.cut = [100_000, 50_000]
    assert fetch(web, part) == sha(BODY)
    assert web.requests == [("/x", None), ("/x", "bytes=100000-"), ("/x", "bytes=150000-")]


def test_the_next_run_goes_on(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    web.cut = [120_000]
    with pytest.raises(WeightsError, match=r"broke off .*; 120,000 bytes are kept, the same command goes on"):
        fetch(web, part, attempts=1)
    fetch(web, part)
    assert web.requests[-1] == ("/x", "bytes=120000-")


def test_a_server_without_ranges_starts_anew(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    web.cut, web.ranges = [100_000], False
    assert fetch(web, part) == sha(BODY)


def test_a_length_that_is_not_told(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    web.says_length = False
    assert fetch(web, part, size_bytes=None) == sha(BODY)
    assert fetch(web, part, size_bytes=len(BODY)) == sha(BODY)


def test_a_cut_without_told_length_is_noticed_by_the_expected_one(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    web.says_length, web.cut = False, [10_000]
    assert fetch(web, part) == sha(BODY)
    assert web.requests[1] == ("/x", "bytes=10000-")


def test_a_wrong_start_left_from_before_is_thrown_away(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    part.parent.mkdir()
    part.write_bytes(b"something else")
    assert fetch(web, part) == sha(BODY)
    assert web.requests == [("/x", "bytes=14-"), ("/x", None)]


def test_a_whole_but_wrong_or_too_long_part_is_thrown_away(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    part.parent.mkdir()
    for left in (b"x" * len(BODY), b"x" * (len(BODY) + 5)):
        part.write_bytes(left)
        assert fetch(web, part) == sha(BODY)


def test_a_part_that_cannot_be_continued(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    part.parent.mkdir()
    part.write_bytes(BODY + b"more")
    assert fetch(web, part, size_bytes=None) == sha(BODY)


def test_other_bytes_than_pinned(web: Web, part: Path) -> None:
    web.files["/x"] = other = os.urandom(len(BODY))
    with pytest.raises(WeightsError, match=f"has sha256 {sha(other)}, expected {sha(BODY)}; it was thrown away"):
        fetch(web, part)
    assert not part.exists()


def test_always_damaged(web: Web, part: Path) -> None:
    web.files["/x"] = os.urandom(len(BODY))
    part.parent.mkdir()
    part.write_bytes(b"abc")
    with pytest.raises(WeightsError, match="it came damaged 1 times"):
        fetch(web, part, attempts=1)


def test_no_digest_takes_what_comes(web: Web, part: Path) -> None:
    web.files["/x"] = b"anything"
    assert fetch(web, part, sha256=None, size_bytes=None) == sha(b"anything")


def test_another_length_than_expected(web: Web, part: Path) -> None:
    web.files["/x"] = BODY + b"!"
    with pytest.raises(WeightsError, match=r"/x is 300,001 bytes long, expected 300,000; nothing was taken"):
        fetch(web, part)
    assert not part.exists()


def test_longer_than_any_model(web: Web, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web.files["/x"] = BODY
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(WeightsError, match="above the limit of 1,000; nothing was taken"):
        fetch(web, part, size_bytes=None, sha256=None)
    web.says_length = False
    with pytest.raises(WeightsError, match="the server sends more than 1,000 bytes; stopped"):
        fetch(web, part, size_bytes=None, sha256=None)


def test_not_found(web: Web, part: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot download http.*/x: the server answers 404 Not Found"):
        fetch(web, part)
    assert len(web.requests) == 1


def test_a_busy_server_is_asked_again(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    web.statuses = [503, 429]
    assert fetch(web, part) == sha(BODY)
    web.statuses = [500] * 4
    part.unlink()
    with pytest.raises(WeightsError, match=r"cannot download x.onnx from .*: the server answers 500"):
        fetch(web, part)


def test_a_server_that_cannot_go_on_is_asked_from_the_start(web: Web, part: Path) -> None:
    web.files["/x"] = BODY
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(BODY[:1000])
    web.statuses = [416]
    assert fetch(web, part) == sha(BODY)
    part.unlink(missing_ok=True)
    web.statuses = [416] * 4
    with pytest.raises(WeightsError, match=r"cannot download x\.onnx from http.*/x: it could not be continued"):
        fetch(web, part)


def test_nobody_there(part: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot download x.onnx from http://127.0.0.1:9/x: .*refused"):
        download(
            "http://127.0.0.1:9/x", part, label="x.onnx", sha256=None, size_bytes=None, schemes=("http",), pause_s=0
        )


def test_only_https_unless_told_otherwise(web: Web, part: Path, tmp_path: Path) -> None:
    for url in (f"{web.address}/x", (tmp_path / "x").as_uri(), "ftp://x.org/x", str(tmp_path)):
        with pytest.raises(WeightsError, match=r"only https is allowed, not (http|file|ftp|a path)"):
            download(url, part, label="x", sha256=None, size_bytes=None)
    assert web.requests == []


def test_redirects_stay_within_the_allowed_schemes(web: Web, part: Path, tmp_path: Path) -> None:
    web.files["/y"] = BODY
    web.redirects["/x"] = f"{web.address}/y"
    assert fetch(web, part) == sha(BODY)
    web.redirects["/x"] = "ftp://127.0.0.1/secret"
    part.unlink()
    with pytest.raises(WeightsError, match="only http is allowed, not ftp"):
        fetch(web, part)
    web.redirects["/x"] = (tmp_path / "secret").as_uri()
    with pytest.raises(WeightsError, match=r"'file:.*' is not allowed"):
        fetch(web, part)


def test_a_file_address(part: Path, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(BODY)
    options = {"label": "x", "sha256": sha(BODY), "size_bytes": None, "schemes": ("file",)}
    assert download((tmp_path / "source").as_uri(), part, **options) == sha(BODY)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written(web: Web, tmp_path: Path) -> None:
    web.files["/x"] = BODY
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError, match="cannot write to the model cache"):
        fetch(web, tmp_path / "file" / "x.part")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(web: Web, tmp_path: Path) -> None:
    web.files["/x"] = BODY
    (tmp_path / "x.part").symlink_to("/dev/full")
    with pytest.raises(WeightsError, match=r"cannot write to the model cache .*: No space left on device"):
        fetch(web, tmp_path / "x.part")


def test_free_space_of_a_folder_to_come(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") > 0
