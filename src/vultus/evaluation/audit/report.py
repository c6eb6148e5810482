"""The audit as one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.evaluation.audit import plots
from vultus.evaluation.drawing import needed
from vultus.evaluation.page import document, image, number, paragraph, section, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ERRORS = {"fmr": "false matches", "fnmr": "false non-matches"}


def page(report: Mapping[str, Any]) -> str:
    """One HTML document of what `audit` gave.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    needed()
    parts = [_head(report), _findings(report)]
    parts += [_attribute(part, report) for part in report["attributes"]]
    return document("Fairness audit of a face recognition system", [*parts, _how(report)])


def findings(report: Mapping[str, Any]) -> list[str]:
    """What the audit found, a sentence each; empty when no group differs by more than chance."""
    out = []
    for part in report["attributes"]:
        for test in part["tests"]:
            if test["significant"]:
                more = "more" if test["value"] > test["others"] else "fewer"
                out.append(
                    f"{' and '.join(part['attributes'])} {test['group']}: {more} {_ERRORS[test['error']]} than the "
                    f"others, {number(test['value'])} against {number(test['others'])} on average (p "
                    f"{test['p_holm']:.2g}, all tests of the attribute counted together)."
                )
        both = part["systems"]
        if both and both["hidden"]:
            out.append(
                f"Hidden by one accuracy: both systems decide {both['accuracy_a']:.2%} rightly, but between the groups "
                f"of {' and '.join(part['attributes'])} their FMR differ by {number(both['gap_fmr_a'])} and "
                f"{number(both['gap_fmr_b'])}, their FNMR by {number(both['gap_fnmr_a'])} and "
                f"{number(both['gap_fnmr_b'])}."
            )
        if both and both["reversed"]:
            out.append("The system that is better overall is worse in every group (Simpson's paradox).")
    return out


def _head(report: Mapping[str, Any]) -> str:
    source, threshold, overall = report["source"], report["threshold"], report["overall"]
    who = f" of {source['people']:,} people" if source["people"] else ""
    target = "" if threshold["fmr_target"] is None else f", for a false match rate of {threshold['fmr_target']:g}"
    text = (
        f"{source['comparisons']:,} comparisons{who} ({source['genuine']:,} of one person, {source['impostor']:,} of "
        f"two) from {source['path'] or 'memory'}, sha256 {source['sha256'][:16] or 'none'}. One threshold for "
        f"everybody: {number(threshold['value'])}{target}, from {threshold['from']}. Over all: FMR "
        f"{_rate(overall['fmr'])}, FNMR {_rate(overall['fnmr'])}, {overall['accuracy']:.2%} decided rightly. Groups "
        "are those that people were annotated with; such labels are apparent, coarse, and sometimes wrong."
    )
    return paragraph(text)


def _findings(report: Mapping[str, Any]) -> str:
    found = findings(report)
    told = "".join(paragraph(line, "finding") for line in found) or paragraph(
        "No group differs from the others by more than chance. That is no proof that they are treated alike: look at "
        "how "
        "wide the intervals are.", "plain",
    )  # fmt: skip
    warned = "".join(paragraph(line) for line in report["warnings"])
    return section("What was found", "", told + warned)


def _attribute(part: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    name = " and ".join(part["attributes"])
    target = report["threshold"]["fmr_target"]
    drawn = image(plots.bars(part["groups"], report["overall"]), f"Error rates of the groups of {name}")
    if len(part["attributes"]) == 1:
        drawn += image(plots.det(part["groups"], target), f"DET curves of the groups of {name}")
    inner = drawn + _rates(part["groups"]) + _tests(part["tests"]) + _summaries(part["summaries"])
    inner += _watchlist(part["watchlist"], report["traffic"]) + _systems(part["systems"])
    return section(f"By {name}", "", inner)


def _rates(groups: Sequence[Mapping[str, Any]]) -> str:
    head = ["group", ">people", ">FMR in the group", ">FMR with others", ">FNMR", ">false matches", ">of", ">missed",
            ">of", ">FNMR at the FMR asked for", "enough?"]  # fmt: skip
    lines = []
    for row in groups:
        own, fmr, fnmr = row["matched_fmr"], row["fmr"], row["fnmr"]
        lines.append([
            row["name"], number(fmr["people"]), _rate(fmr), _rate(row["fmr_cross"]), _rate(fnmr),
            number(fmr["errors"]), number(fmr["n"]), number(fnmr["errors"]), number(fnmr["n"]),
            _rate(own["fnmr"]) if own else "too few", ("yes", "yes") if row["enough"] else ("no", "no"),
        ])  # fmt: skip
    return table("Rates with 95 % intervals; people recur in comparisons, and the intervals know it", head, lines)


def _tests(tests: Sequence[Mapping[str, Any]]) -> str:
    head = ["group", "error", ">rate", ">mean of the others", ">p", ">p, all tests together", "more than chance?"]
    lines = [
        [test["group"], test["error"].upper(), number(test["value"]), number(test["others"]), number(test["p"]),
         number(test["p_holm"]), ("yes", "no") if test["significant"] else ("no", "")]
        for test in tests
    ]  # fmt: skip
    return table("Each group beside the others (Holm's correction)", head, lines)


def _summaries(found: Mapping[str, float] | None) -> str:
    if found is None:
        return paragraph("Fewer than two groups are large enough for a summary.")
    words = (
        ("fmr_max_min", "largest FMR by smallest (1 is even)"),
        ("fnmr_max_min", "largest FNMR by smallest (1 is even)"),
        ("fmr_max_geometric_mean", "largest FMR by geometric mean (NIST)"),
        ("fnmr_max_geometric_mean", "largest FNMR by geometric mean (NIST)"),
        ("fdr", "fairness discrepancy rate (1 is even; blind to small FMR)"), ("garbe", "GARBE (0 is even)"),
        ("worst_fmr", "FMR of the group worst off"), ("worst_fnmr", "FNMR of the group worst off"),
    )  # fmt: skip
    lines = [[text, number(found[key])] for key, text in words]
    return table("Summaries over groups that are large enough", ["what", ">value"], lines)


def _watchlist(rows: Sequence[Mapping[str, Any]], traffic: Mapping[str, Any]) -> str:
    text = (
        f"If {number(traffic['per_day'])} people of a group passed each day a list of {traffic['listed']:,}, of whom "
        f"{traffic['prevalence']:g} are on it, expected per day (with the ends of the intervals):"
    )
    head = ["group", ">flagged wrongly", ">from", ">to", ">listed and missed", ">flagged people who are listed"]
    lines = [
        [row["name"], *(number(value) for value in row["suspects"]), number(row["missed"][0]),
         "" if row["right"] != row["right"] else f"{row['right']:.2%}"]
        for row in rows
    ]  # fmt: skip
    return section("At a door", text, table("", head, lines), level=3)


def _systems(both: Mapping[str, Any] | None) -> str:
    if both is None:
        return ""
    text = (
        f"The other system ({both['other']}) at threshold {number(both['threshold_b'])}, where it decides "
        f"{both['accuracy_b']:.2%} rightly, beside {both['accuracy_a']:.2%}."
    )
    head = ["group", ">FMR", ">FMR of the other", ">FNMR", ">FNMR of the other"]
    lines = [
        [row["name"], number(row["fmr_a"]), number(row["fmr_b"]), number(row["fnmr_a"]), number(row["fnmr_b"])]
        for row in both["groups"]
    ]  # fmt: skip
    return section("Two systems, as accurate as each other", text, table("", head, lines), level=3)


def _how(report: Mapping[str, Any]) -> str:
    return section(
        "How this was measured",
        "FMR: part of the comparisons of two people that match. FNMR: part of those of one person that do not. "
        "Impostors of one group and of two are counted apart (ISO/IEC 19795-10), since random pairs of two groups "
        "are easy and hide what happens within one. Intervals are Wilson's, with as many independent comparisons as "
        "have the variance that was found when all comparisons of a person count together. A group with fewer than "
        f"{report['smallest_group']} people or comparisons is shown, not judged. Tests: each group's log odds beside "
        "the mean of the others', Student's distribution, Holm's correction within the attribute. Made by vultus "
        "audit report.",
        "",
    )


def _rate(row: Mapping[str, Any]) -> str:
    if not row["n"]:
        return "-"
    return f"{number(row['value'])} ({number(row['low'])} to {number(row['high'])})"
