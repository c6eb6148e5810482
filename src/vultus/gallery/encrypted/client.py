"""Asking a scorer: rounds an embedding to whole numbers and brings back encrypted scores."""

from __future__ import annotations

import http.client
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted import message
from vultus.gallery.encrypted.message import About, Answer, Probe

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

_MOST_ANSWER = 1 << 30
_PATIENCE_S = 600


def about(address: str) -> About:
    """What a scorer is.

    Args:
        address: e.g. "http://127.0.0.1:8765".

    Raises:
        InputError: this is no address, or what answers is no scorer.
        StoreError: nothing answers.
    """
    return About.read(_ask(address, "GET", "/about"))


def ask(address: str, told: About, vector: NDArray[np.floating[Any]], number: int | None = None) -> Answer:
    """Encrypted scores of an embedding.

    Args:
        address: of the scorer.
        told: what `about` has said.
        vector: (D,), of unit length.
        number: compare with this template only.

    Raises:
        InputError: the embedding does not fit, or the scorer refuses.
        StoreError: nothing answers.
    """
    found = told.layout.quantise(vector[None])
    probe = Probe(found.values[0], number, told.revision)
    answer = Answer.read(_ask(address, "POST", "/score", message.text(probe.document())))
    if (answer.fingerprint, answer.revision, answer.number) != (told.fingerprint, told.revision, number):
        raise InputError("the scorer has answered another question than the one it was asked")
    return replace(answer, scale=float(found.scales[0]), loss=float(found.losses[0]))


def _ask(address: str, method: str, path: str, body: bytes | None = None) -> bytes:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise InputError(f"a scorer's address looks like http://127.0.0.1:8765, but is '{address}'")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname, parts.port, timeout=_PATIENCE_S)
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read(_MOST_ANSWER + 1)
        connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise StoreError(
            f"no scorer answers at {address}: {error}; start one: vultus encrypted serve-scorer"
        ) from error
    if response.status != 200:
        raise InputError(f"the scorer refuses: {_why(content) or response.status}")
    if len(content) > _MOST_ANSWER:
        raise InputError("the scorer's answer is longer than any answer can be")
    return content


def _why(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return ""
