"""What is said between the three: what a scorer is, a probe, and its encrypted answer. Strictly checked JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.gallery.encrypted import files
from vultus.gallery.encrypted.layout import Layout

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

ABOUT, PROBE, ANSWER = "vultus.encrypted.about/1", "vultus.encrypted.probe/1", "vultus.encrypted.answer/1"
_MOST_SCORES = 1 << 24


@dataclass(frozen=True, slots=True)
class About:
    """What a scorer tells of itself.

    Attributes:
        fingerprint: of the key.
        revision: of the encrypted gallery.
        contract: of the embeddings.
        layout: of the blocks.
        n_blocks: how many.
    """

    fingerprint: str
    revision: str
    contract: str
    layout: Layout
    n_blocks: int

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"schema": ABOUT, "fingerprint": self.fingerprint, "revision": self.revision, "contract": self.contract,
                "layout": self.layout.to_json(), "blocks": self.n_blocks}  # fmt: skip

    @classmethod
    def read(cls, content: bytes) -> About:
        """Of JSON.

        Raises:
            InputError: it is no such message.
        """
        what = "what the scorer tells of itself"
        document = files.document(content, ABOUT, what)
        texts = [files.field(document, name, str, what) for name in ("fingerprint", "revision", "contract")]
        # The asker opens the pack of this name: a path would let the scorer choose a file of the asker's.
        if not all(map(str.isprintable, texts)) or texts[2].startswith(".") or set(texts[2]) & set("/\\"):
            raise InputError(f"{what} has a name with characters that no name has")
        layout = Layout.from_json(document.get("layout"))
        return cls(texts[0], texts[1], texts[2], layout, files.field(document, "blocks", int, what))


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What a scorer is asked.

    Attributes:
        values: whole numbers, (D,).
        number: the slot of the only template to compare with; None for all.
        revision: of the encrypted gallery that is meant.
    """

    values: NDArray[np.int32]
    number: int | None
    revision: str

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"schema": PROBE, "revision": self.revision, "number": self.number, "values": self.values.tolist()}

    @classmethod
    def read(cls, content: bytes, layout: Layout) -> Probe:
        """Of JSON; the numbers must fit the layout.

        Raises:
            InputError: it is no such message.
        """
        what = "the probe"
        document = files.document(content, PROBE, what)
        values, number = files.field(document, "values", list, what), document.get("number")
        if len(values) != layout.dimension or any(type(one) is not int for one in values):
            raise InputError(f"the probe must be {layout.dimension} whole numbers")
        if any(abs(one) > layout.limit for one in values):
            raise InputError(f"the numbers of the probe must lie between -{layout.limit} and {layout.limit}")
        if number is not None and (type(number) is not int or not 0 <= number < _MOST_SCORES):
            raise InputError("the number of the probe must be that of a template, or null")
        found = np.array(values, dtype=np.int32)
        layout.check(found[None])
        return cls(found, number, files.field(document, "revision", str, what))


@dataclass(frozen=True, slots=True)
class Answer:
    """Encrypted scores.

    Attributes:
        fingerprint: of the key.
        revision: of the encrypted gallery.
        number: see `Probe`.
        scores: one ciphertext per block, or a single one.
        scale, loss: of the probe, see `layout.Quantised`; whoever asked puts them in.
    """

    fingerprint: str
    revision: str
    number: int | None
    scores: list[int]
    scale: float = 0.0
    loss: float = 0.0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"schema": ANSWER, "fingerprint": self.fingerprint, "revision": self.revision, "number": self.number,
                "scale": self.scale, "loss": self.loss, "scores": [f"{one:x}" for one in self.scores]}  # fmt: skip

    @classmethod
    def read(cls, content: bytes) -> Answer:
        """Of JSON.

        Raises:
            InputError: it is no such message.
        """
        what = "the answer"
        document = files.document(content, ANSWER, what)
        texts = [files.field(document, name, str, what) for name in ("fingerprint", "revision")]
        scale, loss = (files.field(document, name, float, what) for name in ("scale", "loss"))
        scores, number = files.field(document, "scores", list, what), document.get("number")
        if number is not None and (type(number) is not int or not 0 <= number < _MOST_SCORES):
            raise InputError("the number of the answer must be that of a template, or null")
        if not (0 <= scale < math.inf and 0 <= loss < math.inf):
            raise InputError("the scale and the loss of the answer must be finite and not negative")
        return cls(texts[0], texts[1], number, [files.number(one, what) for one in scores], scale, loss)


def text(document: dict[str, Any]) -> bytes:
    """A message as it travels."""
    return json.dumps(document).encode()
