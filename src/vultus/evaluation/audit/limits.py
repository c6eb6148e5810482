"""Limits that an audit is held to, e.g. in continuous integration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Whether more is worse.
LIMITS = {"fmr_max_min": True, "fnmr_max_min": True, "fmr_max_geometric_mean": True, "fnmr_max_geometric_mean": True,
          "fdr": False, "garbe": True, "worst_fmr": True, "worst_fnmr": True}  # fmt: skip


def read_limits(words: Sequence[str]) -> dict[str, float]:
    """NAME=VALUE words as numbers.

    Raises:
        InputError: a word is no NAME=VALUE with a number.
        UnknownNameError: there is no such summary.
    """
    limits = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in LIMITS:
            raise UnknownNameError("limit", name, LIMITS, f"Known: {', '.join(LIMITS)}")
        try:
            limits[name] = float(value)
        except ValueError:
            raise InputError(f"a limit must be NAME=NUMBER, but is '{word}'") from None
    return limits


def beyond(report: Mapping[str, Any], limits: Mapping[str, float]) -> list[str]:
    """Which limits an audit breaks, a sentence each."""
    out = []
    for part in report["attributes"]:
        for name, limit in limits.items():
            value = (part["summaries"] or {}).get(name)
            if value is not None and (value > limit if LIMITS[name] else value < limit):
                out.append(
                    f"{name} of {' and '.join(part['attributes'])} is {value:.3g}, beyond the limit of {limit:g}"
                )
    return out
