"""`vultus watch`: who is in a video, and when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options, record
from vultus.cli.build import Choice, among, far_options, gallery_path, open_gallery, pack_of, tell_among, tell_recall
from vultus.cli.console import Bar, clean, emit_line, interruptible, out, say, table
from vultus.cli.people import People, clock
from vultus.cli.scan import LIVE, expand_inputs, short, video_of
from vultus.errors import InputError, VideoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vultus.gallery.collection import Gallery
    from vultus.gallery.filters import Filter
    from vultus.inference.engine import FaceEngine
    from vultus.inference.source import Item
    from vultus.types import Track

_KINDS = ("video", "camera", "stream")
_Target = Annotated[
    Path | None,
    typer.Option("--annotate", metavar="OUT", show_default=False,
                 help="Write the video with boxes and names: .mp4, .mkv, .mov, .avi or .webm."),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """How videos are watched.

    Attributes:
        fps: looks for faces per second.
        start_s, end_s: part of a video; None for its end.
        fpir: accepted false positive identification rate.
        target: the annotated video, or None.
        within: who may be found, or None for everybody.
    """

    fps: float
    start_s: float
    end_s: float | None
    fpir: float
    target: Path | None
    within: Filter | None = None


@dataclass(slots=True)
class _Run:
    """What a walk through several sources has come to."""

    watched: int = 0
    failed: int = 0
    written: list[Path] = field(default_factory=list)


def watch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO...",
            show_default=False,
            help="Videos, folders or quoted globs of them, a camera number, or rtsp://...",
        ),
    ],
    gallery: options.GalleryPath = None,
    door: options.Door = options.SearchDoor.exact,
    milvus_uri: options.MilvusUri = "",
    allow_plain: options.AllowPlain = False,
    fpir: options.Fpir = options.DEFAULT_FPIR,
    fps: Annotated[
        float, typer.Option("--fps", min=0.01, metavar="RATE", help="Looks for faces per second of video.")
    ] = 5.0,
    start: Annotated[float, typer.Option("--start", min=0, metavar="SECONDS", help="Where to begin.")] = 0.0,
    end: Annotated[
        float | None, typer.Option("--end", metavar="SECONDS", help="Where to stop.", show_default=False)
    ] = None,
    annotate: _Target = None,
    as_json: options.Json = False,
    purpose: options.Purpose = "",
    among_people: options.AmongPeople = None,
    among_collections: options.AmongCollections = None,
    among_tags: options.AmongTags = None,
    among_since: options.AmongSince = None,
    among_until: options.AmongUntil = None,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Follow the people in videos, cameras and streams: one line per person with the time spans."""
    items = expand_inputs(inputs, _KINDS)
    _check_target(items, annotate)
    path, run = gallery_path(gallery), _Run()
    far = far_options(door, milvus_uri, allow_plain)
    within = among(among_people, among_collections, among_tags, among_since, among_until)
    if gallery is not None or path.exists():
        own = pack_of(gallery, needed=True)
        engine = Choice(pack or own, device, threads, offline, licence_policy, calibration).engine()
        known: Gallery | None = open_gallery(gallery, engine, door=door, door_options=far, logged=True, purpose=purpose)
    else:
        say(f"there is no gallery at {path}: people are told apart, but not named", "yellow")
        engine, known = Choice(pack, device, threads, offline, licence_policy, calibration).engine(), None
    terms = Terms(fps, start, end, fpir, annotate, within)
    try:
        tell_among(known, within)
        tell_recall(known, door)
        for item in items:
            _watch_one(engine, known, item, terms, run, as_json=as_json)
    finally:
        if known is not None:
            known.close()
    if run.failed:
        raise typer.Exit(1 if run.watched else 2)


def _engine_and_gallery(
    choice: Choice, gallery: Path | None, door: options.SearchDoor
) -> tuple[FaceEngine, Gallery | None]:
    """The engine, and the gallery if there is one; the user's own may be missing."""
    path = gallery_path(gallery)
    if gallery is None and not path.exists():
        say(f"there is no gallery at {path}: people are told apart, but not named", "yellow")
        return choice.engine(), None
    engine = replace(choice, pack=choice.pack or pack_of(gallery, needed=True)).engine()
    return engine, open_gallery(gallery, engine, door=door)


def _check_target(items: Sequence[Item], annotate: Path | None) -> None:
    """Refuse a video to be written that is not one, or is the input."""
    if annotate is not None and len(items) > 1:
        raise InputError(f"--annotate {annotate} names one video, but there are {len(items)}; watch one at a time")
    if annotate is not None and items[0].kind == "video" and annotate.resolve() == Path(str(items[0].value)).resolve():
        raise InputError(f"--annotate {annotate} would overwrite the input; name another file")


def _watch_one(
    engine: FaceEngine, known: Gallery | None, item: Item, terms: Terms, run: _Run, *, as_json: bool
) -> None:
    """One source from its beginning to its end, to Ctrl-C, or to where it breaks."""
    people = People(engine.calibration)

    def saved() -> str:
        written = f"; {terms.target} holds the video up to here" if terms.target is not None else ""
        return f"everybody seen so far stands above{written}"

    with interruptible(saved):
        try:
            for track in tracks(engine, known, item, terms):
                people.add(track)
                _tell(track, item, as_json=as_json)
            run.watched += 1
        except VideoError as error:
            run.failed += 1
            say(str(error), "red")
            if not people.n_tracks:
                return
            run.watched += 1
        except KeyboardInterrupt:
            _sum_up(people, item, as_json=as_json)
            raise
        _sum_up(people, item, as_json=as_json)
    if terms.target is not None and terms.target.exists():
        say(f"annotated: {terms.target}", "dim")


def tracks(engine: FaceEngine, known: Gallery | None, item: Item, terms: Terms) -> Iterator[Track]:
    """The tracks of one source as they end, with who it is when there is a gallery."""
    from contextlib import ExitStack

    from vultus.inference.capture import describe, name_of
    from vultus.inference.looks import Looks
    from vultus.inference.track import Tracker, follow
    from vultus.inference.video import frames

    source = video_of(item)
    info = describe(source)
    tracker = Tracker(looks=Looks.of(engine.calibration))
    # a file that is drawn needs every frame; otherwise only the frames that are looked at are decoded in full
    whole = terms.target is not None and not info.live
    every = max(round((info.fps or 25.0) / terms.fps), 1) if whole else 1
    with ExitStack() as stack:
        ink = None
        if terms.target is not None:
            from vultus.cli.film import Film

            rate = (info.fps or 25.0) if whole else terms.fps
            ink = stack.enter_context(Film(terms.target, rate, tracker, known, terms.fpir))
        length = (info.n_frames or 0) / (info.fps or 25.0)
        end = min(terms.end_s or length, length)
        bar = stack.enter_context(
            Bar(f"watching {short(name_of(source))}", None if info.live else max(int(end - terms.start_s), 1))
        )
        seen = frames(source, fps=None if whole else terms.fps, start_s=terms.start_s, end_s=terms.end_s)

        def advancing() -> Iterator[Any]:
            second = int(terms.start_s)
            for frame in seen:
                if int(frame.time_s) > second:
                    bar.advance(int(frame.time_s) - second)
                    second = int(frame.time_s)
                yield frame

        for track in follow(
            advancing(), engine.find, tracker=tracker, every=every, batch=1 if info.live else 8,
            on_frame=ink.add if ink is not None else None,
        ):  # fmt: skip
            yield track if known is None else known.identify_track(track, terms.fpir, within=terms.within)


def _tell(track: Track, item: Item, *, as_json: bool) -> None:
    """A track that has ended: a line at once for machines, and for people where there is no end to wait for."""
    from vultus.inference.capture import name_of

    if as_json:
        emit_line(
            {"schema": "vultus.watch/1", "event": "track", "path": name_of(video_of(item)), **record.track(track)}
        )
    elif item.kind in LIVE:
        name = track.identification.name if track.identification is not None else None
        out().print(f"{clock(track.start_s)} to {clock(track.end_s)}  {clean(name or 'unknown')}", soft_wrap=True)


def _sum_up(people: People, item: Item, *, as_json: bool) -> None:
    """One line per person."""
    from vultus.inference.capture import name_of

    if as_json:
        emit_line(
            {"schema": "vultus.watch/1", "event": "people", "path": name_of(video_of(item)), "people": people.records()}
        )
        return
    rows: list[list[str | tuple[str, str]]] = []
    for person in people.sorted():
        who = (person.label, "bold green" if person.name is not None else "yellow")
        similarity = "" if person.similarity is None else f"{person.similarity:.3f}"
        pieces = [f"{clock(start)} to {clock(end)}" for start, end in person.spans[:6]]
        more = f" and {len(person.spans) - 6} more times" if len(person.spans) > 6 else ""
        rows.append([who, clock(person.total_s), similarity, ", ".join(pieces) + more])
    if rows:
        columns = ["=person", ">in view", ">similarity", "when"]
        if not any(row[2] for row in rows):
            columns, rows = [columns[0], columns[1], columns[3]], [[row[0], row[1], row[3]] for row in rows]
        table(short(name_of(video_of(item)), 100), columns, rows)
    else:
        say(f"nobody was seen in {name_of(video_of(item))}", "yellow")
