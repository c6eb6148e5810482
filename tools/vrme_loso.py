"""Leave-one-subject-out with BoostingVRME on CAS(ME)^2, CAS(ME)^3 or SAMM Long Videos.

python tools/vrme_loso.py --data ../samm --out results/vrme_samm.json [--check] [key=value ...]

First the flow of every film is measured and kept; then each person is left out once. The file is written after each
fold, and a run that was killed goes on with the next one.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from provenance import command

from vultus.research.methods.micro_expression import boosting_vrme
from vultus.research.methods.micro_expression.boosting_vrme.loso import SCHEMA, folds, summary
from vultus.research.methods.micro_expression.boosting_vrme.recorded import cache, films_of, recorded
from vultus.research.run import configured, machine, revision, versions


def main() -> None:
    """Measure, train, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the set")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write, or to go on with")
    parser.add_argument("--check", action="store_true", help="the small network instead of the paper's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    args = parser.parse_args()
    config = configured(boosting_vrme, check=args.check, overrides=args.overrides)
    films = films_of(args.data, marked_only=config.marked_only)
    number = iter(range(1, len(films) + 1))
    whole = recorded(films, config.window, cache(), tell=lambda name: print(f"film {next(number)}/{len(films)} {name}"))
    about = {
        "schema": SCHEMA,
        "data": args.data.name,
        "seed": args.seed,
        "config": json.loads(json.dumps(asdict(config))),
    }
    rows: list[dict[str, Any]] = []
    if args.out.exists():
        known = json.loads(args.out.read_text("utf-8"))
        if {key: known[key] for key in about} != about:
            raise SystemExit(f"{args.out} was made with other settings: give another name, or remove it")
        rows = known["folds"]
    done = {row["person"] for row in rows}
    for row in folds(config, whole, args.seed, done=done, machine=machine(args.device)):
        rows.append(row)
        arms = summary(rows)
        made = {**about, "arms": arms, "folds": rows, "command": command(), "revision": revision(),
                "versions": versions()}  # fmt: skip
        args.out.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
        print(f"without {row['person']}:", {name: round(one["strs_3"], 4) for name, one in arms.items()}, flush=True)


if __name__ == "__main__":
    main()
