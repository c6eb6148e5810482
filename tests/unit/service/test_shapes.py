from __future__ import annotations

import numpy as np

from unit.gallery.fake import FakeEngine, person, photos, picture
from vultus.cli import record
from vultus.gallery import Gallery
from vultus.gallery.photo import Photo
from vultus.service import schema, shapes
from vultus.service.decode import Upload
from vultus.service.envelope import ServiceError

PHOTO = Photo.of(np.zeros((200, 400, 3), np.uint8), b"x", "a.jpg")


def test_a_face_has_what_the_command_line_says_and_more() -> None:
    (face,) = FakeEngine().find(picture(person("ada")))
    shown = shapes.face(face, 3, PHOTO, embedding=True)
    schema.EmbeddedFaceShape.model_validate(shown)
    assert {**shown, **record.face(face, embedding=True)} == shown
    assert shown["index"] == 3
    assert shown["box_normalized"] == [0.0, 0.0, 0.25, 0.5]


def test_a_picture_has_faces_or_an_error() -> None:
    upload = Upload(1, "a.jpg", b"")
    assert shapes.picture(upload, PHOTO, []) == {
        "index": 1,
        "filename": "a.jpg",
        "width": 400,
        "height": 200,
        "faces": [],
    }
    told = shapes.unread(upload, ServiceError("unreadable_picture", "no"))
    assert told["error"] == {"code": "unreadable_picture", "message": "no"}
    schema.PictureShape.model_validate(told)


def test_people_faces_and_answers_fit_their_models(tmp_path) -> None:
    with Gallery.open(tmp_path / "a.vultus", engine=FakeEngine()) as gallery:
        gallery.enroll("Ada", photos("ada"), tags=["x"], metadata={"a": 1})
        known = gallery.known("Ada")
        schema.PersonShape.model_validate(shapes.person(*gallery.one(known.person_id)))
        schema.FaceRecordShape.model_validate(shapes.face_record(gallery.faces("Ada")[0], has_image=False))
        ada, eve = gallery.identify(picture(person("ada", seed=9), person("eve")))
        named = shapes.who(ada, gallery)
        assert (named["name"], named["person_id"]) == ("Ada", known.person_id)
        assert shapes.who(eve, gallery)["name"] is None
        gallery.remove("Ada")
        gone = shapes.who(ada, gallery)
        assert (gone["name"], gone["candidates"]) == (None, [])
