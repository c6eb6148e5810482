"""The geometry as one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.evaluation.drawing import needed
from vultus.evaluation.geometry import plots
from vultus.evaluation.page import document, image, number, paragraph, section, table

if TYPE_CHECKING:
    from collections.abc import Mapping

_MICRO = (
    "Pictures of one person are changed step by step along one attribute. Energy is how little the directions in which "
    "neighbouring pictures' embeddings move agree (1 - cosine): near 0 the model follows the attribute, near 1 it is "
    "invariant to it. It does not depend on the scale of a space, the length of the step does. By chance: the same "
    "between pictures of the person that are no neighbours; much above the energy, the direction turns from picture to "
    "picture. Half step: the energy of steps half as long; much above the energy, noise is in it. Intervals are 95 % "
    "over resampled people."
)
_MACRO = (
    "Of each person one picture is taken. KS compares distances between people who share a value of the attribute with "
    "distances between people who differ in it; 0 when the space does not know the attribute. By chance: what 95 % of "
    "shuffled labels stay below. Probe: balanced accuracy of a linear rule, 0.5 by chance. Entropies: how much the "
    "attribute varies inside people, and between them. Intervals are over resampled people and lean upwards where KS "
    "is near chance. Labels are as good as whoever gave them."
)


def page(found: Mapping[str, Any]) -> str:
    """One HTML document of what `study` gave.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    needed()
    return document("Geometry of an embedding space", [_head(found), _micro(found), _macro(found), _how(found)])


def _head(found: Mapping[str, Any]) -> str:
    source = found["source"]
    text = ", ".join(f"{key} {value}" for key, value in source.items() if key not in {"left_out", "changes"})
    parts = [paragraph(f"Measured: {text}.")]
    if changes := source.get("changes"):
        parts.append(paragraph(f"A level is: {', '.join(f'{name}: {does}' for name, does in changes.items())}."))
    if left := source.get("left_out"):
        parts.append(paragraph(f"Left out for want of a face, or because they cannot be read: {len(left)} pictures."))
    return "".join([*parts, *(paragraph(line, "finding") for line in found["warnings"])])


def _micro(found: Mapping[str, Any]) -> str:
    if not found["systems"]:
        return ""
    parts = [image(plots.energies(found["systems"]), "Energy of every attribute; the same figures are in the table.")]
    for system in found["systems"]:
        rows = sorted(system["attributes"], key=lambda row: row["rank"] or len(system["attributes"]) + 1)
        parts.append(
            table(
                f"{system['system']}: {system['people']} people, who are told apart in {number(system['auc'])} of the "
                "comparisons. Rank 1 is the most invariant.",
                [">rank", "attribute", ">energy", ">95 %", ">ball", ">by chance", ">half step", ">length", "remark"],
                [
                    [_rank(row), row["attribute"],
                     number(row["energy"]), _interval(row, "energy"), number(row["ball"]),
                     number(row["by_chance"]), number(row["half_step"]), number(row["length"]), row["remark"]]
                    for row in rows
                ],
            )
        )  # fmt: skip
        if any(cell is not None for row in system["between"] for cell in row):
            parts.append(
                image(
                    plots.matrix(system),
                    "Do two attributes move a face the same way? The figures are in the JSON file.",
                )
            )
    if found["agreement"]:
        parts.append(
            table("Rank correlation of the energies of two systems.", ["system", "and", ">rho", ">p"],
                  [[row["first"], row["second"], number(row["rho"]), number(row["p"])] for row in found["agreement"]])
        )  # fmt: skip
    return section("Inside people: what the model follows and what it ignores", _MICRO, "".join(parts))


def _rank(row: Mapping[str, Any]) -> str:
    return "" if row["rank"] is None else f"{row['rank']} ({row['rank_low']} to {row['rank_high']})"


def _interval(row: Mapping[str, Any], key: str) -> str:
    return "" if row[key] is None else f"{number(row['low'])} to {number(row['high'])}"


def _macro(found: Mapping[str, Any]) -> str:
    macro = found["macro"]
    if macro is None:
        return ""
    rows = sorted(macro["attributes"], key=lambda row: -(row["ks"] or -1))
    parts = []
    if any(row["ks"] is not None for row in rows):
        parts.append(image(plots.dependence(rows), "KS of every attribute; the same figures are in the table."))
    parts.append(
        table(
            f"{macro['people']} people, {macro['pictures']} pictures embedded.",
            ["attribute", ">people with", ">without", ">KS", ">95 %", ">by chance", ">probe", ">entropy inside",
             ">between", "remark"],
            [
                [row["attribute"], row["with"], row["without"], number(row["ks"]),
                 _interval(row, "ks"),
                 number(row["by_chance"]), number(row["probe"]), number(row["entropy_within"]),
                 number(row["entropy_between"]), row["remark"]]
                for row in rows
            ],
        )
    )  # fmt: skip
    lines = [
        paragraph(f"Rank correlation of KS with the {words}: {number(line['rho'])} (p {number(line['p'])}, "
                  f"{line['attributes']} attributes).")
        for key, words in (("entropy_within", "entropy inside people"), ("entropy_between", "entropy between people"))
        if (line := macro["spearman"][key])["rho"] is not None and line["rho"] == line["rho"]
    ]  # fmt: skip
    return section("Between people: what divides the space", _MACRO, "".join([*parts, *lines]))


def _how(found: Mapping[str, Any]) -> str:
    terms = found["terms"]
    text = (
        f"Neighbours: {terms['neighbours']} nearest pictures of the person; ball: all within {terms['radius']:g} mean "
        f"distances; a picture is {'' if terms['with_self'] else 'not '}its own neighbour. Draws: {terms['repeats']}, "
        f"seed {terms['seed']}. Leroy, Mastropietro, Nurisso and Vaccarino, Attributes Shape the Embedding Space of "
        "Face Recognition Models, ICML 2025."
    )
    return section("How it was measured", text, "")
