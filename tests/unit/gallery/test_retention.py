from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import InputError
from vultus.gallery.retention import (
    CONSENT_ENDED,
    CONSENT_WITHDRAWN,
    KEPT_LONG_ENOUGH,
    Consent,
    after,
    due,
    moment,
)


def test_times_are_utc():
    assert moment("2027-01-31", "until") == "2027-01-31T00:00:00Z"
    assert moment(" 2027-01-31T02:30:00+02:00 ", "until") == "2027-01-31T00:30:00Z"
    assert moment("2027-01-31T23:59:59.9Z", "until") == "2027-01-31T23:59:59Z"
    for text in ("", "soon", "31.1.2027", "2027-02-30", "0001-01-01T00:00:00+10:00"):
        with pytest.raises(InputError, match="until must be a date such as 2027-01-31, or a time in ISO 8601, but is"):
            moment(text, "until")


def test_days_to_keep():
    assert after(30, "2026-12-15T10:00:00Z") == "2027-01-14T10:00:00Z"
    assert after(0.5, "2026-12-15T10:00:00Z") == "2026-12-15T22:00:00Z"
    for days in (-1, 36_526, float("nan"), float("inf")):
        with pytest.raises(InputError, match=r"people are kept for 0 to 36525 days, but .* were asked for"):
            after(days, "2026-12-15T10:00:00Z")


def test_a_consent_record_comes_back():
    given_ = Consent("consent", "2026-01-01", until="2027-01-01", note="file 7")
    assert given_.record() == {
        "basis": "consent", "given_at": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "note": "file 7",
    }  # fmt: skip
    assert Consent.of(given_.record()) == given_
    assert Consent.of({}).record() == {}


def test_what_is_no_consent_record():
    with pytest.raises(InputError, match=r"a consent record has the fields basis, given_at, .*, but not 'when'"):
        Consent.of({"when": "now"})
    with pytest.raises(InputError, match="the field basis of a consent record must be text, but is 7"):
        Consent.of({"basis": 7})
    with pytest.raises(InputError, match="withdrawn_at must be a date such as"):
        Consent.of({"withdrawn_at": "yesterday"})


def test_who_is_due():
    now = "2026-06-01T12:00:00Z"
    earlier, later = "2026-06-01T12:00:00Z", "2026-06-01T12:00:01Z"
    assert due(Consent(), None, now) == ""
    assert due(Consent(), later, now) == ""
    assert due(Consent(), earlier, now) == KEPT_LONG_ENOUGH
    assert due(Consent(until=later), later, now) == ""
    assert due(Consent(until=earlier), later, now) == CONSENT_ENDED
    assert due(Consent(withdrawn_at=earlier, until=later), None, now) == CONSENT_WITHDRAWN
    assert due(Consent(withdrawn_at=later), None, now) == ""


@given(days=st.floats(0, 36_525), start=st.datetimes())
def test_nobody_is_due_before_the_time_and_everybody_after(days, start):
    begin = moment(start.isoformat(), "start")
    if start.year > 9000:
        return
    end = after(days, begin)
    assert begin <= end
    assert due(Consent(), end, end) == KEPT_LONG_ENOUGH
    if days >= 1:
        assert due(Consent(), end, begin) == ""
