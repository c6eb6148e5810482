from __future__ import annotations

import base64
import json
import os
import stat

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, FakeEngine, person, picture, vector
from vultus.errors import ConfigError, ContractError, InputError, NameClashError, StoreError
from vultus.gallery import Gallery
from vultus.gallery.retention import Consent
from vultus.gallery.store import Store
from vultus.gallery.transfer import SCHEMA, export_gallery, import_gallery, read_export


@pytest.fixture
def store(tmp_path):
    with Gallery.open(tmp_path / "a.vultus", engine=FakeEngine()) as gallery:
        gallery.enroll("Zoë", [picture(person("zoe", seed=n), seed=n) for n in range(3)], metadata={"æ": [1, None]})
        gallery.enroll("Ada", picture(person("ada")))
    store = Store(tmp_path / "a.vultus")
    yield store
    store.close()


@pytest.fixture
def empty(tmp_path):
    store = Store(tmp_path / "b.vultus")
    yield store
    store.close()


@pytest.fixture
def file(store, tmp_path):
    export_gallery(store, tmp_path / "people.json")
    return tmp_path / "people.json"


def contents(store: Store):
    return {
        name: (
            dict(store.person(name).metadata),
            [
                (record.picture, record.box_xyxy_px, record.landmarks_px, record.enrolled_at, template.tolist())
                for record, template in store.faces(name)
            ],
        )
        for name in store.names()
    }


def change(file, edit) -> None:
    document = json.loads(file.read_text())
    edit(document)
    file.write_text(json.dumps(document))


def test_there_and_back(store, empty, file):
    assert import_gallery(empty, file) == 4
    assert contents(empty) == contents(store)
    assert (empty.contract(), empty.dimension(), empty.check()) == (CONTRACT, 32, [])
    assert [one.created_at for one in empty.people()] == [one.created_at for one in store.people()]


def test_the_file(file):
    document = json.loads(file.read_text(encoding="utf-8"))
    assert (document["schema"], document["contract"], document["dimension"]) == (SCHEMA, CONTRACT, 32)
    zoe = document["people"][0]
    assert (zoe["name"], zoe["metadata"], len(zoe["faces"])) == ("Zoë", {"æ": [1, None]}, 3)
    raw = base64.b64decode(zoe["faces"][1]["template"])
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4"), vector("zoe", 0.1, 1))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(os.listdir(file.parent)) == ["a.vultus", "a.vultus-shm", "a.vultus-wal", "people.json"]


def test_an_empty_gallery(empty, tmp_path):
    assert export_gallery(empty, tmp_path / "none.json") == 0
    assert import_gallery(empty, tmp_path / "none.json") == 0
    assert empty.contract() == ""


def test_a_file_that_cannot_be_written(store, file, tmp_path, monkeypatch):
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"cannot write the export .*: No such file or directory; nothing was written"):
        export_gallery(store, tmp_path / "none" / "people.json")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device; nothing was written"):
        export_gallery(store, file)
    assert file.read_bytes() == before
    assert not list(tmp_path.glob(".*.part"))


def test_clashes(store, file):
    with pytest.raises(NameClashError, match="'Zoë' exists already; choose what to do: on_clash='add', 'skip' or"):
        import_gallery(store, file)
    before = contents(store)
    assert import_gallery(store, file, on_clash="add") == 0, "the same faces are there already"
    assert import_gallery(store, file, on_clash="skip") == 0
    assert contents(store) == before
    with store.writing() as writer:
        writer.keep_only(1, [1])
    assert import_gallery(store, file, on_clash="skip") == 0
    assert import_gallery(store, file, on_clash="add") == 2
    assert import_gallery(store, file, on_clash="replace") == 4
    assert contents(store) == before
    with pytest.raises(ConfigError, match="on_clash must be one of error, add, skip, replace, but is 'merge'"):
        import_gallery(store, file, on_clash="merge")


def test_another_contract(store, empty, file):
    change(file, lambda document: document.update(contract="other:1"))
    with pytest.raises(ContractError, match=f"contract {CONTRACT}, but these are of other:1"):
        import_gallery(store, file, on_clash="add")
    with pytest.raises(ContractError, match="contract mine:1, but these are of other:1"):
        import_gallery(empty, file, contract="mine:1")
    assert import_gallery(empty, file) == 4


def test_all_or_nothing(store, empty, file):
    import_gallery(empty, file)
    with empty.writing() as writer:
        writer.rename("Ada", "Countess")
        writer.remove("Zoë")
    with pytest.raises(StoreError, match=r"the face of 'Ada' in <bytes> is enrolled as 'Countess' here; rename one"):
        import_gallery(empty, file)
    assert empty.names() == ["Countess"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe\x00", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[1]", 'its "schema" must be "vultus.gallery/1", but is None'),
        (b'{"schema": "vultus.embed/1"}', "but is 'vultus.embed/1'"),
    ],
)
def test_no_export(empty, tmp_path, content, words):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=r"x.json is no Vultus gallery export: ") as caught:
        import_gallery(empty, tmp_path / "x.json")
    assert words in str(caught.value)


def test_no_file(empty, tmp_path):
    with pytest.raises(InputError, match=r"cannot read the export .*x.json: No such file or directory"):
        import_gallery(empty, tmp_path / "x.json")
    with pytest.raises(InputError, match=r"cannot read the export .*: Is a directory"):
        import_gallery(empty, tmp_path)


def person_of(**change):
    return lambda document: document["people"][0].update(change)


def face_of(**change):
    return lambda document: document["people"][0]["faces"][0].update(change)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda document: document.pop("contract"), "'contract' is missing"),
        (lambda document: document.update(contract=""), "it has people but no contract"),
        (lambda document: document.update(contract=7), "contract must be text, but is 7"),
        (lambda document: document.update(dimension="32"), "dimension must be a whole number, but is '32'"),
        (lambda document: document.update(dimension=16), "a template of 'Zoë' must have 64 bytes, but has 128"),
        (lambda document: document.update(people=5), "not iterable"),
        (lambda document: document["people"].append(document["people"][0]), "'Zoë' is in it twice"),
        (lambda document: document["people"].append(3), "not subscriptable"),
        (person_of(name=""), "name must not be empty"),
        (person_of(name="Ada"), "'Ada' is in it twice"),
        (person_of(faces=[]), "'Zoë' has no face"),
        (person_of(metadata=[1]), ""),
        (person_of(created_at="yesterday"), "Invalid isoformat string"),
        (face_of(template="?!"), "a template of 'Zoë' is not base64"),
        (face_of(template=base64.b64encode(bytes(128)).decode()), "a template of 'Zoë' must be of length 1, but is 0"),
        (face_of(template=base64.b64encode(b"\xff" * 128).decode()), "must be of length 1, but is nan"),
        (face_of(picture="zz"), "non-hexadecimal"),
        (face_of(picture="ab"), "a picture digest of 'Zoë' must be 64 hexadecimal digits"),
        (face_of(box=[1, 2, 3]), "box must be 4 numbers, but is [1, 2, 3]"),
        (face_of(box=[1, 2, 3, float("nan")]), "box must be 4 numbers"),
        (face_of(score=True), "score must be 1 numbers, but is [True]"),
        (face_of(landmarks=[[1, 2]]), "a face of 'Zoë' must have 5 landmarks, but has 1"),
        (face_of(reasons=[1]), "reason must be text, but is 1"),
        (face_of(source="\udcff"), "surrogates not allowed"),
        (face_of(enrolled_at=""), "Invalid isoformat string"),
    ],
)
def test_damage(empty, file, edit, words):
    change(file, edit)
    with pytest.raises(InputError, match=r"the export .*people.json is damaged: .*; nothing was taken in") as caught:
        read_export(file)
    assert words in str(caught.value)
    with pytest.raises(InputError, match="is damaged"):
        import_gallery(empty, file)
    assert empty.counts() == (0, 0)


def test_everything_about_a_person_goes_along(tmp_path):
    with Gallery.open(tmp_path / "a.vultus", engine=FakeEngine()) as ours:
        ours.enroll("Ada", picture(person("ada")), collection="staff", tags=["night"], keep_days=30)
        ours.set_consent("Ada", Consent(basis="consent", given_at="2026-01-01"))
        with ours._store.writing() as writer:
            writer._connection.execute("INSERT INTO crop VALUES (1, 1, x'00')")
            sealed = ours._store.vault.seal(1, "crop", 1, b"jpeg")
            writer._connection.execute("UPDATE crop SET jpeg = ?", (sealed,))
        before = ours.person("Ada")
        ours.export(tmp_path / "people.json")
    with Gallery.open(tmp_path / "b.vultus", engine=FakeEngine()) as theirs:
        theirs.import_(tmp_path / "people.json")
        after = theirs.person("Ada")
        assert (after.collection, after.tags, after.consent, after.keep_until) == (
            before.collection, before.tags, before.consent, before.keep_until
        )  # fmt: skip
        assert (after.collection, after.tags) == ("staff", ("night",))
        assert theirs._store.crops("Ada") == {1: b"jpeg"}
