"""`vultus serve` and `vultus keys`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from unit.cli.conftest import Cli
from vultus.cli import serve
from vultus.service.database import Database
from vultus.service.keystore import KeyStore
from vultus.service.settings import Settings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Settings that would be served."""
    found: list[Settings] = []
    monkeypatch.setattr(serve, "_run", found.append)
    return found


def test_options_become_settings(cli: Cli, started: list[Settings]) -> None:
    limits = "--max-mb 1 --max-megapixels 2 --rate 5 --queue 9 --deadline 3 --threads 2 --offline"
    doors = "--cors https://a.example --fetch-urls --fetch-host CDN.example --compreface --job-root jobs --no-auth"
    far = "--door milvus --milvus-uri http://milvus:19530 --allow-plain"
    work = "--jobs 3 --max-jobs 7 --job-keep-days 1.5 --monitors 4 --event-keep-days 2"
    words = " ".join([limits, doors, far, work]).split()
    cli("serve", "--data", "d", "--port", "1234", "--gallery", "g.vultus", *words)
    assert started == [
        Settings(
            data=Path("d"), port=1234, max_bytes=1024**2, max_pixels=2_000_000, rate_per_s=5, queue=9, deadline_s=3,
            cors=("https://a.example",), fetch_urls=True, fetch_hosts=("cdn.example",), compreface=True,
            door="milvus", milvus_uri="http://milvus:19530", allow_plain=True,
            jobs=3, max_jobs=7, job_keep_days=1.5, monitors=4, event_keep_days=2,
            job_root=Path("jobs"), gallery=Path("g.vultus"), threads=2, offline=True, auth=False,
        )
    ]  # fmt: skip


def test_what_is_not_said_is_as_the_settings_have_it(cli: Cli, started: list[Settings]) -> None:
    cli("serve", "--data", "d")
    assert started == [Settings(data=Path("d"))]


def test_what_cannot_be_is_told(cli: Cli, started: list[Settings]) -> None:
    assert "--no-auth is for this machine alone" in cli("serve", "--no-auth", "--host", "0.0.0.0", code=2).stderr
    assert "TLS needs both" in cli("serve", "--tls-cert", "a.pem", code=2).stderr
    assert started == []


def test_without_its_packages_it_says_what_to_install(
    cli: Cli, started: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert 'pip install "vultus[serve]"' in cli("serve", code=2).stderr


def test_the_first_start_shows_a_key_once(cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = Database(tmp_path / "d")
    store = KeyStore(database)
    settings = Settings(data=tmp_path / "d")
    serve._greet(settings, store)
    first = capsys.readouterr()
    (secret,) = [line for line in first.out.splitlines() if line.startswith("vultus_")]
    assert store.check(secret).may("admin")
    assert "http://127.0.0.1:8600" in first.err + first.out
    serve._greet(settings, store)
    assert "vultus_" not in capsys.readouterr().out
    serve._greet(replace(settings, auth=False), store)
    assert "no keys are asked for" in capsys.readouterr().err
    serve._greet(replace(settings, host="0.0.0.0"), store)
    assert "without TLS keys and pictures travel readable" in capsys.readouterr().err
    database.close()


def test_keys_are_made_listed_and_revoked(cli: Cli) -> None:
    cli("keys", "add", "boss", "--role", "admin", "--data", "d")
    made = cli.json("keys", "add", "door", "--role", "search", "--collection", "staff", "--rate", "5", "--data", "d")
    assert made["secret"].startswith(f"vultus_{made['key_id']}_")
    out = cli("keys", "list", "--data", "d").stdout
    assert "door" in out
    assert "staff" in out
    assert made["secret"] not in out
    assert [key["name"] for key in cli.json("keys", "list", "--data", "d")["keys"]] == ["boss", "door"]
    assert cli.json("keys", "revoke", made["key_id"], "--data", "d")["revoked_at"] is not None
    assert "revoked" in cli("keys", "list", "--data", "d").stdout
    assert "unknown key" in cli("keys", "revoke", "ffffffff", "--data", "d", code=2).stderr
    boss = cli.json("keys", "list", "--data", "d")["keys"][0]["key_id"]
    assert "is the last admin key" in cli("keys", "revoke", boss, "--data", "d", code=2).stderr
    assert (
        "a key has one or more of the roles" in cli("keys", "add", "x", "--role", "king", "--data", "d", code=2).stderr
    )
    assert "is revoked" in cli("keys", "revoke", made["key_id"], "--data", "d").stderr
    assert "shown now and never again" in cli("keys", "add", "x", "--role", "read", "--data", "d").stderr


def test_the_folder_is_the_users_own(cli: Cli) -> None:
    assert serve.data_folder(None).name == "service"
    assert serve.data_folder(Path("d")) == Path("d")
