"""`vultus encrypted`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.cli.conftest import Cli, check_schema
from unit.cli.fake import ADA, GRACE, MARIE, NOBODY, save
from unit.gallery.encrypted.keys import key
from vultus.gallery import Gallery
from vultus.gallery.encrypted import save_private
from vultus.gallery.encrypted.archive import read_archive
from vultus.gallery.encrypted.server import ScorerServer, Service


@pytest.fixture
def enrolled(cli: Cli) -> Cli:
    """A gallery of two people, and a key."""
    save(Path("p/ada/a.png"), ADA), save(Path("p/grace/g.png"), GRACE)
    cli("enroll", "p", "--gallery", "g.vultus")
    save_private(key(), Path("owner.key"))
    return cli


@pytest.fixture
def scorer(enrolled: Cli) -> Iterator[str]:
    """A scorer in this process; its address."""
    enrolled("encrypted", "enroll", "f.enc", "--key", "owner.key", "--gallery", "g.vultus")
    server = ScorerServer(Service(read_archive(Path("f.enc"))), "127.0.0.1", 0, lambda line: None)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_key_pair_is_made_and_never_replaced(cli: Cli) -> None:
    document = cli.json("encrypted", "keygen", "o.key", "--bits", "1024", "--scheme", "damgard_jurik")
    assert (document["scheme"], document["bits"], document["nonces"]) == ("damgard_jurik", 1024, "short")
    assert Path("o.key").stat().st_mode & 0o777 == 0o600
    assert "a key is never replaced" in cli("encrypted", "keygen", "o.key", code=2).stderr
    told = cli("encrypted", "keygen", "weak.key", "--bits", "1024").stderr
    assert "too short to protect anybody's face" in told
    assert "keep it to yourself" in told
    assert "bits must be an even number" in cli("encrypted", "keygen", "none.key", "--bits", "64", code=2).stderr


def test_people_are_encrypted_and_kept_up_to_date(enrolled: Cli) -> None:
    args = ("encrypted", "enroll", "f.enc", "--key", "owner.key", "--gallery", "g.vultus")
    document = enrolled.json(*args, "--number-of", "grace")
    assert (document["people"], document["new"], document["kept"], document["number"]) == (2, 2, 0, 1)
    assert Path("f.enc").stat().st_size == document["bytes"]
    assert b"grace" not in Path("f.enc").read_bytes()
    assert Path("f.enc.roster").stat().st_mode & 0o777 == 0o600
    save(Path("m.png"), MARIE)
    enrolled("enroll", "m.png", "--name", "marie", "--gallery", "g.vultus")
    with Gallery.open("g.vultus", engine=enrolled.engine) as gallery:  # type: ignore[arg-type]
        gallery.remove("ada")
    document = enrolled.json(*args)
    assert (document["people"], document["new"], document["gone"], document["kept"]) == (2, 1, 1, 1)
    assert enrolled.json(*args, "--anew", "--precision", "12")["layout"]["bits"] == 12
    assert "numbers of 12 bits; for 8 bits encrypt anew" in enrolled(*args, "--precision", "8", code=2).stderr
    assert enrolled.json(*args)["layout"]["bits"] == 12
    told = enrolled(*args, "--number-of", "marie")
    assert "2 people in f.enc" in told.stderr
    assert "'marie' has the number" in told.stderr
    assert "unknown person 'mari'; did you mean 'marie'?" in enrolled(*args, "--number-of", "mari", code=2).stderr
    log = enrolled.json("audit", "log", "--gallery", "g.vultus")
    assert '"encrypted"' in json.dumps(log)


def test_who_is_it_and_is_it_the_person(scorer: str, enrolled: Cli) -> None:
    save(Path("probe.png"), GRACE, seed=3)
    document = enrolled.json("encrypted", "query", "probe.png", "--out", "a.json", "--scorer", scorer)
    assert (document["number"], document["scores"], document["blocks"]) == (None, 1, 1)
    decide = ("encrypted", "decide", "a.json", "--key", "owner.key", "--encrypted", "f.enc")
    answer = enrolled.json(*decide)
    assert (answer["mode"], answer["matched"], answer["name"]) == ("identify", True, "grace")
    assert (answer["certain"], answer["similarity"]) == (True, None), "no similarity unless asked for"
    assert enrolled.json(*decide, "--scores")["similarity"] == pytest.approx(1, abs=0.03)
    assert enrolled(*decide).stdout.strip() == "grace"
    assert enrolled(*decide, "--scores").stdout.startswith("grace, similarity ")
    for number, told in ((1, "accepted: grace"), (0, "rejected"), (5, "rejected")):
        args = ("--out", "b.json", "--scorer", scorer, "--overwrite", "--number", number)
        assert "give it to the owner of the key" in enrolled("encrypted", "query", "probe.png", *args).stderr
        own = ("encrypted", "decide", "b.json", "--key", "owner.key", "--encrypted", "f.enc")
        assert enrolled(*own).stdout.strip() == told
    save(Path("stranger.png"), MARIE)
    enrolled("encrypted", "query", "stranger.png", "--out", "c.json", "--scorer", scorer)
    own = ("encrypted", "decide", "c.json", "--key", "owner.key", "--encrypted", "f.enc")
    assert enrolled(*own).stdout.strip() == "unknown"
    assert enrolled.json(*own)["name"] is None


def test_so_near_the_threshold_that_rounding_may_have_decided(scorer: str, enrolled: Cli) -> None:
    save(Path("probe.png"), GRACE, seed=3)
    enrolled("encrypted", "query", "probe.png", "--out", "a.json", "--scorer", scorer)
    from vultus.cli.encrypted import _decision, _sentence
    from vultus.gallery.encrypted.owner import Ruling

    found = _decision(Ruling("grace", 0.51, 0.02), 0.5, scores=False)
    assert found == {"matched": True, "name": "grace", "certain": False, "similarity": None}
    assert "rounding may have decided" in _sentence(found, alone=False)


def test_what_cannot_be_asked_is_told(scorer: str, enrolled: Cli) -> None:
    save(Path("nobody.png"), NOBODY)
    ask = ("encrypted", "query", "nobody.png", "--out", "a.json", "--scorer")
    assert "no face found in nobody.png" in enrolled(*ask, scorer, code=2).stderr
    assert "no scorer answers at" in enrolled(*ask, "http://127.0.0.1:1", code=2).stderr
    asked = enrolled("encrypted", "query", "p", "--out", "a.json", "--scorer", scorer, code=2)
    assert "one picture is asked about, but p are 2" in asked.stderr
    enrolled.engine.contract = "other:0"  # type: ignore[misc]
    told = enrolled(*ask, scorer, code=2).stderr
    assert "the scorer compares embeddings of contract dlib:0123456789abcdef, but these are of other:0" in told


def test_an_answer_for_another_key_is_told(scorer: str, enrolled: Cli) -> None:
    save(Path("probe.png"), GRACE)
    enrolled("encrypted", "query", "probe.png", "--out", "a.json", "--scorer", scorer)
    assert (
        "exists already"
        in enrolled("encrypted", "query", "probe.png", "--out", "a.json", "--scorer", scorer, code=2).stderr
    )
    save_private(key(seed=1), Path("other.key"))
    decide = ("encrypted", "decide", "a.json", "--encrypted", "f.enc", "--key")
    assert "of another key" in enrolled(*decide, "other.key", code=2).stderr
    Path("cut.key").touch(mode=0o600)
    Path("cut.key").write_bytes(Path("owner.key").read_bytes()[:400])
    assert "the private key file cut.key is cut short or damaged" in enrolled(*decide, "cut.key", code=2).stderr


def test_the_scorer_is_a_program_of_its_own_that_needs_no_secret(enrolled: Cli) -> None:
    """A real process in a folder where there is nothing but the encrypted gallery."""
    enrolled("encrypted", "enroll", "f.enc", "--key", "owner.key", "--gallery", "g.vultus")
    Path("scorer").mkdir()
    Path("f.enc").rename("scorer/f.enc")
    home = Path("scorer").resolve()
    program = subprocess.Popen(
        [sys.executable, "-m", "vultus", "encrypted", "serve-scorer", "f.enc", "--port", "0", "--json"],
        cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"HOME": str(home), "VULTUS_MASTER_KEY": ""},
    )  # fmt: skip
    try:
        assert program.stdout is not None
        first = json.loads(program.stdout.readline())
        check_schema(first)
        save(Path("probe.png"), ADA, seed=2)
        enrolled("encrypted", "query", "probe.png", "--out", "a.json", "--scorer", first["address"])
        answer = enrolled.json("encrypted", "decide", "a.json", "--key", "owner.key", "--encrypted", "f.enc")
        assert answer["name"] == "ada"
        (home / "f.enc").rename("f.enc")
        save(Path("m.png"), MARIE)
        enrolled("enroll", "m.png", "--name", "marie", "--gallery", "g.vultus")
        enrolled("encrypted", "enroll", "f.enc", "--key", "owner.key", "--gallery", "g.vultus")
        Path("f.enc").rename(home / "f.enc")
        enrolled("encrypted", "query", "m.png", "--out", "a.json", "--overwrite", "--scorer", first["address"])
        answer = enrolled.json("encrypted", "decide", "a.json", "--key", "owner.key", "--encrypted", "f.enc")
        assert answer["name"] == "marie"
        program.send_signal(signal.SIGTERM)
        _, told = program.communicate(timeout=20)
        assert program.returncode == 0
        assert "question 1: all templates" in told
        assert "serving a new state: 1 blocks" in told
        assert "stopped after 2 questions" in told
    finally:
        program.kill()
        program.wait()
    assert [file.name for file in home.iterdir() if file.is_file()] == ["f.enc"]


def test_the_encrypted_door_at_the_command_line(enrolled: Cli) -> None:
    save(Path("probe.png"), GRACE, seed=3)
    document = enrolled.json("identify", "probe.png", "--gallery", "g.vultus", "--door", "encrypted")
    assert document["images"][0]["faces"][0]["name"] == "grace"
