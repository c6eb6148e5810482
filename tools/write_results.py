"""Write docs/results.md from the JSON files in results/; `tests/house/test_results.py` checks that it is up to date.

python tools/write_results.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/results.md"


def load(name: str) -> dict[str, Any]:
    """One committed result."""
    content: dict[str, Any] = json.loads((ROOT / "results" / f"{name}.json").read_text())
    return content


def number(value: float | None) -> str:
    """Four digits, or a dash."""
    return "-" if value is None else f"{value:.4g}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def core(name: str) -> str:
    """What one run of `vultus bench core` measured."""
    result = load(name)
    rows = []
    for row in result["rows"]:
        met = {True: "yes", False: "**no**"}.get(row.get("met"), "")
        cells = [row["what"], number(row["ours"]), number(row["peer"]), row.get("peer_name") or ""]
        cells += [
            number(row["ratio"]),
            row["unit"],
            f"{row['n']:,}",
            row.get("goal") or "",
            met,
            row.get("reason") or "",
        ]
        rows.append([cell.replace("|", "/") for cell in cells])
    head = ["what", "ours", "peer", "peer is", "ratio", "unit", "n", "goal", "met", "remarks"]
    versions = ", ".join(f"{package} {release}" for package, release in result["versions"].items())
    machine = result["machine"]
    where = f"{machine['processor']}, {machine['threads']} threads, {machine['system']}"
    return f"{table(head, rows)}\n\nMachine: {where}; load before {machine['load_before']}. Versions: {versions}."


def calibration(pack: str) -> str:
    """Thresholds of a pack."""
    found = load(f"calibration_{pack}")["calibration"]
    rows = [[f"{p['fmr']:g}", f"{p['threshold']:.4f}", f"{p['low']:.4f} to {p['high']:.4f}"] for p in found["points"]]
    text = table(["FMR", "cosine threshold", "95 % interval by subject"], rows)
    facts = f"{found['dataset']}: {found['n_impostor']:,} impostor comparisons, {found['n_subjects']:,} people"
    return f"{facts}, `{found['calibration_id']}`.\n\n{text}"


def views() -> str:
    """Views of a face that could be averaged."""
    found = load("views")
    rows = [[r["views"], str(r["crops"]), *(f"{v:.4f}" for v in r["tmr_at_fmr"].values())] for r in found["rows"]]
    rates = [f"TMR at FMR {rate}" for rate in found["rows"][0]["tmr_at_fmr"]]
    return table(["crops averaged", "number", *rates], rows)


def detectors() -> str:
    """Detectors that the default pack could have."""
    found = load("detectors")
    rows = []
    for r in found["rows"]:
        missed = f"{r['lfw_without_detection']} of {r['lfw_pictures']}"
        rows.append(
            [r["detector"], f"{r['recall']:.3f}", f"{r['precision']:.3f}", missed, f"{r['ms_per_640x480']:.0f}"]
        )
    return table(["detector", "recall", "precision", "LFW pictures without a face", "ms per 640 x 480"], rows)


def alignment() -> str:
    """Maps between the spaces of models."""
    found = load("alignment")
    own = [[r["space"], f"{r['tmr']:.4f}", f"{r['eer']:.4f}", f"{r['rank_1']:.3f}"] for r in found["spaces"]]
    rows = []
    for way in found["routes"]:
        for r in way["rows"]:
            cells = [f"{way['from']} to {way['to']}", r["method"], f"{r['tmr']:.4f}"]
            cells += [f"{r['interval'][0]:.4f} to {r['interval'][1]:.4f}", f"{r['of_the_weaker_model']:.3f}"]
            rows.append([*cells, f"{r['rank_1']:.3f}", f"{r['fmr_at_targets_threshold']:.4f}"])
    curves = []
    for curve in found["curves"]:
        for r in curve["rows"]:
            rates = [f"{r[method]:.3f}" for method in ("procrustes", "least_squares", "ridge", "low_rank")]
            curves.append([f"{curve['from']} to {curve['to']}", f"{r['pairs']:,}", *rates])
    kept = [
        [f"{r['from']} to {r['to']}", "yes" if r["stretch"] else "no", *(f"{value:g}" for value in r["fmr"].values())]
        for r in found["thresholds"]
    ]
    data = found["data"]
    rate = f"TMR at FMR {data['fmr']:g}"
    head = ["from, to", "map", rate, "95 % interval by subject", "of the weaker model's own", "rank 1",
            f"FMR at the target's own threshold for {data['fmr']:g}"]  # fmt: skip
    return f"""Each model by itself:

{table(["space", rate, "EER", "rank 1"], own)}

Templates of the first space, mapped, against those of the second; no person is on both sides of a map.
LFW: {data["pictures"]:,} pictures, {data["people"]:,} people, {data["folds"]} folds, {data["comparisons"]:,} pairs.

{table(head, rows)}

False match rates that ridge comes to at the target's own thresholds, all {found["thresholds"][0]["comparisons"]:,}
comparisons of different people within folds:

{table(["from, to", "stretched", *(f"threshold for {at}" for at in found["thresholds"][0]["fmr"])], kept)}

{rate} by the number of faces that the map was learnt from (mean of {data["curve_draws"]} draws):

{table(["from, to", "pairs", "procrustes", "least squares", "ridge", "low rank"], curves)}"""


def page() -> str:
    """The whole page."""
    return f"""# Measured results

Generated by `python tools/write_results.py` from the JSON files in [results](../results), where commands, versions,
seeds and every wrong answer stand; [how each row is measured](../results/README.md). Figures hold for this machine and
these data.

## Beside dlib and the face_recognition recipe

{core("core")}

The rows that load disturbs, once more when nothing else ran on the machine
(`vultus bench core --only overhead --only import_time --only help_time`):

{core("core_quiet")}

## Thresholds of pack dlib

{calibration("dlib")}

## Thresholds of pack dlib-mmod

{calibration("dlib-mmod")}

## Detectors

Recall and precision at overlap 0.3 on the 43 marked faces of detection_small, where most are smaller than 80 pixels;
every fourth picture of LFW.

{detectors()}

## Views

All genuine and impostor pairs of LFW folds 1-5.

{views()}

## Maps between models

{alignment()}
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
