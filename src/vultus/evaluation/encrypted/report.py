"""The study as one HTML page: tables, drawings and what they mean; no network, no scripts."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from vultus.evaluation.drawing import needed
from vultus.evaluation.encrypted import plots
from vultus.evaluation.encrypted.ablation import WITHOUT
from vultus.evaluation.page import document, image, number, section, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def page(report: Mapping[str, Any]) -> str:
    """One HTML document of a report of `vultus bench encrypted`.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    needed()
    details = report["details"]
    study, machine = details["study"], report["machine"]
    parts = [
        f"<p>{_words(study)} {escape(machine['processor'])}, load before {machine['load_before']}, "
        f"{machine['threads']} threads for searches and one processor for costs. "
        f"{escape(', '.join(f'{name} {version}' for name, version in report['versions'].items()))}.</p>",
        _goals(report["rows"]),
    ]
    if "costs" in details:
        parts.append(_costs(details, study))
    if "accuracy" in details:
        parts.append(_accuracy(details["accuracy"]))
    parts.append(_ablations(report["rows"]))
    for name, draw in (("scaling", _scaling), ("leaks", _leaks), ("links", _links)):
        if name in details:
            parts.append(draw(details[name]))
    missing = [row for row in report["rows"] if row["ours"] is None]
    if missing:
        parts.append(
            section("Not measured", "", table("", ["what", "why"], [[r["what"], r["reason"]] for r in missing]))
        )
    return document("Search on encrypted faces", parts)


def _words(study: Mapping[str, Any]) -> str:
    return escape(
        f"Backends {', '.join(study['backends'])}; keys of {', '.join(map(str, study['bits']))} bits; "
        f"{', '.join(map(str, study['dimensions']))} dimensions."
    )


def _goals(rows: Sequence[Mapping[str, Any]]) -> str:
    marks = {True: ("yes", "yes"), False: ("no", "no"), None: ("", "")}
    lines = [
        [row["what"], number(row["ours"]), number(row["peer"]), row["peer_name"], number(row["ratio"]), row["unit"],
         row["goal"], marks[row["met"]], row["reason"]]
        for row in rows if row["goal"] and row["peer_name"] != WITHOUT
    ]  # fmt: skip
    head = ["what", ">ours", ">theirs", "they are", ">ratio", "unit", "goal", "met", "how"]
    return section("Goals", "Both sides in one run on this machine.", table("", head, lines))


def _costs(details: Mapping[str, Any], study: Mapping[str, Any]) -> str:
    every = details["costs"]
    first = study["dimensions"][0]
    shown = [line for line in every if line["dimension"] == first and line["bits"] in (None, study["main_bits"])]
    head = ["system", "pipeline", ">modulus bits", ">dimensions", "template", "probe", ">per ciphertext", ">key s",
            ">encrypt ms", ">prepare ms", ">dot µs", ">decrypt µs", ">public key B", ">private key B", ">template B",
            ">max loss", ">difference", "agrees"]  # fmt: skip
    lines = [_cost(line) for line in every]
    names = "; ".join(f"{dimension}: {name}" for dimension, name in details["templates"].items())
    text = (
        "Median seconds that a processor works, per template, comparison and score. Where encrypting all dimensions "
        "would take too long, fewer were measured and the rest scaled: the number stands in brackets. Max loss is "
        "against the cosine of the same pipeline in float; difference against the plain dot product of the numbers "
        "encrypted. "
        f"Templates: {names}."
    )
    drawn = image(plots.stages(shown), "Seconds of each stage per system") + image(
        plots.sizes(shown), "Ciphertext bytes per template and system"
    )
    caption = f"The drawings show {first} dimensions and keys of {study['main_bits']} bits."
    return section("Costs", text, drawn + table(caption, head, lines))


def _cost(line: Mapping[str, Any]) -> list[Any]:
    measured = "" if line["measured_dimension"] == line["dimension"] else f" ({line['measured_dimension']})"
    return [
        f"{line['backend']}: {line['scheme']}", line["pipeline"], number(line["modulus_bits"]),
        f"{line['dimension']:,}{measured}", line["template_precision"], line["probe_precision"], number(line["block"]),
        number(line["keygen_s"]), number(line["encrypt_s"] * 1e3), number(line["prepare_s"] * 1e3),
        number(line["dot_s"] * 1e6), number(line["decrypt_s"] * 1e6), number(line["public_key_bytes"]),
        number(line["private_key_bytes"]), number(line["template_bytes"]), number(line["max_loss"]),
        number(line["difference"]), ("yes", "yes") if line["agrees"] else ("no", "no"),
    ]  # fmt: skip


def _accuracy(found: Mapping[str, Any]) -> str:
    rows = found["rows"]
    head = ["system", "pipeline", ">pairs", ">decrypted", ">right decisions", ">EER", ">top-1", ">max loss",
            ">difference", "agrees"]  # fmt: skip
    lines = [
        [f"{r['backend']}: {r['scheme']}", r["pipeline"], number(r["n_pairs"]), number(r["n_encrypted"]),
         f"{r['match_rate']:.4f}", f"{r['eer']:.4f}", "" if r["top1"] is None else f"{r['top1']:.4f}",
         number(r["max_loss"]), number(r["difference"]), ("yes", "yes") if r["agrees"] else ("no", "no")]
        for r in rows
    ]  # fmt: skip
    drawn = [line for line in rows if line["backend"] == "plain"]
    text = (
        f"{found['faces']}. Scores that were not decrypted are the same whole numbers in the clear, which every "
        "decrypted one equals. The min-max pipeline is the published one: it makes all numbers positive and pushes the "
        "scores together."
    )
    return section("Error rates", text, image(plots.histograms(drawn), "Scores of pairs") + table("", head, lines))


def _ablations(rows: Sequence[Mapping[str, Any]]) -> str:
    some = [row for row in rows if row["peer_name"] == WITHOUT]
    if not some:
        return ""
    lines = [[r["what"], number(r["ours"]), number(r["peer"]), r["unit"], number(r["ratio"])] for r in some]
    head = ["accelerator and stage", ">with", ">without", "unit", ">times"]
    drawn = image(plots.ablations(some), "How many times faster each accelerator makes its stage")
    return section("What each accelerator brings", some[0]["reason"], drawn + table("", head, lines))


def _scaling(found: Mapping[str, Any]) -> str:
    head = [">people", ">enrolling the new ones s", ">scoring s", ">with new nonces s", ">decryption s",
            ">ciphertext MB", ">memory MiB", "all scores exact"]  # fmt: skip
    lines = [
        [number(r["people"]), number(r["added_s"]), number(r["score_s"]), number(r["answer_s"]), number(r["decrypt_s"]),
         number(r["bytes"] / 1e6), number(r["memory_mib"]), ("yes", "yes") if r["exact"] else ("no", "no")]
        for r in found["rows"]
    ]  # fmt: skip
    text = (
        f"Synthetic people, {found['dimension']} dimensions, {found['bits']} bits, one probe against everybody; "
        f"scoring in {found['threads']} processes, with and without new nonces for the answers; decryption in threads."
    )
    return section("Scaling", text, image(plots.scaling(found["rows"]), "Seconds and memory") + table("", head, lines))


def _leaks(found: Mapping[str, Any]) -> str:
    head = ["the attacker has", ">answers", ">people", ">cosine", ">lowest cosine", ">IAPAR, same picture",
            ">IAPAR, another picture"]  # fmt: skip
    lines = [
        [r["what"], number(r["queries"]), number(r["people"]), f"{r['cosine']:.5f}", f"{r['worst_cosine']:.5f}",
         f"{r['iapar_same']:.3f}", f"{r['iapar_other']:.3f}"]
        for r in found["rows"]
    ]  # fmt: skip
    text = (
        f"{found['faces']}. IAPAR: share of rebuilt templates that are accepted as the person at FMR {found['fmr']:g} "
        f"(threshold {found['threshold']:.4f}); the people themselves reach {found['match_rate']:.3f}, and two "
        f"strangers have a cosine of {found['stranger_cosine']:.3f}. Decisions count those spent on finding a "
        "first face that is accepted. Keeping scores back slows an attacker down and does not stop one: limit and log "
        "queries as well."
    )
    drawn = image(plots.leaks(found["rows"]), "Rebuilt templates against answers read")
    return section("What answers give away", text, drawn + table("", head, lines))


def _links(found: Mapping[str, Any]) -> str:
    lines = [[r["what"], f"{r['d_sys']:.3f}"] for r in found["rows"]]
    text = (
        f"{found['faces']}. D_sys: 0 cannot be linked, 1 always can. Few scores alone make it more than nothing: "
        "random bytes show how much."
    )
    return section("Links between galleries", text, table("", ["what is compared", ">D_sys"], lines))
