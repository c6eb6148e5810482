"""`vultus serve`: the HTTP API and the web page; `vultus keys`: who may call it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.console import emit, say, table, waiting
from vultus.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.service.keystore import Key, KeyStore
    from vultus.service.settings import Settings

keys = typer.Typer(help="Make, list and revoke the keys of vultus serve.")
keys.callback(invoke_without_command=True)(options.help_if_alone)


class SearchDoor(StrEnum):
    """The ways a service can search its collections."""

    auto = "auto"
    exact = "exact"
    graph = "graph"
    milvus = "milvus"


_LIMITS, _DOORS = "Limits", "Who may reach it"
DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", envvar="VULTUS_SERVE_DATA", show_default="service in your user data folder",
                 help="Folder of collections, keys and logs."),
]  # fmt: skip


Guest = Annotated[
    Path | None, typer.Option("--gallery", "-g", metavar="FILE", show_default=False,
                              help="Serve this gallery too, as the collection of its name."),
]  # fmt: skip
Host = Annotated[
    str, typer.Option("--host", envvar="VULTUS_SERVE_HOST", help="Address to listen on.", rich_help_panel=_DOORS)
]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, envvar="VULTUS_SERVE_PORT", rich_help_panel=_DOORS,
                      help="Port; 0 takes a free one."),
]  # fmt: skip
NoAuth = Annotated[
    bool, typer.Option("--no-auth", metavar="", help="Ask for no keys; on this machine alone.", rich_help_panel=_DOORS)
]
TlsCert = Annotated[
    Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate, PEM.", rich_help_panel=_DOORS,
                              show_default=False),
]  # fmt: skip
TlsKey = Annotated[
    Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key, PEM.", rich_help_panel=_DOORS,
                              show_default=False),
]  # fmt: skip
Cors = Annotated[
    list[str] | None, typer.Option("--cors", metavar="ORIGIN", rich_help_panel=_DOORS,
                                   help="Pages of this origin may call; may be repeated."),
]  # fmt: skip
FetchUrls = Annotated[
    bool, typer.Option("--fetch-urls", metavar="", rich_help_panel=_DOORS,
                       help="Read pictures from public addresses too."),
]  # fmt: skip
FetchHost = Annotated[
    list[str] | None, typer.Option("--fetch-host", metavar="HOST", rich_help_panel=_DOORS,
                                   help="From this host only; may be repeated."),
]  # fmt: skip
Compreface = Annotated[
    bool, typer.Option("--compreface", metavar="", help="Answer CompreFace's v1 addresses too.", rich_help_panel=_DOORS)
]
Door = Annotated[
    SearchDoor,
    typer.Option("--door", rich_help_panel=_DOORS, help="How collections are searched; 'auto' by their size."),
]
JobRoot = Annotated[
    Path | None, typer.Option("--job-root", metavar="DIR", rich_help_panel=_DOORS, show_default=False,
                              help="Folder below which jobs and monitors may read files of this machine."),
]  # fmt: skip
StreamHost = Annotated[
    list[str] | None, typer.Option("--stream-host", metavar="HOST", rich_help_panel=_DOORS, show_default="any",
                                   help="Monitors may watch streams of this host only; may be repeated."),
]  # fmt: skip
MaxMb = Annotated[
    float, typer.Option("--max-mb", min=0.1, metavar="MB", help="Largest picture.", rich_help_panel=_LIMITS)
]
MaxMegapixels = Annotated[
    float, typer.Option("--max-megapixels", min=0.1, metavar="MP", help="Largest picture, in pixels.",
                        rich_help_panel=_LIMITS),
]  # fmt: skip
RateOfKeys = Annotated[
    float, typer.Option("--rate", min=0, metavar="N", rich_help_panel=_LIMITS,
                        help="Requests per second of a key that has no rate of its own; 0 for no limit."),
]  # fmt: skip
Queue = Annotated[
    int, typer.Option("--queue", min=1, metavar="N", help="Pictures that may wait; more are answered with 429.",
                      rich_help_panel=_LIMITS),
]  # fmt: skip
Deadline = Annotated[
    float, typer.Option("--deadline", min=0.1, metavar="S", help="Seconds a request may take.", rich_help_panel=_LIMITS)
]

Jobs = Annotated[
    int, typer.Option("--jobs", min=1, metavar="N", help="Jobs worked on at once.", rich_help_panel=_LIMITS)
]
MaxJobs = Annotated[
    int, typer.Option("--max-jobs", min=1, metavar="N", help="Jobs that may wait or run; more are refused with 429.",
                      rich_help_panel=_LIMITS),
]  # fmt: skip
JobDays = Annotated[
    float, typer.Option("--job-keep-days", min=0.01, metavar="D", rich_help_panel=_LIMITS,
                        help="Days a job and its results are kept once it has ended."),
]  # fmt: skip
Monitors = Annotated[
    int, typer.Option("--monitors", min=1, metavar="N", help="Cameras and streams watched at once.",
                      rich_help_panel=_LIMITS),
]  # fmt: skip
EventDays = Annotated[
    float, typer.Option("--event-keep-days", min=0.01, metavar="D", rich_help_panel=_LIMITS,
                        help="Days that what monitors told is kept."),
]  # fmt: skip


def serve(
    data: DataDir = None,
    gallery: Guest = None,
    host: Host = "127.0.0.1",
    port: Port = 8600,
    no_auth: NoAuth = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    cors: Cors = None,
    fetch_urls: FetchUrls = False,
    fetch_host: FetchHost = None,
    compreface: Compreface = False,
    door: Door = SearchDoor.auto,
    milvus_uri: options.MilvusUri = "",
    allow_plain: options.AllowPlain = False,
    job_root: JobRoot = None,
    stream_host: StreamHost = None,
    max_mb: MaxMb = 20.0,
    max_megapixels: MaxMegapixels = 50.0,
    rate: RateOfKeys = 0.0,
    queue: Queue = 128,
    deadline: Deadline = 30.0,
    jobs: Jobs = 2,
    max_jobs: MaxJobs = 100,
    job_keep_days: JobDays = 7.0,
    monitors: Monitors = 16,
    event_keep_days: EventDays = 30.0,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Start the HTTP API and its web page; Ctrl-C lets open requests end, then stops."""
    needed()
    from vultus.service.settings import MEGABYTE, Settings

    settings = Settings(
        data=data_folder(data), gallery=gallery, host=host, port=port, auth=not no_auth, device=device,
        pack=pack or options.DEFAULT_PACK, calibration=calibration, offline=offline, threads=threads,
        licence_policy=licence_policy.value, max_bytes=int(max_mb * MEGABYTE), max_pixels=int(max_megapixels * 1e6),
        max_request_bytes=max(64 * MEGABYTE, int(1.5 * max_mb * MEGABYTE)), rate_per_s=rate, queue=queue,
        deadline_s=deadline, tls_cert=tls_cert, tls_key=tls_key, cors=tuple(cors or ()), fetch_urls=fetch_urls,
        fetch_hosts=tuple(host.lower() for host in fetch_host or ()), compreface=compreface, job_root=job_root,
        door=door.value, milvus_uri=milvus_uri, allow_plain=allow_plain,
        stream_hosts=tuple(host.lower() for host in stream_host or ()), jobs=jobs, max_jobs=max_jobs,
        job_keep_days=job_keep_days, monitors=monitors, event_keep_days=event_keep_days,
    )  # fmt: skip
    _run(settings)


def _run(settings: Settings) -> None:
    """Listen first, since a port in use is told best at once; then load the models."""
    from vultus.service.app import create_app
    from vultus.service.serving import calm, listen, only, patient, quiet, server_of

    quiet()
    calm()
    patient()
    with only(settings.data), listen(settings) as line:
        settings = replace(settings, port=line.getsockname()[1])
        with waiting(f"loading model pack {settings.pack} ..."):
            app = create_app(settings)
            server = server_of(app, settings)
        service = app.state.service
        for problem in service.galleries.check():
            say(problem, "yellow")
        _greet(settings, service.keys)
        server.run(sockets=[line])
    say("stopped", "dim")


def _greet(settings: Settings, store: KeyStore) -> None:
    """Say where it is, and on the first start give the admin a key."""
    say(f"Vultus is at {settings.address}  (Ctrl-C stops it)", "bold green")
    say(f"collections, keys and logs: {settings.data}", "dim")
    if not settings.auth:
        say("no keys are asked for: whoever uses this machine may do everything", "yellow")
    elif not store.has_admin():
        _, secret = store.add("first admin", ("admin",))
        say("this is the admin's key; it is shown now and never again, so put it away:", "bold")
        typer.echo(secret)
    if settings.tls_cert is None and not settings.loopback:
        say("without TLS keys and pictures travel readable; give --tls-cert and --tls-key, or put a proxy in front",
            "yellow")  # fmt: skip


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what uses it.")],
    role: Annotated[
        list[str], typer.Option("--role", metavar="ROLE", help="admin, enrol, search, read or audit; may be repeated.")
    ],
    collection: Annotated[
        list[str] | None, typer.Option("--collection", metavar="ID", show_default="all",
                                       help="Only this collection; may be repeated."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="N", help="Requests per second.", show_default=False)
    ] = None,
    data: DataDir = None,
    as_json: options.Json = False,
) -> None:  # fmt: skip
    """Make a key and show it, once."""
    key, secret = _store(data).add(name, role, tuple(collection or ("*",)), rate)
    if as_json:
        emit({"schema": "vultus.keys.add/1", **key.document(), "secret": secret})
        return
    say(f"key {key.key_id} for {key.name}: {', '.join(key.roles)}; collections: {', '.join(key.collections)}", "green")
    say("shown now and never again:", "dim")
    typer.echo(secret)


@keys.command("list")
def listing(data: DataDir = None, as_json: options.Json = False) -> None:
    """Show every key, never their secrets."""
    found = _store(data).all()
    if as_json:
        emit({"schema": "vultus.keys.list/1", "keys": [key.document() for key in found]})
        return
    table("", ["key", "name", "roles", "collections", "last used", "state"], [_row(key) for key in found])


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="An id of vultus keys list.")],
    data: DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Make a key useless, at once and for ever."""
    key = _store(data).revoke(key_id)
    if as_json:
        emit({"schema": "vultus.keys.revoke/1", **key.document()})
    else:
        say(f"key {key.key_id} of {key.name} is revoked", "green")


def data_folder(given: Path | None) -> Path:
    """The folder given, or the user's own."""
    if given is not None:
        return given
    import platformdirs

    return platformdirs.user_data_path("vultus", appauthor=False) / "service"


def _store(data: Path | None) -> KeyStore:
    from vultus.service.database import Database
    from vultus.service.keystore import KeyStore

    return KeyStore(Database(data_folder(data)))


def _row(key: Key) -> Sequence[Any]:
    state = ("revoked", "dim") if key.revoked_at else ("valid", "green")
    return [key.key_id, key.name, ", ".join(key.roles), ", ".join(key.collections), key.last_used_at or "never", state]


def needed() -> None:
    """Make sure that the packages of the service are there.

    Raises:
        MissingExtraError: one is not.
    """
    from importlib.util import find_spec

    for package in ("fastapi", "uvicorn", "python_multipart"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "serve")
