"""EEG-MoCE beside its flat twin on three tasks, and the curvatures it learns: results/eeg_moce_tasks.json, a picture.

python tools/eeg_moce_tasks.py [--seeds 2] [--draw-only]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from provenance import command

from vultus.research.experiment import arms, fit
from vultus.research.run import load, revision, versions

ROOT = Path(__file__).resolve().parents[1]
REPORT, PICTURE = ROOT / "results/eeg_moce_tasks.json", ROOT / "docs/images/eeg_moce.png"
TASKS = ("emotion", "sleep", "load")
TAKES = {"emotion": 3, "sleep": 16, "load": 27}  # as many rows of each person
FIRST = 11  # the judge's seeds begin at 1000


def measured(seeds: int) -> dict[str, Any]:
    """Figures of both for every task and seed."""
    method: Any = load("eeg_moce")
    runs = []
    for task in TASKS:
        check = method.Config.check()
        config = replace(check, task=task, control=False, recording=replace(check.recording, takes=TAKES[task]))
        for seed in range(FIRST, FIRST + seeds):
            data = method.data(config, seed, None)
            for arm in ("full", "baseline"):
                model = arms(method, config, seed)[arm]
                budget = fit(model, data.train, seed)
                figures = {key: round(value, 6) for key, value in method.score(model, data.test).items()}
                run = {"task": task, "classes": len(model.task.labels), "seed": seed, "arm": arm, "align": model.align,
                       "parameters": budget.parameters, "figures": figures,
                       "curvature": {key: round(-value, 6) for key, value in model.curvatures.items()}}  # fmt: skip
                runs.append(run)
                print(json.dumps(run), file=sys.stderr, flush=True)
    return {"runs": runs, "command": command(), "versions": versions(), "revision": revision()}


def draw(report: dict[str, Any]) -> None:
    """A dot for each seed and modality, task by task, and the level that all began at."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.8), layout="constrained")
    for axes, task in zip(figure.subplots(1, len(TASKS), sharey=True), TASKS, strict=True):
        runs = [run["curvature"] for run in report["runs"] if run["task"] == task and run["arm"] == "full"]
        names = list(runs[0])
        for at, name in enumerate(names):
            values = [run[name] for run in runs]
            axes.plot([at] * len(values), values, "o", color="#0072b2", alpha=0.7)
            axes.hlines(sum(values) / len(values), at - 0.2, at + 0.2, color="#d55e00", linewidth=2)
        axes.axhline(-2, color="#999999", linestyle=":", linewidth=1)
        axes.set_xticks(range(len(names)), names)
        axes.set(title=task, xlim=(-0.5, len(names) - 0.5))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.axes[0].set_ylabel("learnt curvature K")
    figure.axes[0].set_ylim(top=0)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--draw-only", action="store_true")
    given = options.parse_args()
    if not given.draw_only:
        REPORT.write_text(json.dumps(measured(given.seeds), indent=1) + "\n", encoding="utf-8")
    draw(json.loads(REPORT.read_text("utf-8")))
