"""Master keys: 32 secret bytes that open the vaults of a user's galleries; where they are looked for, and made.

A gallery names the key it was locked with by `key_id`, which tells nothing about the key. Looked at, in this order:
what the caller gave, VULTUS_MASTER_KEY (64 hexadecimal digits), VULTUS_KEY_FILE (a path), the keyring of the operating
system where VULTUS_KEYRING=1, and `master.key` in the user's configuration folder, made when first needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vultus.errors import InputError, LockedError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SCHEMA = "vultus.master-key/1"
KEY_BYTES = 32
ENV_KEY, ENV_FILE, ENV_KEYRING = "VULTUS_MASTER_KEY", "VULTUS_KEY_FILE", "VULTUS_KEYRING"
_SERVICE, _ACCOUNT = "vultus", "master-key"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key.

    Attributes:
        secret: 32 bytes; never shown.
        origin: where it came from, for messages.
    """

    secret: bytes = field(repr=False)
    origin: str = "given"

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise InputError(
                f"a master key must be {KEY_BYTES} bytes, but this one ({self.origin}) is {len(self.secret)}"
            )

    @property
    def key_id(self) -> str:
        """Sixteen hexadecimal digits that name the key."""
        return hmac.new(self.secret, b"vultus master key id", hashlib.sha256).hexdigest()[:16]


def new_key(origin: str = "new") -> MasterKey:
    """A key from the operating system's random numbers."""
    return MasterKey(secrets.token_bytes(KEY_BYTES), origin)


def find_key(wanted: str, given: MasterKey | Path | None = None, *, gallery: Path) -> MasterKey:
    """The key of that id, from the first place that has it.

    Raises:
        LockedError: none of the places has it.
        InputError: a place holds something that is no key.
    """
    seen = []
    for key in _sources(given):
        if hmac.compare_digest(key.key_id, wanted):
            return key
        seen.append(f"{key.origin} has {key.key_id}")
    looked = "; ".join(seen) or f"none was given, {ENV_KEY} and {ENV_FILE} are not set, there is no {default_path()}"
    raise LockedError(f"the gallery {gallery} is locked: it needs the master key {wanted}, but {looked}")


def find_or_make_key(given: MasterKey | Path | None = None) -> MasterKey:
    """The first key there is, or a new one in the user's configuration folder.

    Raises:
        InputError: a place holds something that is no key.
        LockedError: a new one cannot be written.
    """
    found = next(_sources(given), None)
    if found is not None:
        return found
    path = default_path()
    # Two programs may start at once: both take the file that was there first.
    with contextlib.suppress(FileExistsError):
        write_key(new_key(), path)
    return read_key(path)


def default_path() -> Path:
    """Where the user's own key lies."""
    import platformdirs

    return platformdirs.user_config_path("vultus", appauthor=False) / "master.key"


def read_key(path: Path) -> MasterKey:
    """The key of a key file.

    Raises:
        LockedError: it cannot be read, or others may read it too.
        InputError: it is no key file.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(4096)
    except OSError as error:
        raise LockedError(f"cannot read the key file {path}: {error.strerror or error}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise LockedError(f"the key file {path} may be read by others; protect it: chmod 600 {path}")
    try:
        document = json.loads(content)
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema must be {SCHEMA}")
        key = MasterKey(bytes.fromhex(document["key"]), str(path))
        if not hmac.compare_digest(key.key_id, str(document["key_id"])):
            raise ValueError("key and key_id do not belong together")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no Vultus key file, or damaged: {error}") from error
    return key


def write_key(key: MasterKey, path: Path) -> None:
    """Write a key file that only its owner may read; an existing file is never replaced.

    Raises:
        FileExistsError: there is one.
        LockedError: it cannot be written.
    """
    document = {"schema": SCHEMA, "key_id": key.key_id, "key": key.secret.hex()}
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(part, "w", encoding="ascii", opener=_private) as file:
            json.dump(document, file)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails where a file stands already.
        os.link(part, path)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise
        raise LockedError(f"cannot write the key file {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def keep_in_keyring(key: MasterKey) -> None:
    """Put a key into the keyring of the operating system.

    Raises:
        MissingExtraError: the package `keyring` is not installed.
        LockedError: the keyring refuses.
    """
    keyring, errors = _keyring()
    try:
        keyring.set_password(_SERVICE, _ACCOUNT, key.secret.hex())
    except errors as error:
        raise LockedError(f"the keyring refuses the master key: {error}") from error


def _sources(given: MasterKey | Path | None) -> Iterator[MasterKey]:
    if isinstance(given, MasterKey):
        yield given
    elif given is not None:
        yield read_key(Path(given))
    if text := os.environ.get(ENV_KEY):
        try:
            yield MasterKey(bytes.fromhex(text), ENV_KEY)
        except ValueError:
            raise InputError(f"{ENV_KEY} must be {2 * KEY_BYTES} hexadecimal digits") from None
    if name := os.environ.get(ENV_FILE):
        yield read_key(Path(name))
    if os.environ.get(ENV_KEYRING) == "1":
        yield from _from_keyring()
    if default_path().exists():
        yield read_key(default_path())


def _from_keyring() -> Iterator[MasterKey]:
    keyring, errors = _keyring()
    try:
        text = keyring.get_password(_SERVICE, _ACCOUNT)
    except errors as error:
        raise LockedError(f"the keyring does not answer: {error}") from error
    if text:
        yield MasterKey(bytes.fromhex(text), "the keyring")


def _keyring() -> tuple[Any, type[Exception]]:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise MissingExtraError("keyring", "keyring") from None
    return keyring, KeyringError


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)
