from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.spaces import NEW, NOBODY, OLD, fill, new_face, new_space, old_space, pictures
from vultus.errors import ConfigError, InputError, StoreError
from vultus.gallery.migrate import Material, migrate, roll_back
from vultus.gallery.staging import Staging
from vultus.gallery.store import Store


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / "people.vultus")
    yield store
    store.close()


def everything(store: Store) -> dict[str, np.ndarray]:
    """Template of each face, of known and unknown people, by where it came from."""
    from vultus.gallery.templates import TEMPLATE, decode

    with store.reading() as connection:
        rows = connection.execute("SELECT source, face_id, key_id, template FROM face").fetchall()
    return {row[0]: decode(store.vault.open(row[2], TEMPLATE, row[1], row[3])) for row in rows}


def truth(model, source: str) -> np.ndarray:
    who, moment = source.removesuffix(".jpg").split("-")
    return model.vector(int(who), int(moment))


def test_kept_crops_are_embedded_anew_those_of_unknown_people_too(store):
    fill(store, range(12), unknown=3)
    engine, told = new_space(), []
    plan = migrate(store, engine, progress=lambda *words: told.append(words))
    assert (plan.state, plan.old, plan.new) == ("applied", OLD, NEW)
    assert (plan.n_faces, plan.n_embedded, plan.n_mapped, plan.n_pairs) == (27, 27, 0, 0)
    assert told == [("embedding", 27, 27)]
    assert (store.contract(), store.dimension()) == (NEW, 32)
    found = everything(store)
    assert len(found) == 27
    for source, template in found.items():
        np.testing.assert_array_equal(template, truth(engine, source))
    assert store.check() == []
    assert Staging(store).underway() is None
    # a second time there is nothing to do
    assert migrate(store, engine).state == "current"
    assert len(engine.seen) == 27


def test_faces_without_a_crop_are_mapped_by_what_the_others_teach(store):
    fill(store, range(90), 3)
    fill(store, range(100, 140), 3, kept=False)
    engine = new_space()
    plan = migrate(store, engine)
    assert (plan.n_embedded, plan.n_mapped, plan.n_pairs) == (270, 120, 270)
    assert plan.cost is not None
    assert plan.cost.mapped is not None
    assert plan.cost.new.value > 0.9
    assert plan.cost.mapped.low <= plan.cost.mapped.value <= plan.cost.mapped.high
    assert plan.cost.mapped.value > 0.85 * plan.cost.old.value
    # the new model's own thresholds still mean what they say
    assert 0.003 < plan.cost.mapped_fmr < 0.03
    found = everything(store)
    near = [found[f"{who}-0.jpg"] @ truth(engine, f"{who}-5.jpg") for who in range(100, 140)]
    far = [found[f"{who}-0.jpg"] @ truth(engine, f"{who + 1}-5.jpg") for who in range(100, 139)]
    assert np.mean(near) > np.mean(far) + 2 * np.std(far)
    assert store.check() == []


def test_pictures_of_other_people_teach_a_map_where_no_crop_was_kept(store):
    fill(store, range(30), 3, kept=False)
    with pytest.raises(InputError, match="90 faces have no kept crop in which the new model finds them") as why:
        migrate(store, new_space())
    assert "e.g. of 0-0.jpg, 0-1.jpg, 0-2.jpg" in str(why.value)
    assert store.contract() == OLD
    engine, told = new_space(), []
    given = Material(old_space(), pictures(range(200, 300)))
    plan = migrate(store, engine, material=given, progress=lambda *words: told.append(words))
    assert (plan.n_embedded, plan.n_mapped, plan.n_pairs, plan.state) == (0, 90, 300, "applied")
    assert told[-1] == ("fitting", 300, 300)
    assert plan.cost.n_people == 100
    assert plan.cost.mapped.value > 0.8
    assert store.check() == []


def test_pictures_in_which_nobody_is_found_teach_nothing(store):
    fill(store, range(3), kept=False)
    material = Material(old_space(), pictures(range(5), 1)[:0] or [("Q", b"no picture")])
    with pytest.raises(InputError, match="no face was found by both models"):
        migrate(store, new_space(), material=material)


def test_a_face_that_is_not_found_again_in_its_crop_is_mapped(store):
    fill(store, range(90), 3)
    with store.writing() as writer:
        writer.add(writer.person("Shy"), new_face(300, NOBODY))
    plan = migrate(store, new_space())
    assert (plan.n_embedded, plan.n_mapped) == (270, 1)
    assert store.check() == []


def test_what_it_costs_is_told_before_and_no_leaves_everything_as_it_was(store):
    fill(store, range(40), 3)
    before, asked = everything(store), []

    def no(plan):
        asked.append(plan)
        return False

    plan = migrate(store, new_space(), confirm=no)
    assert plan is asked[0]
    assert plan.state == "planned"
    assert plan.calibrated
    assert plan.cost.mapped is None
    assert plan.cost.mapped_fmr is None
    assert plan.cost.n_people == 40
    assert store.contract() == OLD
    after = everything(store)
    assert all(np.array_equal(before[source], after[source]) for source in before)
    # what was embedded is kept for a yes
    engine = new_space()
    assert migrate(store, engine, confirm=lambda _: True).state == "applied"
    assert engine.seen == []


def test_few_people_cost_nobody_knows_what_and_a_pack_without_thresholds_says_so(store):
    class Uncalibrated:
        def __init__(self) -> None:
            self._inner = new_space()
            self.contract = NEW

        @property
        def calibration(self):
            raise ConfigError("none")

        def find_each(self, *arguments, **more):
            return self._inner.find_each(*arguments, **more)

    fill(store, range(3))
    plan = migrate(store, Uncalibrated())
    assert plan.cost is None
    assert not plan.calibrated


def test_interrupted_it_goes_on_where_it_stopped_or_is_rolled_back(store):
    fill(store, range(60))
    with pytest.raises(RuntimeError, match="plug"):
        migrate(store, new_space(fails_at=70))
    assert Staging(store).progress().n_ready == 64
    assert store.contract() == OLD
    assert store.check() == []
    with pytest.raises(StoreError, match=f"on its way to {NEW} since .*; go on with that one, or end it first"):
        migrate(store, old_space_of_another_contract())
    assert roll_back(store) == 64
    assert Staging(store).progress().n_ready == 0
    with pytest.raises(StoreError, match=r"no migration of .* is under way; there is nothing to roll back"):
        roll_back(store)
    with pytest.raises(RuntimeError, match="plug"):
        migrate(store, new_space(fails_at=70))
    engine = new_space()
    assert migrate(store, engine).state == "applied"
    assert len(engine.seen) == 120 - 64
    assert store.check() == []


def old_space_of_another_contract():
    engine = old_space()
    engine.contract = "third:2222222222222222"
    return engine


def test_who_is_enrolled_meanwhile_comes_too_and_who_is_removed_does_not(store):
    fill(store, range(40))

    def busy(plan):
        with store.writing() as writer:
            writer.add(writer.person("Late"), new_face(200, 1))
            writer.remove("P7")
        return True

    engine = new_space()
    plan = migrate(store, engine, confirm=busy)
    assert (plan.state, plan.n_faces) == ("applied", 79)
    found = everything(store)
    np.testing.assert_array_equal(found["200-1.jpg"], engine.vector(200, 1))
    assert "7-0.jpg" not in found
    assert store.check() == []


def test_what_the_user_said_about_faces_stays(store):
    fill(store, range(12), unknown=2)
    with store.writing() as writer, store.reading() as connection:
        writer.refuse("P1", "ab" * 32, "options", ["failure_to_acquire"])
        connection.execute("INSERT INTO negative VALUES (25, 1)")
        connection.execute("INSERT INTO link VALUES (25, 26, 0)")
        connection.execute("UPDATE face SET group_id = 5 WHERE face_id = 26")
    migrate(store, new_space())
    with store.reading() as connection:
        assert connection.execute("SELECT * FROM negative").fetchall() == [(25, 1)]
        assert connection.execute("SELECT * FROM link").fetchall() == [(25, 26, 0)]
        assert connection.execute("SELECT group_id FROM face WHERE face_id = 26").fetchone() == (5,)
        # but what the old model refused, the new one may take
        assert connection.execute("SELECT count(*) FROM refusal").fetchone() == (0,)


def test_an_empty_gallery_has_nothing_to_move(store):
    with pytest.raises(InputError, match="is empty: there is nothing to move; make one with the other pack"):
        migrate(store, new_space())


def test_the_audit_log_tells_of_it(store):
    fill(store, range(12))
    migrate(store, new_space())
    with store.reading() as connection:
        text = connection.execute("SELECT entry FROM audit ORDER BY seq DESC LIMIT 1").fetchone()[0]
    assert '"migrate"' in text
    assert f'"old":"{OLD}"' in text
    assert f'"new":"{NEW}"' in text


ASKED = 11  # lines: go, 9 batches, asked; what follows is the exchange
KILLED = """
import sys, threading
from pathlib import Path
from unit.gallery.spaces import new_space
from vultus.gallery.migrate import migrate
from vultus.gallery.store import Store
store = Store(Path(sys.argv[1]))
print("go", flush=True)
migrate(store, new_space(), progress=lambda *_: print("batch", flush=True),
        confirm=lambda _: print("asked", flush=True) or True)
print("done", flush=True)
"""


@pytest.mark.parametrize("round_", range(6))
def test_killed_at_any_moment_it_is_one_contract_and_goes_on(tmp_path, round_):
    killed_and_gone_on(tmp_path / "people.vultus", 1 + 2 * round_, 0.013 * round_)


@pytest.mark.slow
@pytest.mark.parametrize("tenth", range(10))
def test_killed_at_a_hundred_random_moments_it_is_one_contract_and_goes_on(tmp_path, tenth):
    random = np.random.default_rng(tenth)
    for number in range(5):
        killed_and_gone_on(tmp_path / f"{number}.vultus", 1, float(random.uniform(0, 0.8)))
        killed_and_gone_on(tmp_path / f"asked-{number}.vultus", ASKED, float(random.uniform(0, 0.1)))


def killed_and_gone_on(path: Path, lines: int, delay_s: float) -> None:
    """Kill a migration some time after so many lines of it, look at the gallery, and go on."""
    store = Store(path)
    fill(store, range(90), 3, unknown=5)
    fill(store, range(100, 120), 3, kept=False)
    before = everything(store)
    store.close()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    for _ in range(lines):
        process.stdout.readline()
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = Store(path)
    assert store.check() == []
    found, contract = everything(store), store.contract()
    if contract == OLD:
        assert all(np.array_equal(before[source], found[source]) for source in before)
    else:
        assert {len(row) for row in found.values()} == {32}
    n_ready = Staging(store).progress().n_ready
    engine = new_space()
    plan = migrate(store, engine)
    assert len(engine.seen) == (0 if plan.state == "current" else 275 - n_ready)
    assert store.contract() == NEW
    assert {len(row) for row in everything(store).values()} == {32}
    assert store.check() == []
    store.close()
