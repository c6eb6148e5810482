"""The peer of the bench: a server with the same engine and gallery that takes one request at a time.

This is what one writes in an afternoon: Python's own HTTP server, one thread, each request from beginning to end.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vultus.gallery.collection import Gallery
from vultus.inference.document import decision, face
from vultus.inference.engine import FaceEngine
from vultus.service.forms import parts_of

if TYPE_CHECKING:
    from vultus.gallery.enrol import Engine


class _Server(HTTPServer):
    # Who finds no place in the queue asks the next time a second later, and that would be measured.
    request_queue_size = 64


def server_of(path: Path, engine: Engine, port: int = 0) -> HTTPServer:
    """A server over a gallery; `serve_forever` starts it."""
    gallery = Gallery.open(path, engine=engine)

    class Handler(BaseHTTPRequestHandler):
        """Who is in the first picture of a form."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer with every face and who it is."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (part,) = parts_of(self.headers["Content-Type"], body, 1)
            faces = [
                {**face(found.face), "name": found.name, "decision": decision(found.decision)}
                for found in gallery.identify(part.data)
            ]
            answer = json.dumps({"faces": faces}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            # One connection at a time would keep all the others out.
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    return _Server(("127.0.0.1", port), Handler)


def main() -> None:
    """Serve until killed. Arguments: gallery file, pack, threads."""
    path, pack, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    server = server_of(path, FaceEngine(pack, threads=threads))
    sys.stdout.write(f"at http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
