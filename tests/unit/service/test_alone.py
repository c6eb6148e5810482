from __future__ import annotations

import threading
from pathlib import Path

from unit.gallery.fake import FakeEngine, person, photos, picture
from vultus.gallery import Gallery
from vultus.service.alone import server_of
from vultus.service.load import document, fire, form, shot


def test_it_names_who_is_in_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.vultus"
    with Gallery.open(path, engine=FakeEngine()) as gallery:
        gallery.enroll("Ada", photos("ada"))
    server = server_of(path, FakeEngine())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    body, kind = form({}, [("images", "a.jpg", picture(person("ada", seed=9), person("eve")))])
    shots = [shot("identify", "POST", "/", "", body, kind)] * 3
    hits = fire(("127.0.0.1", server.server_port), iter(shots), 2, keep=lambda hit: True)
    server.shutdown()
    thread.join()
    server.server_close()
    assert [hit.status for hit in hits] == [200] * 3
    assert [face["name"] for face in document(hits[0])["faces"]] == ["Ada", None]
