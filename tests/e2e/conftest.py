"""A real `vultus serve` with the default pack, and Debian's Chromium with a film in place of a camera.

Selenium, Chromium and its driver come from the machine, and axe-core from npm (`.ci/run` installs them); without them
these tests skip with a reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'vultus[serve]'")
pytest.importorskip("selenium", reason="selenium is not installed: pip install selenium")

from e2e.page import Page

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM and DRIVER:
        return
    skip = pytest.mark.skip(reason="no browser: apt-get install chromium chromium-driver")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(skip)


@dataclass(frozen=True)
class Served:
    """Where the service is, the admin's key that it printed, and the folder that jobs and monitors may read."""

    address: str
    key: str
    inbox: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "in").mkdir()
    places = ["--data", str(folder / "data"), "--job-root", str(folder / "in")]
    command = [sys.executable, "-m", "vultus", "serve", "--port", "0", "--threads", "1", *places]
    lines: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "COLUMNS": "200"}
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("vultus_"):
                break
        where = [word for line in lines for word in line.split() if word.startswith("http://")]
        if not where:
            process.kill()
            pytest.fail("vultus serve did not start:\n" + "\n".join(lines))
        yield Served(where[0], lines[-1], folder / "in")
        process.terminate()
        process.stdout.read()
        assert process.wait(20) == 0


@pytest.fixture(scope="session")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Public-domain portraits, changed a little: files by what they show."""
    data = pytest.importorskip("skimage.data")
    from matplotlib.cbook import get_sample_data

    from vultus.inference.image import read, write

    folder = tmp_path_factory.mktemp("portraits")
    eileen = np.ascontiguousarray(data.astronaut()[..., :3])
    grace = read(Path(get_sample_data("grace_hopper.jpg", asfileobj=False)))
    made = {
        "eileen": eileen,
        "eileen darker": (eileen[:, ::-1].astype(np.float32) * 0.75).astype(np.uint8),
        "grace": grace,
        "cat": data.chelsea()[..., :3],
        "both": np.hstack([eileen, grace[:512, :512]]),
    }
    for name, pixels in made.items():
        write(folder / f"{name}.jpg", np.ascontiguousarray(pixels))
    (folder / "broken.jpg").write_bytes(b"no picture at all")
    return {file.stem: file for file in folder.iterdir()}


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: Eileen Collins, for ever. Y4M, 640x480."""
    import cv2

    data = pytest.importorskip("skimage.data")
    frame = np.full((480, 640, 3), 96, np.uint8)
    frame[:, 80:560] = cv2.resize(data.astronaut()[..., :3], (480, 480), interpolation=cv2.INTER_AREA)
    planes = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes()
    path = tmp_path_factory.mktemp("film") / "camera.y4m"
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + planes) * 4)
    return path


@pytest.fixture(scope="session")
def chrome(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1280,900", "lang=en-GB",
        "use-fake-device-for-media-stream", "use-fake-ui-for-media-stream", f"use-file-for-fake-video-capture={film}",
        f"user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def page(chrome: Any, served: Served) -> Page:
    """The page as somebody finds it who has signed in."""
    opened = Page(chrome, served.address)
    opened.fresh(served.key)
    return opened


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for what people with disabilities stumble over."""
    named = os.environ.get("VULTUS_AXE")
    here = Path(__file__).parents[2]
    places = [Path(named)] if named else [here / ".pytest_cache/axe/node_modules/axe-core/axe.min.js"]
    if not named and (npm := shutil.which("npm")):
        root = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=False).stdout.strip()
        places.append(Path(root) / "axe-core/axe.min.js")
    for place in places:
        if place.is_file():
            return place.read_text("utf-8")
    pytest.skip("axe-core is not here: npm install --global axe-core@4.14.1, or set VULTUS_AXE to its axe.min.js")
