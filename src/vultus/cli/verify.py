"""`vultus verify`: do two pictures show the same person?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.console import clean, emit, out
from vultus.cli.scan import STILL, expand_inputs, source_of
from vultus.errors import InputError

if TYPE_CHECKING:
    from rich.text import Text

    from vultus.types import Decision


def verify(
    first: Annotated[str, typer.Argument(metavar="PICTURE", help="A picture; its most prominent face is compared.")],
    second: Annotated[str, typer.Argument(metavar="PICTURE", help="The other picture; - is stdin.")],
    fmr: options.Fmr = options.DEFAULT_FMR,
    as_json: options.Json = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", metavar="", help="Leave with 1 unless the faces match.")
    ] = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Say whether two pictures show the same person, at the false match rate you accept."""
    items = expand_inputs([first, second], STILL)
    if len(items) != 2:
        raise InputError(f"two pictures are compared, but {first} and {second} are {len(items)}; name two files")
    one, other = map(source_of, items)
    decision = Choice(pack, device, threads, offline, licence_policy, calibration).engine().verify(one, other, fmr=fmr)
    if as_json:
        emit({"schema": "vultus.verify/1", "a": first, "b": second, "decision": record.decision(decision)})
    else:
        out().print(_sentence(decision), soft_wrap=True)
    if exit_code and not decision.matched:
        raise typer.Exit(1)


def _sentence(decision: Decision) -> Text:
    """The answer in one line."""
    from rich.text import Text

    if decision.similarity is None or decision.threshold is None:
        why = {"failure_to_acquire": "no face was found in at least one of the pictures"}
        return Text("no answer: ", "bold yellow") + Text(clean(why.get(decision.reason, decision.reason)))
    answer = Text("same person", "bold green") if decision.matched else Text("not the same person", "bold red")
    relation = "reaches" if decision.matched else "is below"
    fmr = "" if decision.fmr_target is None else f" for FMR {decision.fmr_target:g}"
    return answer + Text(
        f": similarity {decision.similarity:.3f} {relation} the threshold {decision.threshold:.3f}{fmr}"
        f" (calibration {decision.calibration_id})"
    )
