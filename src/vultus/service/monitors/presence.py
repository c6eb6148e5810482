"""Who is there: sightings of tracks become people who come and go, each told once.

A person who is seen by several tracks, or again and again, is one stay. Somebody counts as gone after a time without a
sight, and whoever comes back soon after is not told again, nor told to have left again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Rules:
    """When something is told.

    Attributes:
        confirm_frames: sights after which a track counts; a stranger needs as many again.
        absence_s: somebody not seen for so long has left.
        cooldown_s: whoever comes back within this time of leaving is not told.
    """

    confirm_frames: int = 3
    absence_s: float = 5.0
    cooldown_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Change:
    """Something to tell.

    Attributes:
        type: "seen", "left" or "unknown".
        track: number of the track.
        person_id: who; None for a stranger.
        body: what `Presence.see` was told of them.
        stayed_s: seconds from the first to the last sight; for "left".
    """

    type: str
    track: int
    person_id: int | None
    body: Mapping[str, Any]
    stayed_s: float | None = None


@dataclass(slots=True)
class _Stay:
    """Somebody who is there."""

    track: int
    since_s: float
    last_s: float
    body: Mapping[str, Any]
    told: bool


@dataclass(slots=True)
class _Track:
    """A track, which stands for a person or, so far, for nobody known."""

    since_s: float
    last_s: float
    sights: int = 0
    person_id: int | None = None
    told: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)


class Presence:
    """Keeps who is there. Times are seconds on any clock that does not go back.

    Args:
        rules: when something is told.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._tracks: dict[int, _Track] = {}
        self._people: dict[int, _Stay] = {}
        self._left: dict[int, float] = {}

    def see(self, track: int, time_s: float, ask: Callable[[], Mapping[str, Any]]) -> list[Change]:
        """A confirmed track is in view.

        Args:
            track: its number.
            time_s: now.
            ask: looks who it is: JSON values with "person_id"; called with the 1st, 2nd, 4th, 8th ... sight until there
                is an answer, since a track's vote grows.
        """
        one = self._tracks.setdefault(track, _Track(time_s, time_s))
        one.sights += 1
        one.last_s = time_s
        if one.person_id is None and one.sights & (one.sights - 1) == 0:
            one.body = ask()
            one.person_id = one.body.get("person_id")
        if one.person_id is not None:
            return self._meet(track, one, one.person_id)
        if not one.told and one.sights > self._rules.confirm_frames:
            one.told = True
            return [Change("unknown", track, None, one.body)]
        return []

    def pass_time(self, time_s: float) -> list[Change]:
        """Who has left by now."""
        over = time_s - self._rules.absence_s
        changes = []
        for track, one in [(track, one) for track, one in self._tracks.items() if one.last_s <= over]:
            del self._tracks[track]
            if one.told and one.person_id is None:
                changes.append(Change("left", track, None, one.body, one.last_s - one.since_s))
        for person_id, stay in [(who, stay) for who, stay in self._people.items() if stay.last_s <= over]:
            del self._people[person_id]
            if stay.told:
                self._left[person_id] = time_s
                changes.append(Change("left", stay.track, person_id, stay.body, stay.last_s - stay.since_s))
        self._left = {who: at for who, at in self._left.items() if time_s - at < self._rules.cooldown_s}
        return changes

    def _meet(self, track: int, one: _Track, person_id: int) -> list[Change]:
        stay = self._people.get(person_id)
        if stay is not None:
            stay.last_s = one.last_s
            return []
        soon = one.last_s - self._left.get(person_id, float("-inf")) < self._rules.cooldown_s
        self._people[person_id] = _Stay(track, one.since_s, one.last_s, one.body, told=not soon)
        return [] if soon else [Change("seen", track, person_id, one.body)]
