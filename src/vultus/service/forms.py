"""Forms with files, taken apart in memory: nothing of a picture is ever written to a temporary file."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from vultus.service.envelope import ServiceError

_LONGEST_HEADER = 8192


@dataclass(slots=True)
class Part:
    """One field of a form.

    Attributes:
        name: of the field.
        filename: None for a field that is no file.
        data: its bytes.
    """

    name: str = ""
    filename: str | None = None
    data: bytes = b""


@dataclass(slots=True)
class _Reader:
    """Collects parts while the parser goes through the body."""

    most: int
    parts: list[Part] = field(default_factory=list)
    ended: bool = False
    _part: Part = field(default_factory=Part)
    _pieces: list[bytes] = field(default_factory=list)
    _name: bytes = b""
    _value: bytes = b""

    def on_part_begin(self) -> None:
        if len(self.parts) >= self.most:
            raise ServiceError("too_large", f"a form may have {self.most} fields", limit_files=self.most)
        self._part, self._pieces, self._name, self._value = Part(), [], b"", b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > _LONGEST_HEADER:
            raise FormParserError

    def on_header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self._part.filename = options[b"filename"].decode("utf-8", "replace")
        self._name = self._value = b""

    def on_headers_finished(self) -> None:
        if not self._part.name:
            raise FormParserError

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def on_end(self) -> None:
        self.ended = True

    def on_part_end(self) -> None:
        self._part.data = b"".join(self._pieces)
        self.parts.append(self._part)


def parts_of(content_type: str, body: bytes, most: int) -> list[Part]:
    """The fields of a multipart/form-data body, in order.

    Args:
        content_type: the header, with the boundary.
        body: all of it.
        most: fields that there may be.

    Raises:
        ServiceError: it is no such body, or has too many fields.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise _broken()
    reader = _Reader(most)
    names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "headers_finished",
             "end")  # fmt: skip
    parser = MultipartParser(boundary, {f"on_{name}": getattr(reader, f"on_{name}") for name in names})  # type: ignore[arg-type]
    try:
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise _broken() from None
    if not reader.ended:
        raise _broken()
    return reader.parts


def _broken() -> ServiceError:
    return ServiceError("bad_request", "the form cannot be read: it is not multipart/form-data as RFC 7578 has it")
