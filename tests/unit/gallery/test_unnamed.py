from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.gallery.fake import CONTRACT, DIMENSION, vector
from vultus.errors import UnknownNameError
from vultus.gallery.record import NewFace
from vultus.gallery.store import Store
from vultus.gallery.unnamed import Unnamed, _bunches


def face(number: int, who: str = "ada", left: float = 0.0, quality: float = 0.5) -> NewFace:
    return NewFace(
        source=f"{number}.jpg", picture=f"{number:064x}", box_xyxy_px=(left, 0, left + 50, 50), landmarks_px=((1, 2),),
        score=0.9, quality=quality, reasons=(), template=vector(who), enrolled_at=f"2026-01-{number:02}T00:00:00Z",
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
    yield store
    store.close()


def filled(store, count: int, group: int = 1) -> list[int]:
    """Faces of one group."""
    with store.writing() as writer, store.reading() as connection:
        faces = [writer.add(None, face(number)) for number in range(1, count + 1)]
        unnamed = Unnamed(connection, store.vault)
        unnamed.regrouped(unnamed.state(), np.full(count, group))
    return faces


def links(store) -> set[tuple[int, int, int]]:
    with store.reading() as connection:
        return set(connection.execute("SELECT * FROM link").fetchall())


def test_what_the_clustering_gets(store):
    with store.writing() as writer, store.reading() as connection:
        writer.add(writer.person("Ada"), face(1))
        faces = [writer.add(None, face(1, "bob", left=100)), writer.add(None, face(2, "eve"))]
        unnamed = Unnamed(connection, store.vault)
        before = unnamed.digest()
        unnamed.join(faces, 4)
        state = unnamed.state()
    assert state.face_ids.tolist() == faces
    assert (state.groups.tolist(), state.together.tolist(), state.apart.tolist()) == ([4, 4], [[0, 1]], [])
    np.testing.assert_array_equal(state.vectors, np.stack([vector("bob"), vector("eve")]))
    assert len(set(state.pictures)) == 2
    assert state.digest != before


def test_nothing_kept(store):
    with store.reading() as connection:
        unnamed = Unnamed(connection, store.vault)
        state = unnamed.state()
        assert (len(state.face_ids), len(state.vectors), unnamed.groups(), unnamed.next_group()) == (0, 0, [], 1)
        with pytest.raises(UnknownNameError, match="unknown group of unknown faces '3'"):
            unnamed.faces_of(3)


def test_the_same_face_is_recognised_by_its_place(store):
    with store.writing() as writer, store.reading() as connection:
        unnamed = Unnamed(connection, store.vault)
        own, person_id = writer.add(None, face(1)), writer.person("Ada")
        assert unnamed.standing(face(1, left=5)) == (own, None)
        assert unnamed.standing(face(1, left=200)) is None
        assert unnamed.standing(face(2)) is None
        named = writer.add(person_id, face(1))
        assert unnamed.standing(face(1)) == (named, person_id), "the one with a name comes first"


def test_groups_show_their_best_pictures(store):
    with store.writing() as writer, store.reading() as connection:
        for number, quality in enumerate([0.1, 0.9, 0.5, 0.7], start=1):
            writer.add(None, face(number, quality=quality))
        unnamed = Unnamed(connection, store.vault)
        assert unnamed.groups() == []
        unnamed.regrouped(unnamed.state(), np.array([7, 7, 7, 7]))
        (group,) = unnamed.groups()
    assert (group.group_id, group.n_faces, group.sources) == (7, 4, ("2.jpg", "4.jpg", "3.jpg"))
    assert (group.first_at, group.last_at) == ("2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")
    with store.reading() as connection:
        assert Unnamed(connection, store.vault).next_group() == 8


def test_links_grow_with_the_faces_not_with_their_pairs(store):
    faces = filled(store, 30)
    with store.writing(), store.reading() as connection:
        unnamed = Unnamed(connection, store.vault)
        assert unnamed.split(faces[:10], faces[10:]) == 2
        assert unnamed.faces_of(2) == faces[:10]
    assert {row[:2] for row in links(store) if row[2]} == {(face_id, faces[-1]) for face_id in faces[10:-1]}
    assert {row[:2] for row in links(store) if not row[2]} == {(face_id, faces[-1]) for face_id in faces[:10]}
    with store.writing(), store.reading() as connection:
        Unnamed(connection, store.vault).join(faces, 1)
    assert links(store) == {(face_id, faces[-1], 1) for face_id in faces[:-1]}


def test_the_oldest_face_takes_no_word_along(store):
    faces = filled(store, 6)
    with store.writing(), store.reading() as connection:
        unnamed = Unnamed(connection, store.vault)
        unnamed.split(faces[1:2], [faces[0], *faces[2:]])
        old = unnamed.kept_before("2026-01-02T00:00:00Z")
        assert old == faces[:1]
        assert unnamed.forget(old) == 1
        state = unnamed.state()
    assert len(state.together) == 3
    assert len(state.apart) == 1


def test_forgetting_spares_who_has_a_name(store):
    with store.writing() as writer, store.reading() as connection:
        known = writer.add(writer.person("Ada"), face(1))
        unknown = writer.add(None, face(2))
        assert Unnamed(connection, store.vault).forget([known, unknown]) == 1
        assert json.loads(connection.execute("SELECT json_group_array(face_id) FROM face").fetchone()[0]) == [known]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20))
def test_bunches_hang_together(pairs):
    found = _bunches(pairs)
    assert all(any({*pair} <= bunch for bunch in found) for pair in pairs)
    assert sum(map(len, found)) == len({face for pair in pairs for face in pair}), "no face is in two"
    for bunch in found:
        reached = {min(bunch)}
        for _ in bunch:
            reached |= {face for pair in pairs if reached & {*pair} for face in pair}
        assert reached == bunch
