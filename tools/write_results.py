"""Write docs/results.md from the JSON files in results/; `tests/house/test_results.py` checks that it is up to date.

python tools/write_results.py
"""

from __future__ import annotations

import json
import math
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


def clustering() -> str:
    """Ways of grouping unknown faces."""
    found = load("clustering")
    rows = []
    for r in found["rows"]:
        own, pairs = r["bcubed"], r["pairwise"]
        cells = [own["f1"], own["precision"], own["recall"], pairs["f1"]]
        rows.append([r["part"], r["way"], f"{r['people']} / {r['groups']}", f"{own['low']:.3f} to {own['high']:.3f}",
                     *(f"{value:.3f}" for value in cells)])  # fmt: skip
    head = ["faces", "way", "people / groups", "95 % by person", "B-cubed F", "precision", "recall", "pairwise F"]
    share = found["shares"].index(found["share"])
    chosen = [
        [str(r["people"]), r["with"], f"{r['best_fixed_fmr']:.2g}", f"{r['best_fixed_f1']:.3f}",
         f"{r['f1_at_fmr_1e-3']:.3f}", f"{r['f1_by_share'][share]:.3f}", f"{r['groups_by_share'][share]:.0f}"]
        for r in found["chosen"]
    ]  # fmt: skip
    head_2 = ["people", "of those with", "best fixed FMR", "B-cubed F at it", "at 1e-3", "at the rule", "groups"]
    scale = [
        [f"{r['faces']:,}", f"{r['people']:,} / {r['groups']:,}", f"{r['bcubed_f1']:.3f}", f"{r['cpu_s']:.0f}",
         f"{r['cpu_s_for_1_percent_more']:.1f}", f"{r['memory_mb']}", f"{r['memory_of_the_templates_mb']}"]
        for r in found["scale"]
    ]  # fmt: skip
    head_3 = ["faces", "people / groups", "B-cubed F", "CPU s", "CPU s for 1 % more", "MB besides", "MB of templates"]
    return "\n\n".join([
        table(head, rows),
        f"The rule, FMR = {found['share']} / number of groups, was chosen on folds 1-3:",
        table(head_2, chosen),
        "Time and memory, one thread, on made-up faces that vary as those of LFW would if they were normal, with "
        "thresholds measured on such:",
        table(head_3, scale),
    ])  # fmt: skip


def denials() -> str:
    """What rejected faces do to searches."""
    found = load("denials")
    rows = []
    for r in found["rows"]:
        rates = [r["fnir"], r["fpir_strangers_seen"], r["fpir_other_strangers"]]
        rows.append(
            [f"{r['fpir_target']:g}", r["rejected"], str(r["rejected_faces"]), *(f"{rate:.4f}" for rate in rates)]
        )
    facts = (
        f"{found['people']} people, {found['searches_by_them']:,} searches by them, "
        f"{found['searches_by_strangers_seen']:,} by strangers of whom some faces were rejected, "
        f"{found['searches_by_other_strangers']:,} by other strangers: `{found['command']}`."
    )
    head = ["FPIR asked for", "rejected", "faces", "FNIR", "FPIR, strangers seen", "FPIR, other strangers"]
    return f"{facts}\n\n{table(head, rows)}"


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


def milvus() -> str:
    """What one shard of the milvus door costs."""
    rows = []
    for run in load("milvus")["runs"]:
        for r in run["shards"]:
            if "reason" in r:
                continue
            cells = [run["where"], r["index"], number(r.get("index_bytes_per_row")), f"{r['sent_rows_per_s']:,.0f}"]
            cells += [f"{r['indexed_rows_per_s']:,.0f}", f"{r['one_comes_ms']:,.0f}", f"{r['one_goes_ms']:,.0f}"]
            cells += [f"{r['one_probe_median_ms']:.1f}", f"{r['milvus_cpu_ms_per_probe']:.2f}"]
            cells += [f"{r['found_of_10']:.1%}", str(r["width"]) if r["index"] != "FLAT" else ""]
            rows.append(cells)
    head = ["Milvus", "index", "bytes in memory per row", "rows sent/s", "rows indexed/s",
            "ms until one who comes is found", "ms until one who goes is deleted", "ms, one probe, record included",
            "ms of processor per probe in Milvus", "found of 10", "ef"]  # fmt: skip
    facts = []
    for run in load("milvus")["runs"]:
        record, machine = run["record"], run["machine"]
        facts.append(
            f"{run['where']}, `{run['command']}`: {run['people']:,} made-up people, one template of {run['dimension']} "
            f"numbers each, rule `average`. The gallery file takes {record['bytes_per_face']:.0f} bytes and "
            f"{1e6 / record['faces_per_s']:.0f} microseconds per face; who is in it is read in "
            f"{record['roll_us_per_person']:.1f} microseconds per person. {machine['processor']}, "
            f"{machine['threads']} threads, load before {machine['load_before']}; "
            + ", ".join(f"{package} {release}" for package, release in run["versions"].items()) + "."
        )  # fmt: skip
    return table(head, rows) + "\n\n" + "\n\n".join(facts)


def sizing() -> str:
    """Large galleries in Milvus by the formulas of docs/milvus.md, from one measured shard."""
    runs = load("milvus")["runs"]
    lite = {shard["index"]: shard for run in runs for shard in run["shards"] if "index_bytes_per_row" in shard}
    server = {shard["index"]: (run, shard) for run in runs if run["where"] != "Milvus Lite"
              for shard in run["shards"] if "reason" not in shard}  # fmt: skip
    run, hnsw = server["HNSW"]
    numbers, rows = run["dimension"] + 2, []
    for faces in (100_000_000, 1_000_000_000):
        segments = math.ceil(4 * faces * numbers / 2**30)
        for index in ("HNSW", "HNSW_SQ"):
            row = lite[index]["index_bytes_per_row"]
            memory, store = faces * (row + 24) / 0.7, 2 * faces * (4 * numbers + 48 + row)
            times = [segments * hnsw["milvus_cpu_ms_per_probe"], faces / hnsw["sent_rows_per_s"] / 3600]
            rows.append([
                f"{faces:,}", index, f"{memory / 1e9:,.0f} GB", str(math.ceil(memory / 128e9)),
                f"{store / 1e12:.2f} TB", f"{segments:,}", f"{times[0]:,.0f} ms", f"{times[1]:,.0f} h",
                f"{faces * run['record']['bytes_per_face'] / 1e12:.2f} TB",
                f"{16 * faces / 1e9:.1f} GB, {faces * run['record']['roll_us_per_person'] / 60e6:,.0f} min",
            ])  # fmt: skip
    head = ["templates", "index", "memory of query nodes, one replica", "nodes of 128 GB", "object store",
            "segments of 1 GiB", "processor time per probe", "first copy, one writer", "gallery file",
            "each searching program: memory, to open"]  # fmt: skip
    return table(head, rows)


def faults() -> str:
    """Galleries that were killed."""
    found = load("faults")
    rows = [
        [name, str(r["kills"]), str(r["vault_on"]), f"{r['acknowledged']:,}", str(r["sound_and_exact"]),
         str(r["under_way_and_kept"])]
        for name, r in found["operations"].items()
    ]  # fmt: skip
    head = ["killed during", "times", "vault on", "operations acknowledged", "sound, and exactly those",
            "also the one under way, whole"]  # fmt: skip
    return table(head, rows)


def crops() -> str:
    """Margins around kept faces."""
    found = load("crops")
    rows = [
        [name, f"{r['margin']:.0%}", r["detector"], f"{r['found_again']} of {r['faces']}", f"{r['bytes']:,}",
         number(r["cosine_mean"]), number(r["cosine_worst_percent"])]
        for name, of in found["sets"].items() for r in of["rows"]
    ]  # fmt: skip
    head = ["pictures", "margin", "detector", "found again", "bytes", "cosine, mean", "worst 1 %"]
    return table(head, rows)


def gallery() -> str:
    """What one run of `vultus bench gallery` measured, with its heading; nothing before the first run."""
    if not (ROOT / "results/gallery.json").exists():
        return ""
    return f"""## A gallery of a million people

`vultus bench gallery`; people are made up, 128 numbers each.

{core("gallery")}

"""


def service() -> str:
    """What one run of `vultus bench service` measured, with its heading; nothing before the first run."""
    if not (ROOT / "results/service.json").exists():
        return ""
    return f"""## The service under load

`vultus bench service`; one machine is the service, its clients and its peers.

{core("service")}

"""


def encrypted_costs() -> str:
    """What each encrypted system costs."""
    head = ["system", "modulus bits", "dimensions (encrypted)", "template", "probe", "key s", "encrypt ms", "dot µs",
            "decrypt µs", "public key B", "template B", "max loss", "agrees"]  # fmt: skip
    rows = [
        [f"{r['backend']}: {r['scheme']}", f"{r['modulus_bits']:,}",
         f"{r['dimension']:,} ({r['measured_dimension']:,})", r["template_precision"], r["probe_precision"],
         number(r["keygen_s"]), number(r["encrypt_s"] * 1e3), number(r["dot_s"] * 1e6), number(r["decrypt_s"] * 1e6),
         f"{r['public_key_bytes']:,}", f"{r['template_bytes']:,.0f}", f"{r['max_loss']:.1e}",
         "yes" if r["agrees"] else "**no**"]
        for r in load("encrypted")["details"]["costs"]
    ]  # fmt: skip
    return table(head, rows)


def encrypted_rates() -> str:
    """Error rates with and without encryption."""
    found = load("encrypted_faces")["details"]["accuracy"]
    rows = [
        [f"{r['backend']}: {r['scheme']}", r["pipeline"], f"{r['n_encrypted']:,} of {r['n_pairs']:,}",
         f"{r['match_rate']:.4f}", f"{r['eer']:.4f}", "" if r["top1"] is None else f"{r['top1']:.4f}",
         f"{r['max_loss']:.1e}", "yes" if r["agrees"] else "**no**"]
        for r in found["rows"]
    ]  # fmt: skip
    head = ["system", "pipeline", "pairs decrypted", "right decisions", "EER", "top-1", "max loss", "agrees"]
    return f"{found['faces']}.\n\n{table(head, rows)}"


def encrypted_scaling() -> str:
    """A search in encrypted galleries of growing size."""
    found = load("encrypted_scaling")["details"]["scaling"]
    keys = ("added_s", "score_s", "answer_s", "decrypt_s")
    rows = [
        [f"{r['people']:,}", *(number(r[key]) for key in keys), f"{r['bytes'] / 1e6:.1f}", f"{r['memory_mib']:.0f}",
         "yes" if r["exact"] else "**no**"]
        for r in found["rows"]
    ]  # fmt: skip
    head = ["people", "enrolling the new ones s", "scoring s", "with new nonces s", "decryption s",
            "ciphertext MB", "memory MiB", "all scores exact"]  # fmt: skip
    return (
        f"{found['bits']} bits, {found['dimension']} dimensions, {found['threads']} processes.\n\n{table(head, rows)}"
    )


def encrypted_leaks() -> str:
    """What answers give away."""
    found = load("encrypted_faces")["details"]["leaks"]
    rows = [
        [r["what"], f"{r['queries']:,}", str(r["people"]), f"{r['cosine']:.5f}", f"{r['iapar_same']:.2f}",
         f"{r['iapar_other']:.2f}"]
        for r in found["rows"]
    ]  # fmt: skip
    head = ["the attacker has", "answers read", "people", "cosine with the template", "accepted, same picture",
            "accepted, another picture"]  # fmt: skip
    return (
        f"{found['faces']}; FMR {found['fmr']:g}, where the people themselves are accepted with another picture at a "
        f"rate of {found['match_rate']:.2f}. Two strangers have a cosine of {found['stranger_cosine']:.3f}. Answers "
        f"include those spent on finding a first face that is accepted.\n\n{table(head, rows)}"
    )


def encrypted_links() -> str:
    """Unlinkability."""
    rows = [[r["what"], f"{r['d_sys']:.3f}"] for r in load("encrypted_faces")["details"]["links"]["rows"]]
    return table(["what is compared", "D_sys"], rows)


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

{gallery()}{service()}## Thresholds of pack dlib

{calibration("dlib")}

## Thresholds of pack dlib-mmod

{calibration("dlib-mmod")}

## Detectors

Recall and precision at overlap 0.3 on the 43 marked faces of detection_small, where most are smaller than 80 pixels;
every fourth picture of LFW.

{detectors()}

## The milvus door

{milvus()}

By the formulas of [milvus.md](milvus.md#sizing-100-million-to-1-billion-faces), on paper:

{sizing()}

## Error rates of ten million scores

{core("metrics")}

## The training loop

`vultus bench training --data DIR`.

{core("training")}

## Views

All genuine and impostor pairs of LFW folds 1-5.

{views()}

## Search on encrypted faces

`vultus bench encrypted --only costs`; [how to read it](encrypted.md#how-it-compares).

{core("encrypted")}

Each accelerator switched off (`--only ablations`):

{core("encrypted_ablations")}

On real faces (`--pairs lfw --only error_rates --only leaks --only links`):

{core("encrypted_faces")}

### Costs of encrypted systems

Seconds that a processor works, per template, comparison and score. Where fewer dimensions were encrypted than a
template has, times and bytes are scaled.

{encrypted_costs()}

### Encrypted and plain decisions

{encrypted_rates()}

### Encrypted galleries of growing size

`--only scaling`. Time that passes.

{encrypted_scaling()}

### What answers give away

{encrypted_leaks()}

### Links between galleries

{encrypted_links()}

## Groups of unknown faces

LFW, the most prominent face of each picture; what could be chosen was chosen on the people of folds 1-3, and these are
others. HDBSCAN is scikit-learn's; its faces without a cluster count as groups of one. Connected components take the
threshold that Vultus came to.

{clustering()}

## Faces of which the user said whom they are not

LFW: whoever resembles a rejected face more than the person is not taken for the person.

{denials()}

## Maps between models

{alignment()}

## Killed at random moments

`python tools/break_gallery.py`: another process works on a gallery and is killed with SIGKILL; then `Gallery.check`
must find nothing, and every acknowledged operation must be there to the bit, templates, log and keys, at most with the
one under way. After removals the bytes are looked through, too.

{faults()}

## Kept cut-outs

`python tools/measure_crops.py`: the most prominent face of each picture, cut out with so much of its side around it,
looked for again by three detectors; cosine of its embedding before and after. Kept is a margin of
{load("crops")["margin"]:.0%}.

{crops()}
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
