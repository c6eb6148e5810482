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
WORLD = ROOT / "docs/world.md"
_MARKED = re.compile(
    r"(<!-- (ablation|audit|geometry|expression|sets|variants|world|liveness|tasks|costs): ([\w-]+) -->\n).*?"
    r"(<!-- end -->)",
    re.DOTALL,
)


def page(path: Path) -> str:
    """What the page must be."""
    made = {"ablation": tables, "audit": audited, "geometry": geometry, "sets": counted, "expression": expression,
            "variants": variants, "world": world, "liveness": liveness, "tasks": tasks, "costs": costs}  # fmt: skip
    return _MARKED.sub(lambda found: found[1] + made[found[2]](found[3]) + found[4], path.read_text("utf-8"))


def tables(name: str) -> str:
    """Arms and claims of one committed run."""
    file = ROOT / f"results/ablate_{name}.json"
    report: dict[str, Any] = json.loads((file if file.exists() else ROOT / f"results/{name}.json").read_text("utf-8"))
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


def liveness(name: str) -> str:
    """Errors of the liveness model that ships: on the camera that was left out, and on real photographs of people."""
    report: dict[str, Any] = json.loads((ROOT / f"results/{name}.json").read_text("utf-8"))
    figures, photographs = report["left_out"]["figures"], report["photographs"]
    kinds = [key.removeprefix("apcer_") for key in figures if key.startswith("apcer_")]
    new = set(report["left_out"]["new_kinds"])
    rows = [[kind + (" (never seen)" if kind in new else ""), f"{figures['apcer_' + kind]:.1%}"] for kind in kinds]
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    lines = [
        "",
        f"Rendered people, camera `{report['left_out']['camera']}`, which it has not seen: AUC {figures['auc']:.3f} "
        f"over known kinds of attacks, BPCER {figures['bpcer']:.1%}, HTER {figures['hter']:.1%}, at the threshold "
        f"{report['threshold']:.3f} (equal errors of development people before the cameras of the training).",
        "",
        *_table(["kind of attack", "let in (APCER)"], rows),
        "",
    ]
    lines += [
        f"- **Real photographs**: {one['refused']} of {one['faces']} faces of {one['what']} are refused as attacks "
        f"({one['refused'] / max(one['faces'], 1):.0%})." for one in photographs
    ]  # fmt: skip
    return "\n".join([
        *lines,
        "",
        f"Model {report['model']}, {report['parameters']:,} parameters, {report['macs']:,} multiplications for a face, "
        f"{report['bytes']:,} bytes, sha256 `{report['sha256'][:16]}...`; `{report['command']}`, revision "
        f"{report['revision'] or 'unknown'}; {versions}.",
        "",
    ])  # fmt: skip


def costs(name: str) -> str:
    """Parameters and operations of a method at two sizes, counted now; what is exported is counted for one row."""
    import torch

    from vultus.research.blocks.cost import layers
    from vultus.research.run import load

    class Whole(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            given = model.exported()
            self.inner = given.module.eval()
            self.rows = tuple(rows[:1] for rows in given.inputs.values())

        def forward(self, _: torch.Tensor) -> Any:
            return self.inner(*self.rows)

    method: Any = load(name)
    rows = []
    for size, config in (("paper", method.Config()), ("`--check`", method.Config.check())):
        model = method.build(config).eval()
        with torch.no_grad():
            counted = layers(Whole(model), torch.zeros(1))
        parameters = sum(part.numel() for part in model.parameters())
        rows.append([size, f"{parameters:,}", f"{sum(layer.macs for layer in counted):,}"])
    return "\n".join(["", *_table(["size", "parameters", "multiply-accumulates for one input"], rows), ""])


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


def tasks(name: str) -> str:
    """Full method and twin on several tasks, over the seeds that were run."""
    report: dict[str, Any] = json.loads((ROOT / f"results/{name}_tasks.json").read_text("utf-8"))
    rows = []
    for task in dict.fromkeys(run["task"] for run in report["runs"]):
        for arm in ("full", "baseline"):
            runs = [run for run in report["runs"] if (run["task"], run["arm"]) == (task, arm)]
            bent = {
                key: sum(run["curvature"][key] for run in runs) / len(runs) if arm == "full" else None
                for key in runs[0]["curvature"]
            }
            rows.append([
                task, arm, str(len(runs)), _over([run["figures"]["balanced_accuracy"] for run in runs]),
                f"{100 / runs[0]['classes']:.1f}", _over([run["figures"]["macro_f1"] for run in runs]),
                ", ".join(f"{key} {value:.2f}" for key, value in bent.items() if value is not None) or "-",
            ])  # fmt: skip
    versions = ", ".join(f"{package} {release}" for package, release in report["versions"].items())
    head = ["task", "arm", "seeds", "balanced accuracy, %", "chance, %", "macro F1, %", "curvature K"]
    return "\n".join([
        "",
        *_table(head, rows),
        "",
        f"Mean and spread over the seeds; align: {report['runs'][0]['align']}. `{report['command']}`, revision "
        f"{report['revision'] or 'unknown'}; {versions}.",
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


def world(name: str) -> str:
    """What the made faces are good for: speed and detection, calibration, or transfer to real faces."""
    return "\n".join(["", *{"bench": _made, "calibration": _calibrated, "transfer": _transferred}[name](), ""])


def _made() -> list[str]:
    report: dict[str, Any] = json.loads((ROOT / "results/world.json").read_text("utf-8"))
    rows = [
        [row["what"], f"{row['ours']:,.4g} {row['unit']}" if row["ours"] < 1e4 else f"{row['ours']:,.0f} {row['unit']}",
         row["goal"], {True: "yes", False: "**no**"}.get(row["met"], ""), f"{row['n']:,}", row["reason"]]
        for row in report["rows"]
    ]  # fmt: skip
    machine = report["machine"]
    parts = [
        [by, word, f"{one['found']} of {one['of']}"]
        for by, group in report["details"]["detected"].items()
        for word, one in group.items()
        if one["found"] < one["of"]
    ]
    missed = ["", *_table(["by", "which", "found"], parts)] if parts else []
    return [
        *_table(["what", "measured", "goal", "met", "n", "remarks"], rows),
        "",
        f"`vultus bench world`, {machine['processor']}, {machine['threads']} threads, load before "
        f"{machine['load_before']}.",
        *missed,
    ]


def _calibrated() -> list[str]:
    report: dict[str, Any] = json.loads((ROOT / "results/world_calibration.json").read_text("utf-8"))
    weather, attacks = report["degradations"], report["attacks"]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in weather["rows"]:
        found.setdefault(row["kind"], []).append(row)
    lines = [
        [kind, *(f"{r['psnr_db']:.1f} dB, {r['found']:.0%}, " + ("-" if r["cosine"] is None else f"{r['cosine']:.3f}")
                 for r in steps)]
        for kind, steps in found.items()
    ]  # fmt: skip
    levels: dict[str, list[dict[str, Any]]] = {}
    for row in attacks["rows"]:
        if row["level"]:
            levels.setdefault(row["kind"], []).append(row)
    areas = [[kind, *(f"{r['strength']:g}: {r['auc']:.3f}" for r in steps)] for kind, steps in levels.items()]
    return [
        f"Degradations, {weather['pictures']} pictures of {weather['size']} x {weather['size']}, of which the detector "
        f"finds {weather['clean_found']:.0%} when clean: decibels, share found, cosine of the embeddings.",
        "",
        *_table(["kind", "severity 1", "severity 2", "severity 3"], lines),
        "",
        f"Attacks, {attacks['pictures']} pictures of {attacks['size']} x {attacks['size']}: strength and area under "
        "the curve of radial spectra.",
        "",
        *_table(["kind", "level 1", "level 2", "level 3"], areas),
    ]


def _transferred() -> list[str]:
    report: dict[str, Any] = json.loads((ROOT / "results/world_transfer.json").read_text("utf-8"))
    parts = {"new people of the world": report["world"], "FER2013, public test": report["fer2013_publictest"]}
    words = list(report["world"]["recall"])
    rows = [
        [name, f"{one['pictures']:,}", f"{one['right']:.1%}", f"{one['mean_recall']:.1%}",
         *(f"{one['recall'][word]:.0%}" for word in words)]
        for name, one in parts.items()
    ]  # fmt: skip
    trained = report["trained"]
    return [
        *_table(["tried on", "pictures", "right", "mean recall", *words], rows),
        "",
        f"Trained on {trained['faces']:,} made faces of 48 x 48, {trained['parameters']:,} parameters, "
        f"{trained['steps']:,} steps of {trained['batch']}, {trained['processor_seconds']:g} processor seconds. "
        f"Whoever always says the most frequent word is right in {report['most_frequent']:.1%}; guessing has a mean "
        f"recall of {1 / len(words):.1%}. `{report['command']}`.",
    ]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines]


def _spread(summary: dict[str, Any]) -> str:
    return "-" if summary["mean"] is None else f"{summary['mean']:.4g} ± {summary['std']:.2g}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


if __name__ == "__main__":
    for file in (*sorted(PAGES.glob("*.md")), *sorted(MODELS.glob("*.md")), SETS, WORLD):
        file.write_text(page(file), encoding="utf-8")
