"""The study as one HTML page: tables, drawings and what they mean; no network, no scripts."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

from vultus.evaluation.encrypted import plots
from vultus.evaluation.encrypted.ablation import WITHOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem }
div.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
caption { text-align: left; padding: .3rem 0; opacity: .8 }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #8884; vertical-align: top }
td:first-child { min-width: 17rem }
td.n, th.n { text-align: right; white-space: nowrap }
td.yes { color: #00804f; font-weight: 600 } td.no { color: #c22; font-weight: 600 }
img { max-width: 100%; height: auto; background: white; border-radius: 4px; margin: .8rem 0 }
"""


def page(report: Mapping[str, Any]) -> str:
    """One HTML document of a report of `vultus bench encrypted`.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    plots.needed()
    details = report["details"]
    study, machine = details["study"], report["machine"]
    parts = [
        "<h1>Search on encrypted faces</h1>",
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
            _section("Not measured", "", table("", ["what", "why"], [[r["what"], r["reason"]] for r in missing]))
        )
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Search on encrypted faces</title>\n<style>{_STYLE}</style>\n{body}\n</html>\n"
    )


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
    return _section("Goals", "Both sides in one run on this machine.", table("", head, lines))


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
    drawn = _image(plots.stages(shown), "Seconds of each stage per system") + _image(
        plots.sizes(shown), "Ciphertext bytes per template and system"
    )
    caption = f"The drawings show {first} dimensions and keys of {study['main_bits']} bits."
    return _section("Costs", text, drawn + table(caption, head, lines))


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
    return _section("Error rates", text, _image(plots.histograms(drawn), "Scores of pairs") + table("", head, lines))


def _ablations(rows: Sequence[Mapping[str, Any]]) -> str:
    some = [row for row in rows if row["peer_name"] == WITHOUT]
    if not some:
        return ""
    lines = [[r["what"], number(r["ours"]), number(r["peer"]), r["unit"], number(r["ratio"])] for r in some]
    head = ["accelerator and stage", ">with", ">without", "unit", ">times"]
    drawn = _image(plots.ablations(some), "How many times faster each accelerator makes its stage")
    return _section("What each accelerator brings", some[0]["reason"], drawn + table("", head, lines))


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
    return _section(
        "Scaling", text, _image(plots.scaling(found["rows"]), "Seconds and memory") + table("", head, lines)
    )


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
    drawn = _image(plots.leaks(found["rows"]), "Rebuilt templates against answers read")
    return _section("What answers give away", text, drawn + table("", head, lines))


def _links(found: Mapping[str, Any]) -> str:
    lines = [[r["what"], f"{r['d_sys']:.3f}"] for r in found["rows"]]
    text = (
        f"{found['faces']}. D_sys: 0 cannot be linked, 1 always can. Few scores alone make it more than nothing: "
        "random bytes show how much."
    )
    return _section("Links between galleries", text, table("", ["what is compared", ">D_sys"], lines))


def _section(title: str, text: str, inner: str) -> str:
    words = f"<p>{escape(text)}</p>\n" if text else ""
    return f"<h2>{escape(title)}</h2>\n{words}{inner}"


def _image(svg: str, words: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">\n'


def table(caption: str, head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """An HTML table; a heading that begins with > is of numbers, a cell may be (text, class)."""
    numeric = [name.startswith(">") for name in head]
    heads = "".join(
        f"<th{' class=n' if right else ''}>{escape(name.removeprefix('>'))}</th>"
        for name, right in zip(head, numeric, strict=True)
    )
    rows = "\n".join(
        "<tr>" + "".join(_cell(cell, right) for cell, right in zip(line, numeric, strict=True)) + "</tr>"
        for line in lines
    )
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{told}<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n'


def _cell(cell: Any, right: bool) -> str:
    text, kind = cell if isinstance(cell, tuple) else (cell, "n" if right else "")
    return f"<td{f' class={kind}' if kind else ''}>{escape(str(text))}</td>"


def number(value: float | None) -> str:
    """Three significant digits, whole from a thousand on."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
