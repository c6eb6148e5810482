"""A method whose material never comes: for tests of what happens to those who wait for it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any


def data(config: Any, seed: int, folder: Path | None) -> Any:
    """Tell the number of the process, and sleep."""
    with Path(os.environ["SLEEPER"]).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(600)
