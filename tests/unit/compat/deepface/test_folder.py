"""A folder of pictures as a gallery that follows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.inference.portraits import empty, portrait, turned
from vultus.compat.deepface.folder import FILE, people_of
from vultus.errors import InputError
from vultus.inference.image import write


def test_it_follows_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "eileen.png", portrait())
    (tmp_path / "more").mkdir()
    write(tmp_path / "more/again.png", turned(portrait(), 5))
    write(tmp_path / "wall.png", empty())
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    with pytest.warns(UserWarning, match=r"(wall\.png|broken\.jpg): no face"):
        gallery = people_of(tmp_path, refresh=True)
    assert [person.name for person in gallery.people()] == ["eileen.png", "more/again.png"]
    assert (tmp_path / FILE).exists()
    before = gallery.faces("eileen.png")[0].face_id

    (tmp_path / "more/again.png").unlink()
    write(tmp_path / "eileen.png", turned(portrait(), 3))
    assert [person.name for person in people_of(tmp_path, refresh=False).people()] == ["eileen.png", "more/again.png"]
    followed = people_of(tmp_path, refresh=True, silent=True)
    assert [person.name for person in followed.people()] == ["eileen.png"]
    assert followed.faces("eileen.png")[0].face_id != before, "its content changed"
    same = followed.faces("eileen.png")[0].face_id
    assert people_of(tmp_path, refresh=True, silent=True).faces("eileen.png")[0].face_id == same


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        people_of(tmp_path / "nowhere", refresh=True)
