from __future__ import annotations

import asyncio
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vultus.inference.image import jpeg, read
from vultus.service.decode import Decoder, Upload
from vultus.service.envelope import ServiceError
from vultus.service.settings import Settings

SETTINGS = Settings(Path("/nowhere"), decoders=1, max_pixels=1_000_000, decode_s=3.0)
JPEG = jpeg(np.random.default_rng(1).integers(0, 255, (40, 50, 3), np.uint8), 90)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(SETTINGS)
    yield decoder
    decoder.close()


def decoded(decoder: Decoder, data: bytes) -> np.ndarray:
    return asyncio.run(decoder.read(Upload(0, "a.jpg", data)))


def test_pixels_are_the_same_as_in_process(decoder: Decoder) -> None:
    photo = decoded(decoder, JPEG)
    assert np.array_equal(photo, read(JPEG))
    assert photo.label == "a.jpg"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"no picture", "is not a picture"),
        (JPEG[: len(JPEG) // 2], "cut off"),
    ],
)
def test_what_is_no_picture_says_why(decoder: Decoder, data: bytes, reason: str) -> None:
    with pytest.raises(ServiceError) as caught:
        decoded(decoder, data)
    assert caught.value.code == "unreadable_picture"
    assert caught.value.details["index"] == 0


def bomb(side: int) -> bytes:
    """A small PNG of very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(1 + 3 * side)) for _ in range(side)) + packed.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(
        b"IDAT", rows) + chunk(b"IEND", b"")  # fmt: skip


def test_a_bomb_is_refused_before_it_goes_off(decoder: Decoder) -> None:
    with pytest.raises(ServiceError, match="more than the limit"):
        decoded(decoder, bomb(2000))
    assert decoded(decoder, JPEG).shape == (40, 50, 3)


@pytest.fixture
def hurt(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Decoder]:
    """A decoder in which a picture that begins with "hurt" runs some Python instead."""

    def make(code: str, **more) -> Decoder:
        start = (
            "import vultus.inference.image as image; real = image.read\n"
            f"def read(data, **more):\n    if data.startswith(b'hurt'):\n        {code}\n"
            "    return real(data, **more)\n"
            "image.read = read\nfrom vultus.service.sandbox import main; main()"
        )
        monkeypatch.setattr("vultus.service.decode._START", start)
        return Decoder(replace(SETTINGS, **more))

    return make


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.abort()", "it brought its decoder down"),
        ("import os; os._exit(0)", "it brought its decoder down"),
        ("import ctypes; ctypes.string_at(1)", "it brought its decoder down"),
        ("bytearray(1 << 33)", "it needs more memory than a picture may take"),
        ("raise RuntimeError", "it cannot be decoded (RuntimeError)"),
        ("open('/etc/passwd')", "it cannot be decoded (OSError)"),
        ("import socket; socket.socket()", "it cannot be decoded (OSError)"),
        ("import os; os.pipe()", "it cannot be decoded (OSError)"),
    ],
)
def test_harm_is_done_to_the_process_alone(hurt: Callable[..., Decoder], code: str, reason: str) -> None:
    decoder = hurt(code)
    try:
        for _ in range(2):
            with pytest.raises(ServiceError) as caught:
                decoded(decoder, b"hurt")
            assert caught.value.details["reason"] == reason
            assert decoded(decoder, JPEG).shape == (40, 50, 3)
    finally:
        decoder.close()


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)"])
def test_who_hangs_is_ended(hurt: Callable[..., Decoder], code: str) -> None:
    decoder = hurt(code, decode_s=0.5)
    try:
        assert decoded(decoder, JPEG).shape == (40, 50, 3)
        began = time.monotonic()
        with pytest.raises(ServiceError) as caught:
            decoded(decoder, b"hurt")
        assert time.monotonic() - began < 10
        assert caught.value.details["reason"] in (
            "it took more than 0.5 seconds to decode",
            "it brought its decoder down",
        )
        assert decoded(decoder, JPEG).shape == (40, 50, 3)
    finally:
        decoder.close()


def test_what_a_captured_process_says_is_not_believed(hurt: Callable[..., Decoder]) -> None:
    lie = (
        "import struct, gc, socket; "
        "line = [one for one in gc.get_objects() if isinstance(one, socket.socket)][0]; "
        "line.sendall(struct.pack('!BII', 0, 1 << 30, 1 << 30)); import time; time.sleep(1)"
    )
    decoder = hurt(lie)
    try:
        with pytest.raises(ServiceError) as caught:
            decoded(decoder, b"hurt")
        assert caught.value.details["reason"] == "it brought its decoder down"
    finally:
        decoder.close()


def test_no_secret_of_the_service_is_in_it(hurt: Callable[..., Decoder]) -> None:
    decoder = hurt("import os; raise ValueError if 'VULTUS_MASTER_KEY' in os.environ else MemoryError")
    assert "VULTUS_MASTER_KEY" in os.environ
    try:
        with pytest.raises(ServiceError, match="it needs more memory"):
            decoded(decoder, b"hurt")
    finally:
        decoder.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_pictures_are_pictures_or_reasons(decoder: Decoder, data: st.DataObject) -> None:
    import cv2

    kind = data.draw(st.sampled_from([".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm"]))
    whole = bytearray(cv2.imencode(kind, np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3))[1].tobytes())
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=12)
    ):
        whole[place] = value
    cut = data.draw(st.integers(0, len(whole)))
    try:
        found = decoded(decoder, bytes(whole[: len(whole) - cut // 4]))
    except ServiceError as error:
        found = error.code
    assert isinstance(found, np.ndarray) or found == "unreadable_picture"


def test_too_many_have_to_come_again(monkeypatch: pytest.MonkeyPatch, decoder: Decoder) -> None:
    monkeypatch.setattr("vultus.service.decode._WAITING", 0)
    with pytest.raises(ServiceError, match="too many pictures are waiting to be read"):
        decoded(decoder, JPEG)


def test_many_at_once_get_their_own(decoder: Decoder) -> None:
    files = [jpeg(np.full((20 + n, 30, 3), n, np.uint8), 90) for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        shapes = list(pool.map(lambda data: decoded(decoder, data).shape[0], files))
    assert shapes == [20 + n for n in range(12)]


def test_a_process_is_replaced_after_some_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.service.decode._RECYCLE", 2)
    decoder = Decoder(SETTINGS)
    try:
        numbers = set()
        for _ in range(5):
            decoded(decoder, JPEG)
            numbers.add(decoder._processes[0]._child.pid)
        assert len(numbers) == 3
    finally:
        decoder.close()


def test_a_closed_decoder_reads_nothing() -> None:
    decoder = Decoder(SETTINGS)
    process = decoder._processes[0]
    decoder.close()
    assert process.decode(JPEG) == "the service is being stopped"
