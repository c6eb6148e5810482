from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.service.envelope import ServiceError
from vultus.service.forms import Part, parts_of

KIND = "multipart/form-data; boundary=edge"


def body(*parts: tuple[str, bytes]) -> bytes:
    joined = b"".join(b"--edge\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts)
    return joined + b"--edge--\r\n"


def test_fields_and_files_come_in_order() -> None:
    name = ('Content-Disposition: form-data; name="name"', "Adé".encode())
    file = (
        'content-disposition: form-data; name="images"; filename="a.jpg"\r\nContent-Type: image/jpeg',
        b"\0\r\n--edg",
    )
    empty = ('Content-Disposition: form-data; name="images"; filename=""', b"")
    assert parts_of(KIND, body(name, file, empty), 9) == [
        Part("name", None, "Adé".encode()),
        Part("images", "a.jpg", b"\0\r\n--edg"),
        Part("images", "", b""),
    ]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("multipart/form-data", b""),
        (f"multipart/form-data; boundary={'x' * 300}", b""),
        (KIND, b"no form at all"),
        (KIND, body(("Content-Disposition: form-data", b"x"))),
        (KIND, body(("Content-Disposition: form-data; name=" + "a" * 10_000, b"x"))),
        (KIND, b"--edge\r\nX"),
    ],
)
def test_what_is_no_form_is_told(kind: str, data: bytes) -> None:
    with pytest.raises(ServiceError, match="the form cannot be read"):
        parts_of(kind, data, 9)


def test_fields_are_counted() -> None:
    many = body(*[('Content-Disposition: form-data; name="a"', b"")] * 5)
    with pytest.raises(ServiceError, match="a form may have 4 fields"):
        parts_of(KIND, many, 4)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_an_error(data: bytes) -> None:
    with contextlib.suppress(ServiceError):
        assert isinstance(parts_of(KIND, b"--edge\r\n" + data, 9), list)
