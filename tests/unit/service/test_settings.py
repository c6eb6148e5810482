from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vultus.errors import ConfigError
from vultus.service.settings import Settings

PLAIN = Settings(Path("/nowhere"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"queue": 0}, "queue of a service must be at least 1, but is 0"),
        ({"jobs": 0}, "jobs of a service must be at least 1"),
        ({"deadline_s": 0.0}, "deadline_s of a service must be seconds above 0, but is 0"),
        ({"monitors": 0}, "monitors of a service must be at least 1, but is 0"),
        ({"job_keep_days": 0.0}, "job_keep_days of a service must be days above 0, but is 0"),
        ({"event_keep_days": -1.0}, "event_keep_days of a service must be days above 0, but is -1"),
        (
            {"auth": False, "host": "0.0.0.0"},
            "this machine alone, but the service would listen on 0.0.0.0",
        ),
        ({"auth": False, "host": "example.org"}, "--no-auth is for this machine alone"),
        ({"tls_cert": Path("a.pem")}, "TLS needs both a certificate and its key"),
        ({"cors": ("*",)}, "name the origins that may call from other pages"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(PLAIN, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_without_keys_it_is_for_this_machine(host: str) -> None:
    assert replace(PLAIN, host=host, auth=False).loopback


def test_the_address_is_one_for_browsers() -> None:
    assert PLAIN.address == "http://127.0.0.1:8600"
    assert replace(PLAIN, host="::1", port=1).address == "http://[::1]:1"
    assert replace(PLAIN, tls_cert=Path("c"), tls_key=Path("k")).address.startswith("https://")
