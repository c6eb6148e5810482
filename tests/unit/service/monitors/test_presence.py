from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vultus.service.monitors.presence import Presence, Rules

ADA = {"person_id": 1}
NOBODY = {"person_id": None}


def told(changes) -> list[tuple]:
    return [(one.type, one.track, one.person_id) for one in changes]


def test_somebody_comes_and_goes() -> None:
    presence = Presence(Rules(2, 5, 30))
    assert told(presence.see(1, 0.0, lambda: ADA)) == [("seen", 1, 1)]
    assert told(presence.see(1, 1.0, lambda: ADA)) == []
    assert told(presence.pass_time(5.9)) == []
    (left,) = presence.pass_time(6.0)
    assert (left.type, left.person_id, left.stayed_s) == ("left", 1, 1.0)
    assert presence.pass_time(7.0) == []


def test_whoever_comes_back_soon_is_not_told_again() -> None:
    presence = Presence(Rules(2, 5, 30))
    presence.see(1, 0.0, lambda: ADA)
    presence.pass_time(10.0)
    assert presence.see(2, 20.0, lambda: ADA) == []
    assert presence.pass_time(30.0) == [], "who was not told to have come is not told to have left"
    assert told(presence.see(3, 50.0, lambda: ADA)) == [("seen", 3, 1)]


def test_one_person_in_two_tracks_is_one_stay() -> None:
    presence = Presence(Rules())
    assert told(presence.see(1, 0.0, lambda: ADA)) == [("seen", 1, 1)]
    assert presence.see(2, 4.0, lambda: ADA) == []
    assert presence.pass_time(8.0) == [], "the second track is still there"
    assert told(presence.pass_time(9.0)) == [("left", 1, 1)]


def test_a_stranger_is_told_when_it_is_sure_and_may_turn_out_to_be_known() -> None:
    presence = Presence(Rules(2, 5, 30))
    asked = []

    def ask() -> dict:
        asked.append(1)
        return ADA if len(asked) > 3 else NOBODY

    changes = [told(presence.see(7, float(n), ask)) for n in range(9)]
    assert changes[:2] == [[], []]
    assert changes[2] == [("unknown", 7, None)]
    assert changes[7] == [("seen", 7, 1)], "asked again with the 2nd, 4th and 8th sight"
    assert len(asked) == 4
    assert sum(map(len, changes)) == 2
    assert told(presence.pass_time(99.0)) == [("left", 7, 1)]


def test_a_stranger_leaves() -> None:
    presence = Presence(Rules(1, 5, 30))
    presence.see(7, 0.0, lambda: NOBODY)
    presence.see(8, 0.0, lambda: NOBODY)
    assert told(presence.see(7, 1.0, lambda: NOBODY)) == [("unknown", 7, None)]
    assert told(presence.pass_time(20.0)) == [("left", 7, None)], "who was never told does not leave"


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, 1, 2]), st.floats(0, 8)), max_size=60))
def test_nobody_is_there_twice_and_nobody_leaves_who_has_not_come(steps) -> None:
    presence, now, there = Presence(Rules(2, 5, 10)), 0.0, set()
    for track, who, wait in steps:
        now += wait
        changes = presence.pass_time(now) + presence.see(track, now, lambda who=who: {"person_id": who})
        for one in changes:
            if one.type == "seen":
                assert one.person_id not in there
                there.add(one.person_id)
            elif one.type == "left" and one.person_id is not None:
                there.remove(one.person_id)
    for one in presence.pass_time(float("inf")):
        there.discard(one.person_id)
    assert not there
