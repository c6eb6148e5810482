"""Write the tables of docs/methods/*.md from results/ablate_*.json; `tests/house/test_results.py` checks them.

python tools/write_methods.py

A page is written by hand but for what stands between `<!-- KIND: NAME -->`, with a kind of `page`, and `<!-- end -->`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs/methods"
MODELS = ROOT / "docs/models"
SETS = ROOT / "docs/sets.md"
_MARKED = re.compile(
    r"(<!-- (ablation|audit|geometry|expression|sets|variants): ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL
)


def page(path: Path) -> str:
    """What the page must be."""
    made = {"ablation": tables, "audit": audited, "geometry": geometry, "sets": counted, "expression": expression,
            "variants": variants}  # fmt: skip
    return _MARKED.sub(lambda found: found[1] + made[found[2]](found[3]) + found[4], path.read_text("utf-8"))


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


def audited(name: str) -> str:
    """Groups, tests and warnings of one committed audit."""
    report: dict[str, Any] = json.loads((ROOT / f"results/audit_{name}.json").read_text("utf-8"))
    groups = [
        [row["name"], f"{row['fmr']['people']:,}", *(_with_ends(row[key]) for key in ("fmr", "fmr_cross", "fnmr"))]
        for part in report["attributes"] for row in part["groups"]
    ]  # fmt: skip
    told = report["findings"] or ["No group differs from the others by more than chance."]
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    source, threshold = report["source"], report["threshold"]
    return "\n".join([
        "",
        *_table(["group", "people", "FMR in the group", "FMR with others", "FNMR"], groups),
        "",
        *(f"- {line}" for line in [*told, *report["warnings"]]),
        "",
        f"{source['genuine']:,} comparisons of one person and {source['impostor']:,} of two, {source['people']:,} "
        f"people; threshold {threshold['value']:.4f} from {threshold['from']}. `{report['command']}`, revision "
        f"{report['revision'] or 'unknown'}; {versions}.",
        "",
    ])  # fmt: skip


def geometry(name: str) -> str:
    """Energies and dependence of one committed run."""
    report: dict[str, Any] = json.loads((ROOT / f"results/geometry_{name}.json").read_text("utf-8"))
    (system,) = report["systems"]
    rows = sorted(system["attributes"], key=lambda row: row["rank"] or 99)
    energies = [
        ["-" if row["rank"] is None else f"{row['rank']} ({row['rank_low']} to {row['rank_high']})", row["attribute"],
         report["source"]["changes"][row["attribute"]], _between(row, "energy"),
         *(_plain(row[key]) for key in ("ball", "by_chance", "half_step", "length")), row["remark"]] for row in rows
    ]  # fmt: skip
    macro = [
        [row["attribute"], f"{row['with']} / {row['without']}", _between(row, "ks"), _plain(row["by_chance"]),
         _plain(row["probe"]), _plain(row["entropy_within"]), row["remark"]] for row in report["macro"]["attributes"]
    ]  # fmt: skip
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    return "\n".join([
        "",
        *_table(["rank", "attribute", "a level", "energy", "ball", "by chance", "half", "length", "remark"], energies),
        "",
        *_table(["attribute", "people with / without", "KS", "by chance", "probe", "entropy inside", "remark"], macro),
        "",
        f"{system['people']} people, {report['source']['pictures']} pictures; AUC of their comparisons "
        f"{system['auc']:.4f}; pack {report['source']['pack']}. `{report['command']}`, revision "
        f"{report['revision'] or 'unknown'}; {versions}.",
        "",
    ])  # fmt: skip


def counted(name: str) -> str:
    """Counts of one set on a disk."""
    report: dict[str, Any] = json.loads((ROOT / f"results/sets_{name}.json").read_text("utf-8"))
    splits = [
        [split, f"{one['pictures']:,}", f"{one['published']['']:,}", f"{len(one['bad']):,}"]
        for split, one in report["splits"].items()
    ]
    return "\n".join([
        "",
        *_table(["split", "pictures", "published", "unreadable"], splits),
        "",
        *(f"- {line}" for line in [*report["problems"], *report["remarks"]]),
        "",
    ])  # fmt: skip


def expression(name: str) -> str:
    """Recalls, confusion and gaps of the expression model that ships."""
    report: dict[str, Any] = json.loads((ROOT / f"results/{name}.json").read_text("utf-8"))
    seen, faces, words = report["public_test"], report["lfw"], report["labels"]
    sure = seen["score_above_0.7"]
    confusion = [
        [word, f"{seen['recall'][word]:.1%}", *(str(count) for count in row)]
        for word, row in zip(words, seen["confusion"], strict=True)
    ]
    gaps = [
        [word, *(f"{row[one]['recall']:.1%} of {row[one]['faces']}" for one in ("female", "male")),
         f"{100 * row['gap']:+.1f} points ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"]
        for word, row in faces["words"].items()
    ]  # fmt: skip
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    return "\n".join([
        "",
        f"{seen['pictures']:,} pictures of FER2013's PublicTest, as they are: **{seen['accuracy']:.1%}** "
        f"(± {100 * seen['accuracy_half_width']:.1f} points) right by the original labels, mean recall "
        f"{seen['uar']:.1%}; {seen['ferplus']['accuracy']:.1%} right where more than half of the FER+ raters agree "
        f"({seen['ferplus']['pictures']:,} pictures). Where the highest score is 0.7 or more ({sure['share']:.0%} of "
        f"the pictures), {sure['accuracy']:.1%} are right.",
        "",
        *_table(["true word", "recall", *(f"called {word}" for word in words)], confusion),
        "",
        f"{faces['faces']} of {faces['pictures']} pictures of LFW with labels, {faces['people']} people, found, "
        "aligned and read as `vultus analyze` does:",
        "",
        *_table(["word", "recall, women", "recall, men", "gap, 95 % interval over people"], gaps),
        "",
        f"Model {report['model']}, sha256 `{report['sha256'][:16]}...`; `{report['command']}`, revision "
        f"{report['revision'] or 'unknown'}; {versions}.",
        "",
    ])  # fmt: skip


def variants(name: str) -> str:
    """One row for each kind of gate, over the seeds that were run."""
    report: dict[str, Any] = json.loads((ROOT / f"results/{name}.json").read_text("utf-8"))
    kinds = list(dict.fromkeys(row["kind"] for row in report["runs"]))
    rows, figures = [], ("accuracy", "uar", "ferplus_accuracy")
    for kind in kinds:
        runs = [row for row in report["runs"] if row["kind"] == kind]
        rows.append([
            kind, str(len(runs)), *(_over([row[key] for row in runs]) for key in figures),
            f"{runs[0]['parameters']:,}", f"{runs[0]['macs']:,}", f"{min(row['ms_per_step'] for row in runs):.0f}",
        ])  # fmt: skip
    settings = ", ".join(f"{key} {value}" for key, value in report["settings"].items())
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    return "\n".join([
        "",
        *_table(["gate", "seeds", "accuracy", "recall", "FER+ accuracy", "parameters", "MACs", "ms per step"], rows),
        "",
        f"Mean and spread over the seeds. Trained on {report['train']:,} pictures, judged on the {report['test']:,} of "
        f"PublicTest; {settings}. `{report['command']}`, revision {report['revision'] or 'unknown'}; {versions}.",
        "",
    ])  # fmt: skip


def _over(values: list[float]) -> str:
    mean = sum(values) / len(values)
    spread = (sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)) ** 0.5
    return f"{100 * mean:.1f}" + (f" ± {100 * spread:.1f}" if len(values) > 1 else "")


def _between(row: dict[str, Any], key: str) -> str:
    return "-" if row[key] is None else f"{row[key]:.3g} ({row['low']:.3g} to {row['high']:.3g})"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _with_ends(rate: dict[str, Any]) -> str:
    return f"{rate['value']:.3g} ({rate['low']:.2g} to {rate['high']:.2g})" if rate["n"] else "-"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines]


def _spread(summary: dict[str, Any]) -> str:
    return "-" if summary["mean"] is None else f"{summary['mean']:.4g} ± {summary['std']:.2g}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


if __name__ == "__main__":
    for file in (*sorted(PAGES.glob("*.md")), *sorted(MODELS.glob("*.md")), SETS):
        file.write_text(page(file), encoding="utf-8")
