"""The smallest camera: RTSP with a password, JPEG over RTP (RFC 2435) within the TCP connection."""

from __future__ import annotations

import base64
import contextlib
import socket
import struct
import threading

import cv2
import numpy as np

_CHUNK = 1200


class Camera:
    """Serves grey pictures, each brighter than the last.

    Args:
        frames: that it sends before it hangs up; it can be connected to again.
        user, password: that it asks for.
    """

    def __init__(self, frames: int = 40, user: str = "ann", password: str = "s3cret") -> None:
        self._frames, self._word = frames, base64.b64encode(f"{user}:{password}".encode()).decode()
        self._line = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://{user}:{password}@127.0.0.1:{self._line.getsockname()[1]}/live"
        self.played = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._line.accept()
                with line, contextlib.suppress(OSError):
                    self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        file = line.makefile("rb")
        while head := file.readline():
            fields = {}
            while (row := file.readline().strip()) and b":" in row:
                name, _, value = row.partition(b":")
                fields[name.strip().lower().decode()] = value.strip().decode()
            method = head.split()[0].decode()
            self._answer(line, method, fields)
            if method == "PLAY":
                self.played += 1
                self._play(line)
                return

    def _answer(self, line: socket.socket, method: str, fields: dict[str, str]) -> None:
        more, body = "", ""
        status = "200 OK"
        if method != "OPTIONS" and fields.get("authorization") != f"Basic {self._word}":
            status, more = "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"\r\n'
        elif method == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n"
        elif method == "DESCRIBE":
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:one\r\n"
            more = "Content-Type: application/sdp\r\n"
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        elif method == "PLAY":
            more = "Session: 1\r\n"
        text = (
            f"RTSP/1.0 {status}\r\nCSeq: {fields.get('cseq', '0')}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        line.sendall(text.encode())

    def _play(self, line: socket.socket) -> None:
        sequence = 0
        for number in range(self._frames):
            for packet in _packets(np.full((48, 64, 3), 40 + 4 * (number % 50), np.uint8), number * 9000, sequence):
                line.sendall(b"$\0" + struct.pack("!H", len(packet)) + packet)
                sequence += 1
            threading.Event().wait(0.02)


def _packets(image: np.ndarray, stamp: int, sequence: int) -> list[bytes]:
    """A picture as RTP packets."""
    data = cv2.imencode(".jpg", image)[1].tobytes()
    tables, scan, place = b"", b"", 2
    while not scan:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xDB:
            segment = data[place + 4 : place + 2 + length]
            tables += b"".join(segment[at + 1 : at + 65] for at in range(0, len(segment), 65))
        if marker == 0xDA:
            scan = data[place + 2 + length : -2]
        place += 2 + length
    packets = []
    for at in range(0, len(scan), _CHUNK):
        part = scan[at : at + _CHUNK]
        last = at + _CHUNK >= len(scan)
        head = struct.pack("!BBHII", 0x80, 26 | 0x80 * last, (sequence + len(packets)) & 0xFFFF, stamp, 1)
        picture = struct.pack("!IBBBB", at, 1, 255, image.shape[1] // 8, image.shape[0] // 8)
        quantisation = struct.pack("!BBH", 0, 0, len(tables)) + tables if at == 0 else b""
        packets.append(head + picture + quantisation + part)
    return packets
