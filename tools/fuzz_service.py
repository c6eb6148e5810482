"""A long run of what the tests do shortly: ask every address what OpenAPI allows, and damage pictures for the sandbox.

    python tools/fuzz_service.py --minutes 10

writes results/fuzz_service.json: how often what was asked, and what came; a failure is printed with its request, and
ends the run with code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(CHECKOUT / "tests"), str(CHECKOUT / "src")]
os.environ.setdefault("VULTUS_MASTER_KEY", "5a" * 32)


def api(seconds: float, seed: int) -> dict[str, Any]:
    """Every address in turn, with other requests each time, until time is over."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from starlette.testclient import TestClient

    from unit.gallery.fake import FakeEngine, photos
    from unit.service.conftest import pictures
    from unit.service.test_app_fuzz import CHECKS, prepared
    from vultus.service.app import create_app
    from vultus.service.settings import Settings

    statuses: Counter[str] = Counter()
    longest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(Path(folder), decode="none", auth=False, threads=1), engine=FakeEngine())
        with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1") as client:
            found = schemathesis.openapi.from_dict(client.get("/openapi.json").json()).get_all_operations()
            operations = [one.ok() for one in found if not one.ok().path.endswith("/events")]
            until, turn = time.monotonic() + seconds, seed
            while time.monotonic() < until:
                turn += 1
                client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("ada")))
                for operation in operations:

                    @seeded(turn)
                    @given(case=operation.as_strategy())
                    @settings(max_examples=20, deadline=None, database=None, phases=[Phase.generate],
                              suppress_health_check=list(HealthCheck))  # fmt: skip
                    def ask(case: Any) -> None:
                        nonlocal longest
                        for name, value in (("collection_id", "default"), ("person_id", 1)):
                            if name in (case.path_parameters or {}):
                                case.path_parameters[name] = value
                        began = time.monotonic()
                        answer = client.send(prepared(client, case))
                        longest = max(longest, time.monotonic() - began)
                        statuses[str(answer.status_code)] += 1
                        case.validate_response(answer, checks=CHECKS)

                    ask()
    return {
        "addresses": len(operations), "requests": sum(statuses.values()), "statuses": dict(sorted(statuses.items())),
        "longest_s": round(longest, 2), "server_errors": sum(n for code, n in statuses.items() if code >= "500"),
    }  # fmt: skip


def decoder(seconds: float, seed: int) -> dict[str, Any]:
    """Pictures of all kinds with some bytes changed, moved, cut and repeated."""
    import cv2
    import numpy as np

    from vultus.service.decode import Decoder, Upload
    from vultus.service.envelope import ServiceError
    from vultus.service.settings import Settings

    chance = random.Random(seed)  # noqa: S311 - a run can be repeated
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    kinds = (".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm", ".gif", ".avif")
    whole = {}
    for kind in kinds:
        try:
            whole[kind] = cv2.imencode(kind, pixels)[1].tobytes()
        except cv2.error:
            continue
    outcomes: Counter[str] = Counter()
    longest = 0.0

    async def run() -> None:
        nonlocal longest
        reader = Decoder(Settings(Path("/nowhere"), decoders=1, max_pixels=4_000_000))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            data = bytearray(chance.choice(list(whole.values())))
            for _ in range(chance.randrange(1, 24)):
                place = chance.randrange(len(data))
                match chance.randrange(4):
                    case 0:
                        data[place] = chance.randrange(256)
                    case 1:
                        data[place : place + 4] = chance.randbytes(4)
                    case 2:
                        del data[place : place + chance.randrange(64)]
                    case _:
                        data[place:place] = data[place : place + chance.randrange(64)]
                data = data or bytearray(1)
            began = time.monotonic()
            try:
                await reader.read(Upload(0, "a", bytes(data)))
                outcomes["decoded"] += 1
            except ServiceError as error:
                lost = error.details["reason"] in ("it brought its decoder down",) or "took more than" in error.message
                outcomes["process lost" if lost else "refused"] += 1
            longest = max(longest, time.monotonic() - began)
        reader.close()

    asyncio.run(run())
    return {"kinds": list(whole), "pictures": sum(outcomes.values()), "outcomes": dict(outcomes),
            "longest_s": round(longest, 2)}  # fmt: skip


def main() -> int:
    """Run both, and write what came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CHECKOUT / "results/fuzz_service.json")
    asked = parser.parse_args()
    half = asked.minutes * 30
    found = {
        "seed": asked.seed,
        "minutes": asked.minutes,
        "decoder": decoder(half, asked.seed),
        "api": api(half, asked.seed),
    }
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return int(found["api"]["server_errors"] > 0)


if __name__ == "__main__":
    sys.exit(main())
