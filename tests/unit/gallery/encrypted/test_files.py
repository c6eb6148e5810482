from __future__ import annotations

import os
from pathlib import Path

import pytest

from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted import files


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.write(path, [b"one", b"two"], private=True, overwrite=False)
    assert path.read_bytes() == b"onetwo"
    assert path.stat().st_mode & 0o777 == 0o600
    assert files.read(path, 6, private=True) == b"onetwo"
    path.chmod(0o640)
    with pytest.raises(StoreError, match=r"others may read .* chmod 600"):
        files.read(path, 6, private=True)
    assert files.read(path, 6) == b"onetwo"


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.write(path, [b"old"], private=False, overwrite=False)
    with pytest.raises(StoreError, match="exists already and is not replaced"):
        files.write(path, [b"new"], private=False, overwrite=False)

    def broken() -> object:
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match=r"cannot write .*No space left"):
        files.write(path, broken(), private=False, overwrite=True)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    files.write(path, [b"new"], private=False, overwrite=True)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot read .*No such file"):
        files.read(tmp_path / "none", 5)
    (tmp_path / "long").write_bytes(b"123456")
    with pytest.raises(InputError, match="is longer than 5 bytes"):
        files.read(tmp_path / "long", 5)


def test_documents_are_checked() -> None:
    assert files.document(b'{"schema": "a/1", "b": 3}', "a/1", "it")["b"] == 3
    for bad in (b"", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(InputError, match="it is cut short or damaged: it is not JSON"):
            files.document(bad, "a/1", "it")
    for bad in (b"[]", b"3", b'{"schema": "a/2"}'):
        with pytest.raises(InputError, match="must be a JSON object with the schema a/1"):
            files.document(bad, "a/1", "it")
    for value in (True, "3", None, 3.0):
        with pytest.raises(InputError, match="it has no valid 'b': it is cut short or damaged"):
            files.field({"b": value}, "b", int, "it")
    assert files.number("ff", "it") == 255
    for text in ("", "0xff", "FF", "-1", " 1", 5, None):
        with pytest.raises(InputError, match="no hexadecimal number"):
            files.number(text, "it")
