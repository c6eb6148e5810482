"""How long people are kept and on what grounds: the consent record, the day after which they go, and who is due."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_LONG_ENOUGH = "kept_long_enough"
CONSENT_ENDED = "consent_ended"
CONSENT_WITHDRAWN = "consent_withdrawn"
MAX_DAYS = 36_525


@dataclass(frozen=True, slots=True)
class Consent:
    """On what grounds a person is in the gallery; every field may be empty.

    Attributes:
        basis: e.g. "consent", "contract", "law".
        given_at: when it was given; ISO 8601, UTC.
        until: from then on it holds no more; ISO 8601, UTC.
        withdrawn_at: when it was taken back; ISO 8601, UTC.
        note: where the paper lies, for people to read.
    """

    basis: str = ""
    given_at: str = ""
    until: str = ""
    withdrawn_at: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("given_at", "until", "withdrawn_at"):
            if value := getattr(self, name):
                object.__setattr__(self, name, moment(value, name))

    def record(self) -> dict[str, str]:
        """JSON values; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Consent:
        """From what `record` gave.

        Raises:
            InputError: it has other fields, or a value is no text or no time.
        """
        known = {field.name for field in fields(cls)}
        for name, value in record.items():
            if name not in known:
                raise InputError(f"a consent record has the fields {', '.join(sorted(known))}, but not '{name}'")
            if not isinstance(value, str):
                raise InputError(f"the field {name} of a consent record must be text, but is {value!r:.80}")
        return cls(**record)


def moment(text: str, what: str) -> str:
    """A date or a time as ISO 8601, UTC, to the second; a date without a time begins at midnight, UTC.

    Raises:
        InputError: it is neither.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{what} must be a date such as 2027-01-31, or a time in ISO 8601, but is '{text}'") from None
    return _text(at)


def after(days: float, start: str) -> str:
    """The moment so many days after another one.

    Raises:
        InputError: the number of days is not between 0 and a hundred years.
    """
    if not 0 <= days <= MAX_DAYS:
        raise InputError(f"people are kept for 0 to {MAX_DAYS} days, but {days:g} were asked for")
    return _text(datetime.fromisoformat(start) + timedelta(days=days))


def due(consent: Consent, keep_until: str | None, now: str) -> str:
    """Why a person has to go by now; empty for somebody who may stay."""
    if consent.withdrawn_at and consent.withdrawn_at <= now:
        return CONSENT_WITHDRAWN
    if consent.until and consent.until <= now:
        return CONSENT_ENDED
    return KEPT_LONG_ENOUGH if keep_until and keep_until <= now else ""


def _text(at: datetime) -> str:
    """ISO 8601, UTC, to the second; compares as text like the times do."""
    return f"{at.replace(microsecond=0, tzinfo=None).isoformat()}Z"
