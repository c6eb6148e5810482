from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unit.gallery.encrypted.keys import KINDS, key, unit
from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted.archive import Archive, read_archive, write_archive
from vultus.gallery.encrypted.block import encrypt_templates
from vultus.gallery.encrypted.layout import Layout


def archive(kind: tuple[str, int | None, str] = KINDS[0]) -> Archive:
    private = key(*kind)
    layout = Layout.fit(8, private.public.plain_bits, slots=3)
    values = layout.quantise(unit(7, 8)).values
    return Archive(
        private.public, layout, "dlib:0", "1f", encrypt_templates(private.public, layout, values, private.hider())
    )


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_from_its_file(kind: tuple[str, int | None, str], tmp_path: Path) -> None:
    wanted = archive(kind)
    write_archive(wanted, tmp_path / "a.enc")
    assert read_archive(tmp_path / "a.enc") == wanted
    empty = Archive(wanted.public, wanted.layout, "", "2f", [])
    write_archive(empty, tmp_path / "a.enc")
    assert read_archive(tmp_path / "a.enc") == empty
    assert (tmp_path / "a.enc").stat().st_mode & 0o777 == 0o600


def test_it_holds_nothing_secret(tmp_path: Path) -> None:
    write_archive(archive(), tmp_path / "a.enc")
    header = (tmp_path / "a.enc").read_bytes().split(b"\n")[0]
    assert set(json.loads(header)) == {"schema", "contract", "revision", "blocks", "layout", "sha256", "key"}
    for secret in key().numbers().values():
        assert f"{secret:x}".encode() not in header or not secret


def test_every_cut_and_every_flipped_bit_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.enc"
    write_archive(archive(), file)
    content = file.read_bytes()
    for length in range(0, len(content), 101):
        file.write_bytes(content[:length])
        with pytest.raises(InputError, match="cut short or damaged"):
            read_archive(file)
    start = content.index(b"\n") + 1
    for at in (start, start + 64, len(content) - 1):
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(InputError, match="its content is not what was written"):
            read_archive(file)
    with pytest.raises(StoreError, match="cannot read"):
        read_archive(tmp_path / "none")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda header: header.update(blocks=1), "should hold 1 blocks"),
        (lambda header: header.update(blocks="3"), "has no valid 'blocks'"),
        (lambda header: header["layout"].update(slots=1000), "more slots than its key has room for"),
        (lambda header: header.update(key=[]), "has no valid 'key'"),
        (lambda header: header.update(schema="x"), "must be a JSON object with the schema"),
        (lambda header: header["key"]["numbers"].update(n="ff"), "its modulus is no odd number"),
        (lambda header: header.update(layout=None), "a layout needs the whole numbers"),
    ],
)
def test_a_header_that_lies_is_told(change: Callable[[dict[str, Any]], None], told: str, tmp_path: Path) -> None:
    file = tmp_path / "a.enc"
    write_archive(archive(), file)
    head, body = file.read_bytes().split(b"\n", 1)
    header = json.loads(head)
    change(header)
    file.write_bytes(json.dumps(header).encode() + b"\n" + body)
    with pytest.raises(InputError, match=told):
        read_archive(file)
