from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.gallery.encrypted.bignum import mpz
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.message import About, Answer, Probe, text

LAYOUT = Layout.fit(4, 500)


def test_messages_come_back() -> None:
    about = About("ab", "cd", "dlib:0", LAYOUT, 3)
    assert About.read(text(about.document())) == about
    probe = Probe.read(text(Probe(np.array([1, -2, 127, 0], np.int32), 5, "cd").document()), LAYOUT)
    assert (probe.values.tolist(), probe.number, probe.revision) == ([1, -2, 127, 0], 5, "cd")
    answer = Answer("ab", "cd", None, [mpz(255), mpz(2) ** 2000], 0.5, 0.25)
    assert Answer.read(text(answer.document())) == answer


GOOD = Probe(np.array([1, -2, 127, 0], np.int32), None, "cd").document()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"values": [1, 2, 3]}, "the probe must be 4 whole numbers"),
        ({"values": [1, 2, 3, True]}, "the probe must be 4 whole numbers"),
        ({"values": [1, 2, 3, 0.5]}, "the probe must be 4 whole numbers"),
        ({"values": [1, 2, 3, 128]}, "must lie between -127 and 127"),
        ({"values": [1, 2, 3, 10**400]}, "must lie between -127 and 127"),
        ({"values": None}, "has no valid 'values'"),
        ({"number": -1}, "the number of the probe must be that of a template, or null"),
        ({"number": 1 << 40}, "the number of the probe must be that of a template, or null"),
        ({"number": "1"}, "the number of the probe must be that of a template, or null"),
        ({"revision": 3}, "has no valid 'revision'"),
        ({"schema": "x"}, "must be a JSON object with the schema vultus.encrypted.probe/1"),
    ],
)
def test_a_bad_probe_is_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Probe.read(text(GOOD | change), LAYOUT)


def test_a_probe_too_long_for_the_slots_is_told() -> None:
    layout = Layout.fit(128, 2046)
    probe = Probe(np.full(128, 127, np.int32), None, "cd").document()
    with pytest.raises(InputError, match="squared length of at most"):
        Probe.read(text(probe), layout)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"scores": ["0x1"]}, "no hexadecimal number"),
        ({"scores": [5]}, "no hexadecimal number"),
        ({"scores": None}, "has no valid 'scores'"),
        ({"scale": 1}, "has no valid 'scale'"),
        ({"scale": -1.0}, "must be finite and not negative"),
        ({"loss": float("nan")}, "must be finite and not negative"),
        ({"number": 1 << 40}, "the number of the answer must be that of a template, or null"),
    ],
)
def test_a_bad_answer_is_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Answer.read(text(Answer("ab", "cd", None, [], 0.5, 0.25).document() | change))


def test_a_bad_introduction_is_told() -> None:
    about = About("ab", "cd", "dlib:0", LAYOUT, 3).document()
    with pytest.raises(InputError, match="what the scorer tells of itself has no valid 'blocks'"):
        About.read(text(about | {"blocks": "3"}))
    for name in ("/tmp/manifest.json:0", "..\\x:0", ".:0", "dlib\x1b[31m:0"):
        with pytest.raises(InputError, match="a name with characters that no name has"):
            About.read(text(about | {"contract": name}))
