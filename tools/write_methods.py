"""Write the tables of docs/methods/*.md from results/ablate_*.json; `tests/house/test_results.py` checks them.

python tools/write_methods.py

A page is written by hand but for what stands between `<!-- ablation: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs/methods"
_MARKED = re.compile(r"(<!-- ablation: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page(path: Path) -> str:
    """What the page must be."""
    return _MARKED.sub(lambda found: found[1] + tables(found[2]) + found[3], path.read_text("utf-8"))


def tables(name: str) -> str:
    """Arms and claims of one committed run."""
    report: dict[str, Any] = json.loads((ROOT / f"results/ablate_{name}.json").read_text("utf-8"))
    metrics = list(report["arms"]["full"]["metrics"])
    arms = [
        [arm, *(_spread(row["metrics"][metric]) for metric in metrics), f"{row['budget']['parameters']:,}", row["note"]]
        for arm, row in report["arms"].items()
    ]
    claims = [
        [claim["text"], f"**{claim['verdict']}**", _figure(claim["difference"]),
         " to ".join(_figure(end) for end in claim["interval"]), claim["reason"]]
        for claim in report["claims"]
    ]  # fmt: skip
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    return "\n".join([
        "",
        *_table(["arm", *metrics, "parameters", "note"], arms),
        "",
        *_table(["claim", "verdict", "difference", "95 % interval", "why"], claims),
        "",
        f"Seeds {report['seeds'][0]} to {report['seeds'][-1]}, mean and spread; data: {report['data']}; control: "
        f"{report['control']}. `{report['command']}`, revision {report['revision'] or 'unknown'}; {versions}.",
        "",
    ])  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines]


def _spread(summary: dict[str, Any]) -> str:
    return "-" if summary["mean"] is None else f"{summary['mean']:.4g} ± {summary['std']:.2g}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


if __name__ == "__main__":
    for file in sorted(PAGES.glob("*.md")):
        file.write_text(page(file), encoding="utf-8")
