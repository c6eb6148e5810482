"""Write docs/openapi.json, the service's API as OpenAPI 3.1; a test says when it has to be run again."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
TARGET = CHECKOUT / "docs/openapi.json"


def document() -> str:
    """The API of a service with plain settings, as the text of the file."""
    os.environ.setdefault("VULTUS_MASTER_KEY", "5a" * 32)
    sys.path[:0] = [str(CHECKOUT / "tests"), str(CHECKOUT / "src")]
    from unit.gallery.fake import FakeEngine
    from vultus.service.app import create_app
    from vultus.service.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(Path(folder), decode="none", threads=1), engine=FakeEngine())
        found = app.openapi()
        app.state.service.close()
    found["info"]["version"] = "1"  # of the API, not of the program
    return json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
    print(f"written: {TARGET}")
