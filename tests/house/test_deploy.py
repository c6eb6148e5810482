"""What is deployed is linted, and names ports, flags and addresses that exist. No container engine runs here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from vultus.service.settings import Settings

BIN = Path(sys.executable).parent


def lint(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def deploy(checkout: Path) -> Path:
    return checkout / "deploy"


def test_the_dockerfile_passes_hadolint(deploy: Path) -> None:
    lint(BIN / "hadolint", deploy / "Dockerfile")


def test_the_compose_file_keeps_its_schema(deploy: Path) -> None:
    lint(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", deploy / "compose.yaml")


def test_the_manifests_keep_kubernetes_schemas(deploy: Path) -> None:
    # milvus.yaml is of the Milvus operator, whose schema does not come with Kubernetes.
    lint(BIN / "kubernetes-validate", "--strict", deploy / "k8s/vultus.yaml")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_understood_and_locked_down(deploy: Path, tmp_path: Path) -> None:
    unit = tmp_path / "vultus.service"
    text = (deploy / "vultus.service").read_text("utf-8")
    unit.write_text(text.replace("/opt/vultus/bin/vultus", "/bin/true"), encoding="utf-8")
    lint("systemd-analyze", "verify", "--man=no", unit)
    lint("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)


def test_all_speak_of_the_same_service(deploy: Path) -> None:
    texts = {path.name: path.read_text("utf-8") for path in deploy.rglob("*") if path.is_file()}
    port = str(Settings(Path("data")).port)
    for name in ("Dockerfile", "compose.yaml", "vultus.yaml", "vultus.service"):
        assert port in texts[name], name
    assert "/v1/health" in texts["Dockerfile"]
    for document in yaml.safe_load_all(texts["vultus.yaml"]):
        assert document["metadata"]["namespace"] == "vultus"


def test_nothing_runs_as_root_or_writes_outside_its_place(deploy: Path) -> None:
    last = (deploy / "Dockerfile").read_text("utf-8").rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last
    compose = yaml.safe_load((deploy / "compose.yaml").read_text("utf-8"))["services"]["vultus"]
    assert compose["read_only"] is True
    assert compose["cap_drop"] == ["ALL"]
    workload = next(yaml.safe_load_all((deploy / "k8s/vultus.yaml").read_text("utf-8")))
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
