from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from unit.gallery.fake import CONTRACT, names, person, photos, picture
from vultus.errors import (
    ConfigError,
    InputError,
    NameClashError,
    StoreError,
    UnknownNameError,
    VultusError,
)
from vultus.gallery import Gallery


def test_the_way_of_a_person(gallery, path):
    done = gallery.enroll("Ada", photos("ada"), metadata={"team": "engines"})
    assert (done.name, len(done.accepted), done.rejected) == ("Ada", 2, ())
    gallery.enroll("Bob", photos("bob", 1)[0])
    assert len(gallery) == 2
    assert [(one.name, one.n_faces) for one in gallery.people()] == [("Ada", 2), ("Bob", 1)]
    assert dict(gallery.person("Ada").metadata) == {"team": "engines"}
    assert [face.face_id for face in gallery.faces("Ada")] == [one.face_id for one in done.accepted]
    party = picture(person("bob", seed=7), person("zoe"), person("ada", seed=7))
    assert names(gallery.identify(party)) == ["Bob", None, "Ada"]
    assert gallery.verify("Ada", picture(person("ada", seed=8))).matched
    assert not gallery.verify("Ada", picture(person("bob", seed=8))).matched
    gallery.rename("Ada", "Countess")
    assert names(gallery.identify(party)) == ["Bob", None, "Countess"]
    assert gallery.remove("Countess") == 2
    assert names(gallery.identify(party)) == ["Bob", None, None]
    assert (gallery.check(), gallery.path, gallery.contract) == ([], path, CONTRACT)


def test_it_is_there_after_closing(path, engine):
    with Gallery.open(path, engine=engine) as gallery:
        gallery.enroll("Ada", photos("ada"))
    gallery.close()
    with pytest.raises(StoreError, match="is closed; open it again"):
        gallery.people()
    with Gallery.open(str(path), engine=engine, create=False, read_only=True) as gallery:
        assert names(gallery.identify(photos("ada")[0])) == ["Ada"]
        with pytest.raises(StoreError, match="was opened read-only"):
            gallery.enroll("Bob", photos("bob"))


def test_refused_pictures_are_reported_and_the_rest_taken(gallery):
    blurred = picture(person("ada", reasons=["blurred"]))
    done = gallery.enroll("Ada", [*photos("ada"), blurred, picture(), b"bad", "none.jpg"])
    assert len(done.accepted) == 2
    assert [one.reasons for one in done.rejected] == [
        ("blurred",),
        ("failure_to_acquire",),
        ("unreadable",),
        ("unreadable",),
    ]
    assert len(gallery.enroll("Ada", blurred, override_quality=True).accepted) == 1
    assert gallery.faces("Ada")[-1].reasons == ("blurred",)


def test_nobody_is_made_when_nothing_is_accepted(gallery):
    assert gallery.enroll("Ada", picture()).accepted == ()
    assert len(gallery) == 0
    assert gallery.remove("Ada") == 0, "what is remembered of refused pictures can be removed too"
    with pytest.raises(UnknownNameError, match="unknown person 'Ada'"):
        gallery.remove("Ada")


def test_several_faces(gallery):
    crowd = picture(person("bob", size=50), person("ada", size=120))
    assert gallery.enroll("Ada", crowd).rejected[0].reasons == ("several_faces",)
    assert len(gallery.enroll("Ada", crowd, face="largest").accepted) == 1
    assert names(gallery.identify(photos("ada")[0])) == ["Ada"]


def test_the_same_picture_again_costs_nothing(gallery, engine):
    first = gallery.enroll("Ada", photos("ada"))
    seen = engine.seen
    again = gallery.enroll("Ada", photos("ada"))
    assert [one.face_id for one in again.accepted] == [one.face_id for one in first.accepted]
    assert all(one.repeated for one in again.accepted)
    assert engine.seen == seen
    assert gallery.person("Ada").n_faces == 2


def test_clashes(gallery):
    gallery.enroll("Ada", photos("ada", 2), on_clash="error", metadata={"a": 1})
    with pytest.raises(NameClashError, match="named 'Ada' exists already; add to it or replace it: on_clash='add' or"):
        gallery.enroll("Ada", photos("ada", 3), on_clash="error")
    assert gallery.person("Ada").n_faces == 2
    gallery.enroll("Ada", photos("ada", 3), metadata={"b": 2})
    assert gallery.person("Ada").n_faces == 3
    assert dict(gallery.person("Ada").metadata) == {"a": 1, "b": 2}
    assert gallery.enroll("Ada", picture(), on_clash="replace").accepted == ()
    assert gallery.person("Ada").n_faces == 3, "nothing accepted, nothing replaced"
    kept = gallery.faces("Ada")[2]
    done = gallery.enroll("Ada", [photos("ada", 3)[2], picture(person("ada", seed=9))], on_clash="replace")
    assert [face.face_id for face in gallery.faces("Ada")] == [one.face_id for one in done.accepted]
    assert done.accepted[0].face_id == kept.face_id
    with pytest.raises(ConfigError, match="on_clash must be 'add', 'error' or 'replace', but is 'merge'"):
        gallery.enroll("Ada", photos("ada"), on_clash="merge")


def test_a_clash_that_arises_meanwhile(gallery, path, monkeypatch):
    monkeypatch.setattr(gallery._store, "names", list)
    gallery.enroll("Ada", photos("ada", 1))
    with pytest.raises(NameClashError, match="named 'Ada' exists already"):
        gallery.enroll("Ada", photos("ada", 2), on_clash="error")
    assert gallery.person("Ada").n_faces == 1


def test_bad_arguments(gallery, path):
    with pytest.raises(InputError, match="no picture of 'Ada' was given"):
        gallery.enroll("Ada", [])
    with pytest.raises(InputError, match="name must not be empty"):
        gallery.enroll(" ", photos("ada"))
    with pytest.raises(InputError, match="metadata must be JSON values"):
        gallery.enroll("Ada", photos("ada"), metadata={"a": object()})
    with pytest.raises(ConfigError, match="face must be 'single' or 'largest'"):
        gallery.enroll("Ada", photos("ada"), face="all")
    with pytest.raises(UnknownNameError, match="unknown gallery door 'grahp'"):
        Gallery.open(path, door="grahp")
    with pytest.raises(ConfigError, match="templates must be one of average, best, but is 'mean'"):
        Gallery.open(path, templates="mean")
    with pytest.raises(StoreError, match="there is no gallery at"):
        Gallery.open(path.with_name("other.vultus"), create=False)


def test_many(gallery, engine):
    items = [(who, one) for who in ("ada", "bob", "eve") for one in photos(who, 30)]
    items.insert(40, ("bob", b"bad"))
    counts: list[int] = []
    done = list(gallery.enroll_many(iter(items), progress=counts.append))
    assert counts == list(range(1, 92))
    assert [one.name for one in done] == [name for name, _ in items]
    assert [len(one.accepted) for one in done] == [1] * 40 + [0] + [1] * 50
    assert done[40].rejected[0].reasons == ("unreadable",)
    assert [one.n_faces for one in gallery.people()] == [30, 30, 30]
    seen = engine.seen
    again = list(gallery.enroll_many(items))
    assert engine.seen == seen + 1, "only the unreadable one is looked at again"
    assert all(one.repeated for answer in again for one in answer.accepted)
    assert gallery._store.revision() == 3, "a run without anything new writes nothing"


def test_many_with_a_bad_name(gallery):
    with pytest.raises(InputError, match="name must not be empty"):
        list(gallery.enroll_many([("Ada", photos("ada")[0]), ("", photos("bob")[0])]))


def test_a_full_disk_keeps_what_was_reported(gallery):
    reported = []
    gallery._store._connection.execute("PRAGMA max_page_count=25")
    items = [(f"p{n}", one) for n in range(30) for one in photos(f"p{n}", 10)]
    with pytest.raises(StoreError, match="the disk is full"):  # noqa: PT012
        for one in gallery.enroll_many(items):
            reported.append(one)
    gallery._store._connection.execute("PRAGMA max_page_count=100000")
    assert 0 < len(reported) == sum(one.n_faces for one in gallery.people())
    assert gallery.check() == []
    assert len(list(gallery.enroll_many(items))) == 300
    assert gallery.check() == []


def test_threads_ask_while_one_enrols(gallery):
    gallery.enroll("Ada", photos("ada"))
    wrong: list[object] = []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                if names(gallery.identify(photos("ada")[0])) != ["Ada"]:
                    wrong.append("not Ada")
            except VultusError as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in gallery.enroll_many([(f"p{n}", one) for n in range(30) for one in photos(f"p{n}", 3)]):
        pass
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


WORKER = """
import sys
from pathlib import Path
from unit.gallery.fake import FakeEngine, person, picture
from vultus.gallery import Gallery

def items():
    for n in range(400):
        yield f"p{n // 4}", picture(person(f"p{n // 4}", seed=n), seed=n) if n % 7 else picture(seed=n)

if __name__ == "__main__":
    engine = FakeEngine(delay_s=0.001)
    with Gallery.open(sys.argv[1], engine=engine) as gallery:
        for n, one in enumerate(gallery.enroll_many(items())):
            print(n, int(bool(one.accepted)), flush=True)
    print("seen", engine.seen, flush=True)
"""


def test_kill_in_the_middle_of_enrolment(path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    reported: set[int] = set()
    for stop_after in (1, 40, 100):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(path)], stdout=subprocess.PIPE, text=True,
                                  env=environment)  # fmt: skip
        assert worker.stdout is not None
        lines = [worker.stdout.readline() for _ in range(max(reported, default=0) + stop_after)]
        worker.kill()
        lines += worker.communicate()[0].splitlines()
        reported |= {int(line.split()[0]) for line in lines if line[:1].isdigit()}
        with Gallery.open(path) as gallery:
            assert gallery.check() == []
            stored = {face.picture for one in gallery.people() for face in gallery.faces(one.name)}
        wanted = sum(1 for n in reported if n % 7)
        assert wanted <= len(stored) <= wanted + 32, "what was reported is there, and at most one unreported batch"
    last = subprocess.run([sys.executable, "-c", WORKER, str(path)], stdout=subprocess.PIPE, text=True, check=True,
                          env=environment)  # fmt: skip
    seen = int(last.stdout.split()[-1])
    assert seen <= 400 - len(reported), "nothing that was reported is computed again"
    with Gallery.open(path) as gallery:
        assert sum(one.n_faces for one in gallery.people()) == sum(1 for n in range(400) if n % 7)
        assert gallery.check() == []


def test_a_person_belongs_to_one_collection(gallery):
    gallery.enroll("Ada", photos("Ada"), collection="staff")
    assert gallery.person("Ada").collection == "staff"
    gallery.enroll("Ada", photos("Ada", 3))
    with pytest.raises(NameClashError, match="exists already in the collection 'staff'; choose another name"):
        gallery.enroll("Ada", picture(person("Ada", seed=7)), collection="guests")
    assert gallery.person("Ada").n_faces == 3
    list(gallery.enroll_many([("Bob", photos("Bob", 1)[0])], collection="guests"))
    assert gallery.person("Bob").collection == "guests"
