"""The command line: its verbs, and how errors become exit codes.

Exit codes: 0 done; 1 some inputs failed, or a check did not hold; 2 bad input or usage, one line on stderr;
130 interrupted by Ctrl-C, one line telling what is safe.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from vultus.cli import (
    analyze,
    audit,
    bench,
    calibrate,
    cluster,
    copies,
    demo,
    detect,
    doctor,
    embed,
    encrypted,
    enroll,
    evaluate,
    export,
    gallery,
    geometry,
    identify,
    methods,
    migrate,
    packs,
    predict,
    rights,
    serve,
    sets,
    train,
    unknown,
    vault,
    verify,
    watch,
)
from vultus.cli.console import INTERRUPTED, fail, say
from vultus.errors import VultusError

if TYPE_CHECKING:
    from collections.abc import Sequence

# typer carries its own copy of click since 0.20; this finds the class that fits the installed one
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class _Verbs(TyperGroup):
    """The group of all verbs; the one place where errors become a line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        try:
            code = super().main(args, prog_name or "vultus", complete_var, False, windows_expand_args, **extra)
        except _UsageError as error:
            fail(_usage(error))
            code = 2
        except VultusError as error:
            fail(str(error))
            code = 2
        except typer.Abort:
            fail("stopped: nothing was changed")
            code = 2
        except BrokenPipeError:
            # the reader of our output has gone (e.g. `| head`); nothing more may be written at interpreter exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 1
        except OSError as error:
            fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
            code = 2
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("interrupted: nothing was changed", "yellow")
            raise typer.Exit(INTERRUPTED) from None


def _usage(error: Any) -> str:
    """A usage error in one line, with the help to read."""
    message = " ".join(error.format_message().split())
    path = error.ctx.command_path if getattr(error, "ctx", None) else "vultus"
    see = " See" if message.endswith("?") else "; see"
    return f"{message[:1].lower()}{message[1:].rstrip('.')}{see}: {path} --help"


def _print_version(wanted: bool) -> None:
    if wanted:
        import vultus

        typer.echo(f"vultus {vultus.__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Verbs,
    name="vultus",
    help="Recognise people in images and video, with decisions that say how sure they are.",
    epilog="Start with: vultus demo. Every verb has --help, and --json for machines.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_print_version, is_eager=True, help="Show the version and stop."
        ),
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


_START, _PEOPLE, _CARE, _LAB = "Start here", "Faces and people", "Care", "Research"
app.command("demo", rich_help_panel=_START)(demo.demo)
app.command("doctor", rich_help_panel=_START)(doctor.doctor)
app.command("detect", rich_help_panel=_PEOPLE)(detect.detect)
app.command("analyze", rich_help_panel=_PEOPLE)(analyze.analyze)
app.command("embed", rich_help_panel=_PEOPLE)(embed.embed)
app.command("verify", rich_help_panel=_PEOPLE)(verify.verify)
app.command("enroll", rich_help_panel=_PEOPLE)(enroll.enroll)
app.command("identify", rich_help_panel=_PEOPLE)(identify.identify)
app.command("watch", rich_help_panel=_PEOPLE)(watch.watch)
app.command("serve", rich_help_panel=_PEOPLE)(serve.serve)
app.command("cluster", rich_help_panel=_PEOPLE)(cluster.cluster)
app.command("calibrate", rich_help_panel=_CARE)(calibrate.calibrate)
for verb, does in (("consent", rights.consent), ("tag", rights.tag), ("expire", rights.expire),
                   ("export-person", rights.export_person)):  # fmt: skip
    gallery.app.command(verb)(does)
gallery.app.command("migrate")(migrate.migrate)
gallery.app.command("copies")(copies.copies)
evaluate.app.command("method")(train.evaluate)
app.add_typer(evaluate.app, name="evaluate", cls=train.Protocols, rich_help_panel=_CARE)
app.add_typer(gallery.app, name="gallery", rich_help_panel=_CARE)
audit.app.command()(geometry.geometry)
app.add_typer(audit.app, name="audit", rich_help_panel=_CARE)
app.add_typer(unknown.app, name="unknown", rich_help_panel=_CARE)
app.add_typer(vault.app, name="vault", rich_help_panel=_CARE)
app.add_typer(encrypted.app, name="encrypted", rich_help_panel=_CARE)
app.add_typer(serve.keys, name="keys", rich_help_panel=_CARE)
app.add_typer(packs.app, name="packs", rich_help_panel=_CARE)
app.add_typer(bench.app, name="bench", rich_help_panel=_CARE)
app.command("methods", rich_help_panel=_LAB)(methods.methods)
app.command("sets", rich_help_panel=_LAB)(sets.sets)
app.command("train", rich_help_panel=_LAB)(train.train)
app.command("predict", rich_help_panel=_LAB)(predict.predict)
app.command("ablate", rich_help_panel=_LAB)(methods.ablate)
app.command("export", rich_help_panel=_LAB)(export.export)
