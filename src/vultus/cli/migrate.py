"""`vultus gallery migrate`: move a gallery to another model pack."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import Choice, gallery_path, open_gallery, pack_of
from vultus.cli.console import Bar, emit, interruptible, plural, say, table
from vultus.cli.folders import by_folder
from vultus.cli.gallery import Yes, there_is_somebody
from vultus.errors import InputError

if TYPE_CHECKING:
    from vultus.gallery.migrate import Plan
    from vultus.metrics.bootstrap import Rate

SCHEMA = "vultus.gallery.migrate/1"


def migrate(
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="NAME", show_default=False, help="The pack to move to: a name or a manifest file."
        ),
    ] = None,
    pictures: Annotated[
        list[Path] | None,
        typer.Option(
            "--pictures",
            metavar="FOLDER",
            show_default=False,
            help="FOLDER/<person>/*.jpg of anybody, to learn how templates without a kept crop translate.",
        ),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", metavar="", help="Give up a migration that was not finished.")
    ] = False,
    yes: Yes = False,
    gallery: options.GalleryPath = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Move a gallery to another model pack, after telling what that costs. Run it again after an interruption."""
    if rollback:
        _roll_back(gallery, as_json=as_json)
        return
    if to is None:
        raise InputError("name the pack to move to: --to NAME; vultus packs list shows them")
    album = by_folder([str(folder) for folder in pictures]) if pictures else ()

    def choice(name: str) -> Choice:
        return Choice(name, device, threads, offline, licence_policy)

    # The old model is needed for new pictures only.
    old = choice(pack or pack_of(gallery, needed=True)).engine() if album else None
    engine = choice(to).engine()
    path, told = gallery_path(gallery), _Told()

    def confirm(plan: Plan) -> bool:
        told.close()
        if not as_json:
            show(plan)
        if yes:
            return True
        if there_is_somebody() and not as_json:
            return typer.confirm(f"Move {path} to {plan.new}?", err=True)
        return False

    with open_gallery(gallery, old, write=True, create=False) as people, told, interruptible(told.saved):
        plan = people.migrate(engine, pictures=album, confirm=confirm, progress=told.progress)
    if as_json:
        emit({"schema": SCHEMA, "gallery": str(path), **_record(plan)})
    _say(plan, str(path), to)


def show(plan: Plan) -> None:
    """What a migration does, and what it costs."""
    parts = [f"{plan.n_embedded:,} embedded anew"] if plan.n_embedded else []
    if plan.n_mapped:
        parts.append(f"{plan.n_mapped:,} mapped, by a map learnt from {plural(plan.n_pairs, 'face')}")
    say(f"{plural(plan.n_faces, 'face')}: {'; '.join(parts)}")
    cost = plan.cost
    if cost is None:
        say("what it costs was not measured: that takes 300 comparisons of people with two faces each", "yellow")
    else:
        rows = [("the model now", cost.old), ("the new model", cost.new)]
        rows += [] if cost.mapped is None else [("mapped faces", cost.mapped)]
        table(f"found again at a false match rate of {_FMR:g}, on {plural(cost.n_people, 'person', 'people')}",
              ["", ">rate", ">95 % interval"], [_row(name, rate) for name, rate in rows])  # fmt: skip
    if cost is not None and cost.mapped_fmr is not None:
        say(f"at the new model's threshold for {_FMR:g}, {cost.mapped_fmr:.2g} of strangers match a mapped face", "dim")
    if not plan.calibrated:
        say(f"{plan.new} has no thresholds: the gallery decides nothing until you measure them and give them with "
            "--calibration (vultus calibrate)", "yellow")  # fmt: skip


_FMR = 0.01


def _row(name: str, rate: Rate) -> list[str | tuple[str, str]]:
    return [name, f"{rate.value:.3f}", f"{rate.low:.3f} to {rate.high:.3f}"]


def _record(plan: Plan) -> dict[str, Any]:
    cost = None if plan.cost is None else {"fmr": _FMR, **asdict(plan.cost)}
    return {"state": plan.state, "old": plan.old, "new": plan.new, "faces": plan.n_faces, "embedded": plan.n_embedded,
            "mapped": plan.n_mapped, "pairs": plan.n_pairs, "calibrated": plan.calibrated, "cost": cost}  # fmt: skip


def _say(plan: Plan, path: str, to: str) -> None:
    if plan.state == "applied":
        say(f"{path} is of {plan.new} now: {plural(plan.n_faces, 'face')}", "green")
    elif plan.state == "current":
        say(f"{path} is of {plan.new} already: nothing to do", "green")
    else:
        say(f"nothing was changed; to do it: vultus gallery migrate --to {to} -g {path} --yes", "yellow")
        if plan.n_embedded:
            say(f"what was embedded is kept; to give it up: vultus gallery migrate --rollback -g {path}", "dim")


def _roll_back(gallery: Path | None, *, as_json: bool) -> None:
    with open_gallery(gallery, write=True, create=False) as people:
        count, contract = people.roll_back(), people.contract
    if as_json:
        emit({"schema": SCHEMA, "gallery": str(gallery_path(gallery)), "state": "rolled_back", "old": contract,
              "faces": count})  # fmt: skip
    say(f"gave up the migration; {gallery_path(gallery)} is of {contract} as before", "green")


class _Told:
    """A progress bar per step, and what is safe when it is stopped."""

    def __init__(self) -> None:
        self._stack, self._step, self._done = ExitStack(), "", 0
        self._bar: Bar | None = None

    def progress(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self.close()
            self._step, self._done = step, 0
            self._bar = self._stack.enter_context(Bar(step, total))
        if self._bar is not None:
            self._bar.advance(done - self._done)
        self._done = done

    def saved(self) -> str:
        done = f"{plural(self._done, 'face')} embedded in this run are kept" if self._step == "embedding" else ""
        return f"the gallery is as it was{done and '; '}{done}; run the same command again to go on, or --rollback"

    def close(self) -> None:
        self._stack.close()
        self._bar, self._step = None, ""

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
