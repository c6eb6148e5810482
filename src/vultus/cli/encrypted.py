"""`vultus encrypted`: the owner of a key, a scorer who cannot read, and whoever asks, as separate programs."""

from __future__ import annotations

import os
import signal
import warnings
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import Choice, gallery_path, open_gallery, pack_of
from vultus.cli.console import Bar, clean, emit, emit_line, out, plural, say, waiting
from vultus.cli.scan import STILL, expand_inputs, source_of
from vultus.errors import InputError, NoFaceError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vultus.gallery.encrypted.owner import Ruling
    from vultus.gallery.encrypted.roster import Entry

app = typer.Typer(help="Search encrypted faces: keys, an encrypted gallery, a scorer without secrets, and decisions.")
app.callback(invoke_without_command=True)(options.help_if_alone)


class Scheme(StrEnum):
    """The cryptosystems."""

    paillier = "paillier"
    damgard_jurik = "damgard_jurik"
    okamoto_uchiyama = "okamoto_uchiyama"


class Nonces(StrEnum):
    """Where the hiding factors come from."""

    short = "short"
    full = "full"
    subgroup = "subgroup"


KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key file.")]
Precision = Annotated[
    int | None,
    typer.Option("--precision", min=4, max=16, metavar="BITS", help="Of a number of a template.",
                 show_default="8, or that of FILE"),
]  # fmt: skip
NumberOf = Annotated[
    str | None,
    typer.Option("--number-of", metavar="NAME", show_default=False,
                 help="Tell this person's number, for vultus encrypted query --number."),
]  # fmt: skip


@app.command()
def keygen(
    key: Annotated[Path, typer.Argument(metavar="FILE", help="The private key file to write; FILE.pub beside it.")],
    scheme: Annotated[Scheme, typer.Option("--scheme", help="The cryptosystem.")] = Scheme.paillier,
    bits: Annotated[
        int, typer.Option("--bits", metavar="N", help="Of the modulus: 2048 until 2030, 3072 after.")
    ] = 3072,
    nonces: Annotated[
        Nonces, typer.Option("--nonces", help="'full' assumes least; 'subgroup' makes the owner's work fastest.")
    ] = Nonces.short,
    as_json: options.Json = False,
) -> None:
    """Make a key pair: the private half for the owner alone, the public half for the scorer."""
    from vultus.gallery.encrypted import fingerprint, generate, save_private, save_public

    public = key.with_name(f"{key.name}.pub")
    for file in (key, public):
        if file.exists():
            raise InputError(f"{file} exists already; a key is never replaced, choose another name")
    with waiting("making a key ..."), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        private = generate(scheme.value, bits, nonces=nonces.value)
    for warning in told:
        say(str(warning.message), "yellow")
    save_private(private, key)
    save_public(private.public, public)
    own, mark = private.public, fingerprint(private.public)
    if as_json:
        emit({"schema": "vultus.encrypted.keygen/1", "private": str(key), "public": str(public), "fingerprint": mark,
              "scheme": own.scheme, "bits": own.bits, "nonces": own.nonces})  # fmt: skip
        return
    say(f"wrote {key}: keep it to yourself; whoever has it reads every template encrypted with it", "yellow")
    say(f"wrote {public}: for the scorer (fingerprint {mark})", "green")


@app.command()
def enroll(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The encrypted gallery to write or bring up to date.")],
    key: KeyFile,
    gallery: options.GalleryPath = None,
    precision: Precision = None,
    anew: Annotated[bool, typer.Option("--anew", metavar="", help="Encrypt everybody, even if FILE is there.")] = False,
    number_of: NumberOf = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Encrypt the people of a gallery for a scorer; who is new, changed or gone since is all that is touched."""
    from vultus.gallery.encrypted.archive import read_archive, write_archive
    from vultus.gallery.encrypted.keyfile import load_private
    from vultus.gallery.encrypted.roster import read_roster, write_roster

    private = load_private(key)
    roster = roster_beside(target)
    before = None if anew or not target.exists() else (read_archive(target), read_roster(roster))
    kept = before[0].layout.bits if before else 8
    if before and precision not in (None, kept):
        raise InputError(f"{target} has numbers of {kept} bits; for {precision} bits encrypt anew: add --anew")
    choice = Choice(pack or pack_of(gallery, needed=True), device, threads, offline, licence_policy, calibration)
    with open_gallery(gallery, choice.engine(), logged=True) as people, Bar("encrypting", len(people)) as bar:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            bar.advance(count - done)
            done = count

        update = people.encrypt(private, before, precision=precision or kept, progress=advance)
    # The roster first: without its archive it is told to be of another state, and nothing is lost.
    write_roster(update.roster, roster)
    write_archive(update.archive, target)
    size, entries = target.stat().st_size, update.roster.entries
    number = None if number_of is None else _number(number_of, entries)
    if as_json:
        emit({"schema": "vultus.encrypted.enroll/1", "encrypted": str(target), "roster": str(roster),
              "gallery": str(gallery_path(gallery)), "contract": update.roster.contract, "people": len(entries),
              "new": update.new, "gone": update.gone, "kept": update.kept, "blocks": len(update.archive.blocks),
              "layout": update.archive.layout.to_json(), "bytes": size, "number": number})  # fmt: skip
        return
    say(f"{plural(len(entries), 'person', 'people')} in {target} ({size / 1e6:.1f} MB): {update.new} new or changed, "
        f"{update.gone} gone, {update.kept} as before", "green")  # fmt: skip
    if number is not None:
        say(f"'{number_of}' has the number {number}")
    say(f"{roster} says who is where: it stays with the key, {target} goes to the scorer", "dim")


@app.command("serve-scorer")
def serve_scorer(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The encrypted gallery.")],
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")] = 8765,
    per_minute: Annotated[
        int, typer.Option("--per-minute", min=1, metavar="N", help="Questions answered in a minute.")
    ] = 60,
    workers: Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Processes that share the work.")] = 1,
    as_json: options.Json = False,
) -> None:
    """Answer questions about encrypted faces, without any secret, until Ctrl-C."""
    from vultus.gallery.encrypted.archive import read_archive
    from vultus.gallery.encrypted.server import ScorerServer, Service

    with waiting(f"loading {target} ..."):
        service = Service(read_archive(target), per_minute, workers)
    with closing(service), ScorerServer(service, host, port, lambda line: say(line, "dim"), target) as server:
        address = f"http://{host}:{server.server_address[1]}"
        if as_json:
            emit_line({"schema": "vultus.encrypted.scorer/1", "address": address, **_known(service.about)})
        else:
            say(f"{plural(service.about.n_blocks, 'block')} at {address}; stop with Ctrl-C", "green")
        # A shell that starts a program in the background lets it ignore Ctrl-C; service managers end it by SIGTERM.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say(f"stopped after {plural(service.asked, 'question')}", "dim")


@app.command()
def query(
    picture: Annotated[
        str, typer.Argument(metavar="PICTURE", help="Its most prominent face is the probe; - is stdin.")
    ],
    target: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The encrypted answer to write.")],
    scorer: Annotated[
        str, typer.Option("--scorer", metavar="URL", help="Where the scorer is.")
    ] = "http://127.0.0.1:8765",
    number: Annotated[
        int | None,
        typer.Option(
            "--number",
            min=0,
            metavar="N",
            show_default=False,
            help="Compare with the template of this number only; all others are masked.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace FILE if it exists.")] = False,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Ask a scorer who is in a picture; only the owner of the key can read the answer."""
    from vultus.gallery.encrypted import client, files

    told = client.about(scorer)
    items = expand_inputs([picture], STILL)
    if len(items) != 1:
        raise InputError(f"one picture is asked about, but {picture} are {len(items)}")
    own = told.contract.rpartition(":")[0]
    engine = Choice(pack or own, device, threads, offline, licence_policy, calibration).engine()
    if engine.contract != told.contract:
        raise InputError(
            f"the scorer compares embeddings of contract {told.contract}, but these are of {engine.contract}"
        )
    face = _probe(engine, source_of(items[0]), picture)
    with waiting("waiting for the scorer ..."):
        answer = client.ask(scorer, told, face, number)
    files.write_json(target, answer.document(), private=True, overwrite=overwrite)
    if as_json:
        emit({"schema": "vultus.encrypted.query/1", "answer": str(target), "number": number,
              "scores": len(answer.scores), **_known(told)})  # fmt: skip
        return
    say(f"wrote {target}: give it to the owner of the key {told.fingerprint}", "green")


@app.command()
def decide(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER", help="What vultus encrypted query has written.")],
    key: KeyFile,
    encrypted: Annotated[
        Path, typer.Option("--encrypted", metavar="FILE", help="The encrypted gallery; its roster is beside it.")
    ],
    fpir: options.Fpir = options.DEFAULT_FPIR,
    fmr: options.Fmr = options.DEFAULT_FMR,
    scores: Annotated[
        bool, typer.Option("--scores", metavar="", help="Tell the similarity too: many of them rebuild a template.")
    ] = False,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Decrypt an answer and say who it is, or whether it is the person; no similarity leaves this program."""
    from vultus.gallery.encrypted import files
    from vultus.gallery.encrypted.keyfile import load_private
    from vultus.gallery.encrypted.message import Answer
    from vultus.gallery.encrypted.owner import rule
    from vultus.gallery.encrypted.roster import read_roster

    private, roster = load_private(key), read_roster(roster_beside(encrypted))
    read = Answer.read(files.read(answer, 1 << 30))
    own = roster.contract.rpartition(":")[0]
    engine = Choice(pack or own, device, threads, offline, licence_policy, calibration).engine()
    ruling = rule(private, roster, read, threads or os.cpu_count() or 1)
    alone = read.number is not None
    limits = engine.calibration
    threshold = limits.threshold(fmr) if alone else limits.threshold_for_fpir(fpir, max(len(roster.entries), 1))
    found = _decision(ruling, threshold, scores)
    if as_json:
        emit({"schema": "vultus.encrypted.decide/1", "mode": "verify" if alone else "identify", **found,
              "threshold": threshold, "fmr_target": fmr if alone else None, "fpir_target": None if alone else fpir,
              "people": len(roster.entries), "calibration_id": limits.calibration_id})  # fmt: skip
        return
    out().print(_sentence(found, alone), soft_wrap=True)


def roster_beside(encrypted: Path) -> Path:
    """Where the roster of an encrypted gallery is kept."""
    return encrypted.with_name(f"{encrypted.name}.roster")


def _number(name: str, entries: Iterable[Entry]) -> int:
    found = {one.name: one.place.slot for one in entries}
    if name not in found:
        raise UnknownNameError("person", name, found)
    return found[name]


def _known(told: Any) -> dict[str, Any]:
    return {"fingerprint": told.fingerprint, "contract": told.contract, "blocks": told.n_blocks}


def _probe(engine: Any, source: Any, picture: str) -> Any:
    from vultus.types import prominent

    face = prominent(engine.find(source))
    if face is None:
        raise NoFaceError(picture)
    if face.embedding is None:
        raise NoFaceError(picture, face.liveness.reason if face.liveness else "")
    return face.embedding.vector


def _decision(ruling: Ruling | None, threshold: float, scores: bool) -> dict[str, Any]:
    """What may be told: a name only of somebody who reaches the threshold, a similarity only where it was asked for."""
    matched = ruling is not None and ruling.similarity >= threshold
    return {
        "matched": matched,
        "name": ruling.name if ruling is not None and matched else None,
        "certain": ruling is None or abs(ruling.similarity - threshold) > ruling.error,
        "similarity": ruling.similarity if ruling is not None and scores else None,
    }


def _sentence(found: dict[str, Any], alone: bool) -> str:
    if found["matched"]:
        words = f"accepted: {clean(found['name'])}" if alone else clean(found["name"])
    else:
        words = "rejected" if alone else "unknown"
    if not found["certain"]:
        words += " (so near the threshold that rounding may have decided: enrol with a finer --precision, --anew)"
    return words + (f", similarity {found['similarity']:.3f}" if found["similarity"] is not None else "")
