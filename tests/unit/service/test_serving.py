from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from unit.gallery.fake import FakeEngine
from vultus.errors import ConfigError
from vultus.service.app import create_app
from vultus.service.serving import Server, calm, listen, only, patient, quiet, server_of
from vultus.service.settings import Settings


@pytest.fixture
def running(settings: Settings, engine: FakeEngine) -> Iterator[tuple[Server, int]]:
    settings = replace(settings, port=0, auth=False)
    with listen(settings) as line:
        port = line.getsockname()[1]
        server = server_of(create_app(settings, engine=engine), settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [line]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield server, port
        server.handle_exit(signal.SIGTERM, None)
        thread.join(30)
        assert not thread.is_alive()


def ask(port: int, path: str) -> tuple[int, dict[str, str]]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request("GET", path)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def test_it_answers_and_does_not_say_what_it_is_made_of(running: tuple[Server, int]) -> None:
    status, headers = ask(running[1], "/v1/system")
    assert status == 200
    assert "server" not in headers


def test_rubbish_on_the_line_harms_nobody(running: tuple[Server, int]) -> None:
    _, port = running
    for rubbish in (
        b"\x00" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(rubbish)
            line.settimeout(10)
            assert b"500" not in line.recv(100)
    assert ask(port, "/v1/health")[0] == 200


def test_open_requests_end_before_it_does(running: tuple[Server, int], engine: FakeEngine) -> None:
    server, port = running
    engine.delay_s = 0.5
    body = b'{"images": [{"base64": "eyJmYWNlcyI6IFtdfQ=="}]}'
    answers = []

    def slow() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        line.request("POST", "/v1/detect", body, {"Content-Type": "application/json"})
        answers.append(line.getresponse().status)
        line.close()

    thread = threading.Thread(target=slow)
    thread.start()
    while not engine.seen:
        time.sleep(0.01)
    server.handle_exit(signal.SIGTERM, None)
    thread.join(20)
    assert answers == [200]
    server.handle_exit(signal.SIGINT, None)
    assert server.force_exit


def test_a_port_in_use_is_told(settings: Settings) -> None:
    with listen(replace(settings, port=0)) as line:
        taken = replace(settings, port=line.getsockname()[1])
        with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1 port"):
            listen(taken)


def test_one_folder_is_for_one_service(tmp_path: Path) -> None:
    with only(tmp_path / "d"), pytest.raises(ConfigError, match="another service runs on the folder"):
        only(tmp_path / "d").__enter__()
    with only(tmp_path / "d"):
        pass


def test_a_certificate_that_is_none_is_told(settings: Settings, tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    secure = replace(settings, tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem")
    app = create_app(settings, engine=FakeEngine())
    with pytest.raises(ConfigError, match="or its key cannot be used"):
        server_of(app, secure)
    app.state.service.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1, signed by itself."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vultus")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, secret


def test_it_speaks_tls(settings: Settings, tmp_path: Path) -> None:
    cert, secret = certificate(tmp_path)
    secure = replace(settings, port=0, auth=False, tls_cert=cert, tls_key=secret)
    with listen(secure) as line:
        server = server_of(create_app(secure, engine=FakeEngine()), secure)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [line]})
        thread.start()
        context = ssl.create_default_context(cafile=str(cert))
        caller = http.client.HTTPSConnection("127.0.0.1", line.getsockname()[1], context=context, timeout=20)
        caller.request("GET", "/v1/health")
        answer = caller.getresponse()
        assert answer.status == 200
        assert answer.getheader("strict-transport-security") == "max-age=31536000"
        answer.read()
        caller.close()
        server.handle_exit(signal.SIGTERM, None)
        thread.join(30)


def test_nobody_is_driven_off_the_processor() -> None:
    found: list[int] = []

    def look() -> None:
        patient()
        found.append(os.sched_getscheduler(0))

    if not hasattr(os, "SCHED_BATCH"):
        pytest.skip("this system has no such policy")
    thread = threading.Thread(target=look)  # of which the policy is; the tests keep theirs
    thread.start()
    thread.join()
    assert found == [os.SCHED_BATCH]


def test_a_system_without_such_a_policy(monkeypatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler", raising=False)
    patient()


def test_the_command_starts_greets_and_stops(tmp_path: Path) -> None:
    """The real engine, the real sandbox, the real signal."""
    quiet()
    calm()
    command = [
        sys.executable,
        "-m",
        "vultus",
        "serve",
        "--data",
        str(tmp_path / "data"),
        "--port",
        "0",
        "--threads",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ})
    try:
        lines = []
        while not any(line.startswith("vultus_") for line in lines):
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        port = int(re.search(r":(\d+)  \(", lines[0])[1])
        secret = lines[-1].strip()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.request("GET", "/v1/system", headers={"Authorization": f"Bearer {secret}"})
        answer = line.getresponse()
        assert answer.status == 200
        assert b"first admin" in answer.read()
        line.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert secret not in process.stdout.read()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
