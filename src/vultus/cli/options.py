"""The options that verbs share: one spelling, one help text, one environment variable each."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_ENGINE = "Engine"


class Policy(StrEnum):
    """Which licences of weights may be loaded."""

    any = "any"
    commercial = "commercial"


class LivenessModel(StrEnum):
    """Which model tells a face from a picture of one."""

    pack = "pack"
    rendered = "rendered"
    off = "off"


class SearchDoor(StrEnum):
    """The ways to search a gallery."""

    exact = "exact"
    graph = "graph"
    milvus = "milvus"
    encrypted = "encrypted"


class Runner(StrEnum):
    """What works on many pictures."""

    local = "local"
    ray = "ray"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUTS...",
        help="Pictures, folders (with all inside), quoted globs, videos, a camera number, rtsp://..., - for stdin.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", metavar="", help="Write JSON on stdout instead of a table (docs/json.md).")
]
Annotate = Annotated[
    Path | None,
    typer.Option(
        "--annotate",
        metavar="OUT",
        help="Draw boxes, names and scores: a picture file for one picture, else a folder.",
        show_default=False,
    ),
]
SampleRate = Annotated[
    float, typer.Option("--fps", min=0.001, metavar="RATE", help="Pictures looked at per second of video.")
]
MaxFaces = Annotated[
    int | None, typer.Option("--max-faces", min=1, metavar="N", help="Keep the N largest faces of a picture.")
]
GalleryPath = Annotated[
    Path | None,
    typer.Option(
        "--gallery",
        "-g",
        metavar="FILE",
        envvar="VULTUS_GALLERY",
        help="The collection of known people. Without it: gallery.db in your user data folder (see vultus doctor).",
        show_default=False,
    ),
]
Door = Annotated[
    SearchDoor,
    typer.Option("--door", help="How the gallery is searched; 'graph' for large ones, 'milvus' for huge ones."),
]
_AMONG = "Look among some people only (all that is given must hold)"
AmongPeople = Annotated[
    list[str] | None,
    typer.Option("--person", metavar="NAME", help="These people; may be repeated.", rich_help_panel=_AMONG),
]
AmongCollections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="NAME", help="These collections; may be repeated.", rich_help_panel=_AMONG),
]
AmongTags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Who has all of these tags; may be repeated.", rich_help_panel=_AMONG),
]
AmongSince = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Enrolled then or later, e.g. 2026-01-31.", rich_help_panel=_AMONG,
                 show_default=False),
]  # fmt: skip
AmongUntil = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Enrolled before, UTC.", rich_help_panel=_AMONG, show_default=False),
]
Purpose = Annotated[
    str,
    typer.Option("--purpose", metavar="TEXT", envvar="VULTUS_PURPOSE", show_default=False,
                 help="What for: kept in the gallery's audit log. Name nobody here."),
]  # fmt: skip
MilvusUri = Annotated[
    str, typer.Option("--milvus-uri", metavar="URI", envvar="VULTUS_MILVUS_URI", show_default=False,
                      help="Where the Milvus of --door milvus is: a file *.db, or http://host:port."),
]  # fmt: skip
AllowPlain = Annotated[
    bool, typer.Option("--allow-plain", metavar="", help="Let Milvus have the templates of an encrypted gallery; "
                       "it keeps them readable.")
]  # fmt: skip
Fmr = Annotated[
    float, typer.Option("--fmr", metavar="RATE", help="False match rate you accept, e.g. 1e-3 = 1 in 1,000 strangers.")
]
GroupFmr = Annotated[
    float | None,
    typer.Option("--fmr", metavar="RATE", show_default="0.15 / number of groups",
                 help="False match rate of two faces that may be joined."),
]  # fmt: skip
Fpir = Annotated[
    float,
    typer.Option(
        "--fpir", metavar="RATE", help="False positive identification rate you accept: 0.01 = 1 in 100 strangers named."
    ),
]
PackName = Annotated[
    str | None, typer.Option("--pack", metavar="NAME", envvar="VULTUS_PACK", show_default="the gallery's, else dlib",
                             help="Model pack: a name or a manifest file.", rich_help_panel=_ENGINE),
]  # fmt: skip
Device = Annotated[
    str, typer.Option("--device", metavar="NAME", envvar="VULTUS_DEVICE", help="cpu, cuda, ...; no silent fallback.",
                      rich_help_panel=_ENGINE),
]  # fmt: skip
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, metavar="N", envvar="VULTUS_THREADS", help="Threads of the engine.",
                             show_default="all cores", rich_help_panel=_ENGINE),
]  # fmt: skip
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", metavar="", envvar="VULTUS_OFFLINE", help="Never touch the network.", rich_help_panel=_ENGINE
    ),
]
LicencePolicy = Annotated[
    Policy, typer.Option("--licence-policy", envvar="VULTUS_LICENCE_POLICY", rich_help_panel=_ENGINE,
                         help="'commercial' refuses weights licensed for research only."),
]  # fmt: skip
Liveness = Annotated[
    LivenessModel, typer.Option("--liveness", rich_help_panel=_ENGINE,
                                help="Attack detection: the pack's where it has one, 'rendered' for the one that comes "
                                     "with Vultus and was trained on rendered attacks only, or 'off'."),
]  # fmt: skip
Runs = Annotated[
    Runner, typer.Option("--engine", help="'ray' works on a cluster: vultus\\[ray].", rich_help_panel=_ENGINE)
]
Workers = Annotated[
    int, typer.Option("--workers", min=1, metavar="N", help="Processes on the cluster.", rich_help_panel=_ENGINE)
]
Calibration = Annotated[
    Path | None, typer.Option("--calibration", metavar="FILE", show_default="the pack's", rich_help_panel=_ENGINE,
                              help="Thresholds measured with vultus calibrate."),
]  # fmt: skip

Method = Annotated[str, typer.Argument(metavar="NAME", help="A method of vultus methods.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE...", help="Settings that differ from the method's own.", show_default=False),
]
Check = Annotated[bool, typer.Option("--check", metavar="", help="A configuration that decides in minutes.")]
Settings = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings in YAML.", show_default=False)
]
TrainingData = Annotated[str, typer.Option("--data", metavar="DIR", help="Real data, or 'synthetic'.")]
TrainingDevice = Annotated[
    str, typer.Option("--device", metavar="NAME", help="cpu, cuda, mps; auto takes what is there.")
]

DEFAULT_PACK = "dlib"
DEFAULT_FMR = 1e-3
DEFAULT_FPIR = 0.01


def help_if_alone(ctx: typer.Context) -> None:
    """Callback of a group of verbs: without a verb it shows its help."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
