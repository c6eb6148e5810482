from __future__ import annotations

from pathlib import Path

import pytest

from vultus.errors import InputError
from vultus.service.bench import _enrol, _enrolled
from vultus.service.load import fire, form, shot
from vultus.service.process import Alone, Started, _Process


def test_a_service_is_started_killed_and_started_again(tmp_path: Path) -> None:
    skimage = pytest.importorskip("skimage.data")
    import numpy as np

    from vultus.inference.image import jpeg

    data = jpeg(np.ascontiguousarray(skimage.astronaut()[..., :3]), 90)
    with Started(tmp_path, "dlib") as server:
        (hit,) = fire(server.address, iter([_enrol(server.key, "Eileen", data, 1)]), 1, keep=_enrolled)
        assert hit.status == 201
        assert server.memory_mb() > 50
        server.kill()
        assert not server.alive()
    with Started(tmp_path, "dlib") as server:
        assert server.names() == {"Eileen"}
        assert server.stop() == 0
    assert server.problems() == 0
    (tmp_path / "collections/broken.vultus").write_bytes(b"no gallery" * 100)
    assert server.problems() == 1


def test_a_service_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the service did not start: "):
        _Process(tmp_path, ["vultus.nothing"]).__enter__()


def test_the_peer_is_started(tmp_path: Path) -> None:
    with Alone(tmp_path, "dlib", 1) as server:
        body, kind = form({}, [("images", "a.jpg", b"no picture")])
        (hit,) = fire(server.address, iter([shot("identify", "POST", "/", "", body, kind)]), 1)
        assert hit.status == 0
        assert server.alive()
