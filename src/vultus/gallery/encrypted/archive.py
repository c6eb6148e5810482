"""The file of encrypted templates that a scorer gets: one line of JSON, then the ciphertexts one after another.

It holds no secret and no name: the public key, the layout, and numbers that nobody without the private key can read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.gallery.encrypted import files
from vultus.gallery.encrypted.bignum import from_bytes, to_bytes
from vultus.gallery.encrypted.keyfile import public_document, public_from
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.scheme import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vultus.gallery.encrypted.block import Block
    from vultus.gallery.encrypted.scheme import PublicKey

SCHEMA = "vultus.encrypted.gallery/1"
_MOST_HEADER = 1 << 18
_MOST_BYTES = 1 << 36


@dataclass(frozen=True, slots=True)
class Archive:
    """What the file holds.

    Attributes:
        public: the key.
        layout: of the blocks.
        contract: of the embeddings.
        revision: another one for every state; random.
        blocks: of templates.
    """

    public: PublicKey
    layout: Layout
    contract: str
    revision: str
    blocks: list[Block]


def write_archive(archive: Archive, path: Path) -> None:
    """Write the file; an older one is replaced as a whole.

    Raises:
        StoreError: it cannot be written; an older one is still there.
    """
    digest = hashlib.sha256()
    for part in _body(archive):
        digest.update(part)
    header = {"schema": SCHEMA, "contract": archive.contract, "revision": archive.revision,
              "blocks": len(archive.blocks), "layout": archive.layout.to_json(), "sha256": digest.hexdigest(),
              "key": public_document(archive.public)}  # fmt: skip

    def parts() -> Iterator[bytes]:
        yield json.dumps(header).encode() + b"\n"
        yield from _body(archive)

    files.write(path, parts(), private=True, overwrite=True)


def read_archive(path: Path) -> Archive:
    """What a file holds, everything checked.

    Raises:
        StoreError: it cannot be read.
        InputError: it is no such file, or damaged.
    """
    what = f"the encrypted gallery {path}"
    content = files.read(path, _MOST_BYTES)
    end = content.find(b"\n", 0, _MOST_HEADER)
    header = files.document(content[: max(end, 0)], SCHEMA, what)
    public = public_from(files.field(header, "key", dict, what), f"the key in {what}")
    layout = Layout.from_json(header.get("layout"))
    if layout.slots * layout.width > public.plain_bits:
        raise InputError(f"{what} has more slots than its key has room for: it is damaged")
    n_blocks, size = files.field(header, "blocks", int, what), public.cipher_bytes
    body = memoryview(content)[end + 1 :]
    if len(body) != n_blocks * layout.dimension * size:
        raise InputError(f"{what} is cut short or damaged: it should hold {n_blocks} blocks")
    if hashlib.sha256(body).hexdigest() != header.get("sha256"):
        raise InputError(f"{what} is damaged: its content is not what was written")
    ciphers = [from_bytes(body[at : at + size]) for at in range(0, len(body), size)]
    check(public, ciphers)
    blocks = [ciphers[at : at + layout.dimension] for at in range(0, len(ciphers), layout.dimension)]
    contract, revision = files.field(header, "contract", str, what), files.field(header, "revision", str, what)
    return Archive(public, layout, contract, revision, blocks)


def _body(archive: Archive) -> Iterator[bytes]:
    size = archive.public.cipher_bytes
    for block in archive.blocks:
        yield b"".join([to_bytes(cipher, size) for cipher in block])
