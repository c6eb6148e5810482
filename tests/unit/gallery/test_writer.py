from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, DIMENSION, vector
from vultus.errors import ContractError, NameClashError, ShapeError, UnknownNameError
from vultus.gallery.record import NewFace
from vultus.gallery.store import Store
from vultus.gallery.templates import decode, encode
from vultus.gallery.writer import now

POINTS = tuple((float(at), 1.0) for at in range(5))


def new_face(picture="00", box=(0.0, 0.0, 10.0, 10.0)) -> NewFace:
    return NewFace("a.jpg", picture * 32, box, POINTS, 0.9, 0.8, (), vector("ada"))


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    yield store
    store.close()


@pytest.fixture
def writer(store):
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
        yield writer


def test_bytes_of_a_template():
    raw = encode(np.array([1.0, -2.0], dtype=np.float64))
    assert raw == b"\x00\x00\x80\x3f\x00\x00\x00\xc0"
    assert decode(raw).tolist() == [1.0, -2.0]
    assert decode(raw).dtype == np.float32


def test_now_is_utc():
    assert now().endswith("Z")
    assert len(now()) == 20


def test_another_contract(writer):
    writer.bind(CONTRACT, DIMENSION)
    with pytest.raises(
        ContractError, match="holds embeddings of contract fake:0123456789abcdef, but these are of b:1"
    ) as e:
        writer.bind("b:1", DIMENSION)
    assert (e.value.gallery, e.value.engine) == (CONTRACT, "b:1")


def test_another_dimension(writer):
    with pytest.raises(ShapeError, match="template must be of 32 numbers, but is of 16"):
        writer.bind(CONTRACT, 16)


def test_metadata_join(writer, store):
    assert writer.person("Ada", {"a": 1, "b": 1}) == writer.person("Ada", {"b": 2}) == writer.person("Ada")
    assert dict(store.person("Ada").metadata) == {"a": 1, "b": 2}


def test_standing(writer):
    ada, bob = writer.person("Ada"), writer.person("Bob")
    assert writer.standing("Ada", new_face()) == (None, None)
    face_id = writer.add(ada, new_face())
    assert writer.standing("Ada", new_face()) == (face_id, None)
    assert writer.standing("Bob", new_face()) == (None, "Ada")
    elsewhere = new_face(box=(50.0, 0.0, 60.0, 10.0))
    assert writer.standing("Bob", elsewhere) == (None, None)
    assert writer.add(bob, elsewhere) == face_id + 1
    assert writer.standing("Bob", new_face("11")) == (None, None)


def test_nobody_is_twice_in_a_picture(writer, store):
    writer.add(writer.person("Ada"), new_face())
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        writer.add(writer.person("Ada"), new_face(box=(50.0, 0.0, 60.0, 10.0)))


def test_numbers_are_never_used_again(writer):
    writer.person("Ada")
    first = writer.add(writer.person("Ada"), new_face())
    assert writer.remove("Ada") == 1
    assert writer.add(writer.person("Ada"), new_face()) == first + 1


def test_remove(writer, store):
    writer.add(writer.person("Ada"), new_face())
    writer.refuse("Ada", "22" * 32, "o", ["blurred"])
    writer.refuse("Bob", "22" * 32, "o", ["blurred"])
    assert writer.remove("Ada") == 1
    assert store.known("Ada", "22" * 32, "o") == (None, ())
    assert store.counts() == (0, 0)
    assert writer.remove("Bob") == 0
    with pytest.raises(UnknownNameError, match=r"unknown person 'Bob' \(list: vultus gallery list\)"):
        writer.remove("Bob")


def test_rename(writer, store):
    writer.add(writer.person("Ada"), new_face())
    writer.refuse("Ada", "22" * 32, "o", ["blurred"])
    writer.person("Bob")
    writer.rename("Ada", "Countess")
    assert store.names() == ["Countess", "Bob"]
    assert store.known("Countess", "22" * 32, "o") == (None, ("blurred",))
    with pytest.raises(
        NameClashError, match="named 'Bob' exists already; choose another name, or remove one of the two"
    ):
        writer.rename("Countess", "Bob")
    with pytest.raises(UnknownNameError, match="unknown person 'Ada'"):
        writer.rename("Ada", "Eve")


def test_keep_only(writer, store):
    ada = writer.person("Ada")
    ids = [writer.add(ada, new_face(f"{n:02d}")) for n in range(4)]
    writer.keep_only(ada, ids[1:3])
    assert [record.face_id for record, _ in store.faces("Ada")] == ids[1:3]
