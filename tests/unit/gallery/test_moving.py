from __future__ import annotations

import pytest

from unit.gallery.spaces import NEW, OLD, crop, fill, new_space, old_space, pictures
from vultus.errors import ContractError
from vultus.gallery import Gallery
from vultus.gallery.store import Store
from vultus.inference.engine import FaceEngine


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "people.vultus"
    store = Store(path)
    fill(store, range(30), 3)
    store.close()
    return path


@pytest.mark.parametrize("templates", ["average", "best"])
def test_after_it_the_same_gallery_answers_by_the_new_model(path, templates):
    with Gallery.open(path, engine=old_space(), templates=templates) as gallery:
        assert gallery.identify(crop(7, 5))[0].candidates[0].name == "P7"
        with Gallery.open(path, engine=old_space(), templates=templates) as other:
            assert other.identify(crop(8, 5))[0].candidates[0].name == "P8"
            plan = gallery.migrate(new_space())
            assert plan.state == "applied"
            assert gallery.contract == NEW
            assert gallery.identify(crop(9, 5))[0].candidates[0].name == "P9"
            assert gallery.verify("P9", crop(9, 6)).similarity > gallery.verify("P8", crop(9, 6)).similarity
            # whoever still has the old model is told, and never answered
            with pytest.raises(ContractError, match=NEW):
                other.identify(crop(8, 5))
            with pytest.raises(ContractError, match=NEW):
                other.enroll("Late", crop(200, 1))
    with pytest.raises(ContractError, match=NEW):
        Gallery.open(path, engine=old_space())
    with Gallery.open(path, engine=new_space(), templates=templates) as gallery:
        assert gallery.identify(crop(9, 5))[0].candidates[0].name == "P9"
        assert gallery.check() == []


def test_whoever_has_a_gallery_of_one_open_is_told_too(tmp_path):
    path = tmp_path / "one.vultus"
    store = Store(path)
    fill(store, range(1))
    store.close()
    with Gallery.open(path, engine=old_space()) as gallery, Gallery.open(path, engine=old_space()) as other:
        assert other.identify(crop(0, 5))[0].candidates[0].name == "P0"
        gallery.migrate(new_space())
        with pytest.raises(ContractError, match=NEW):
            other.identify(crop(0, 5))


def test_until_it_is_done_the_old_model_answers_and_it_can_be_taken_back(path):
    with Gallery.open(path, engine=old_space()) as gallery:
        assert gallery.migration() is None
        assert gallery.migrate(new_space(), confirm=lambda plan: plan.n_faces != 90).state == "planned"
        assert gallery.migration().contract == NEW
        assert gallery.contract == OLD
        assert gallery.identify(crop(9, 5))[0].candidates[0].name == "P9"
        assert gallery.roll_back() == 90
        assert gallery.migration() is None
        assert gallery.check() == []


def test_mapped_people_are_found_by_the_new_model(tmp_path):
    path = tmp_path / "mapped.vultus"
    store = Store(path)
    fill(store, range(30), 3, kept=False)
    store.close()
    with Gallery.open(path, engine=old_space()) as gallery:
        plan = gallery.migrate(new_space(), pictures=pictures(range(100, 200)))
        assert (plan.n_mapped, plan.n_pairs) == (90, 300)
        first = [gallery.identify(crop(who, 5))[0].candidates[0].name == f"P{who}" for who in range(30)]
    assert sum(first) >= 27


def test_real_packs_from_kept_cut_outs_only(tmp_path, real_engine):
    data = pytest.importorskip("skimage.data")
    path, portrait = tmp_path / "people.vultus", data.astronaut()
    with Gallery.open(path, engine=real_engine) as gallery:
        assert gallery.enroll("Eileen", portrait, override_quality=True).accepted
        other = FaceEngine("dlib-mmod", threads=1)
        plan = gallery.migrate(other)
        assert (plan.state, plan.n_embedded, plan.cost) == ("applied", 1, None)
        # the cut-out gives nearly the template that the whole picture would have given
        assert gallery.verify("Eileen", portrait).similarity > 0.99
        assert gallery.identify(portrait[:, ::-1])[0].name == "Eileen"
        assert gallery.check() == []
