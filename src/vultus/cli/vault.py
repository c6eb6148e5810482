"""`vultus vault`: the keys that lock a gallery."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vultus.cli import options
from vultus.cli.build import gallery_path, open_gallery, tell_wiped
from vultus.cli.console import Bar, clean, emit, plural, say, table
from vultus.cli.gallery import Yes, there_is_somebody
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(help="Lock a gallery, change its keys, destroy a collection.")
app.callback(invoke_without_command=True)(options.help_if_alone)
KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="A key file.")]


@app.command()
def status(gallery: options.GalleryPath = None, as_json: options.Json = False) -> None:
    """Show whether a gallery is encrypted, and with which keys; never the keys themselves."""
    with open_gallery(gallery) as people:
        state = people.vault_state()
    if as_json:
        emit({"schema": "vultus.vault/1", "gallery": str(gallery_path(gallery)), **asdict(state)})
        return
    if not state.on:
        say(f"{gallery_path(gallery)} is not encrypted; lock it: vultus vault seal", "yellow")
        return
    table("", [">key", "collection", ">faces", "made"], [
        [str(key.key_id), key.collection or "(log and index)", str(key.n_faces), key.created_at[:16].replace("T", " ")]
        for key in state.data_keys
    ])  # fmt: skip
    say(f"{gallery_path(gallery)} is encrypted with the master key {state.master_id}, found in {state.origin}", "green")


@app.command("new-key")
def new_key(
    target: KeyFile,
    keyring: Annotated[
        bool, typer.Option("--keyring", metavar="", help="Put it into the keyring of the operating system too.")
    ] = False,
) -> None:
    """Make a master key in a new file that only you may read; back it up away from the galleries."""
    from vultus.gallery.keys import keep_in_keyring, write_key
    from vultus.gallery.keys import new_key as make

    key = make()
    try:
        write_key(key, target)
    except FileExistsError:
        raise InputError(f"{target} exists already, and a key is never replaced; name a new file") from None
    if keyring:
        keep_in_keyring(key)
    say(f"made the master key {key.key_id} in {target}", "green")
    say(f"use it: vultus vault rekey {target}, and from then on VULTUS_KEY_FILE={target}", "dim")


@app.command()
def seal(gallery: options.GalleryPath = None, purpose: options.Purpose = "") -> None:
    """Encrypt a gallery that is plain."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people, _Sealing("sealing") as progress:
        count = people.seal(progress=progress)
        tell_wiped(people)
        state = people.vault_state()
    say(f"sealed {plural(count, 'value')} with the master key {state.master_id} of {state.origin}", "green")
    say("back that key up, away from the gallery: without it nobody can open the gallery again", "yellow")


@app.command()
def rotate(gallery: options.GalleryPath = None, purpose: options.Purpose = "") -> None:
    """Give every collection a new data key, and encrypt everything anew."""
    with (
        open_gallery(gallery, write=True, create=False, purpose=purpose) as people,
        _Sealing("sealing anew") as progress,
    ):
        count = people.rotate(progress)
        tell_wiped(people)
    say(f"sealed {plural(count, 'value')} with new data keys; the old ones are gone", "green")


@app.command()
def rekey(source: KeyFile, gallery: options.GalleryPath = None, purpose: options.Purpose = "") -> None:
    """Put a gallery under another master key; it opens with that one from now on."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        people.rekey(source)
        state = people.vault_state()
    say(f"{gallery_path(gallery)} opens with the master key {state.master_id} of {source} from now on", "green")
    say("set VULTUS_KEY_FILE to it; destroy the old key when no copy of the gallery needs it", "yellow")


@app.command()
def shred(
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="The collection to destroy.")],
    gallery: options.GalleryPath = None,
    yes: Yes = False,
    purpose: options.Purpose = "",
) -> None:
    """Remove a collection with everybody in it, and destroy its key: what was sealed with it opens nowhere any more."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        if not yes:
            if not there_is_somebody():
                raise InputError("nobody is here to confirm the destruction; add --yes")
            typer.confirm(f"Destroy the collection {clean(collection)} for good?", abort=True, err=True)
        count = people.shred(collection)
        tell_wiped(people)
    say(f"destroyed the collection '{collection}' with {plural(count, 'person', 'people')}", "green")
    say("copies of the gallery file made before hold its key still: destroy them, or rekey and destroy the old key",
        "yellow")  # fmt: skip


class _Sealing:
    """A bar whose end is not known before."""

    def __init__(self, label: str) -> None:
        self._bar, self._done = Bar(label, None), 0

    def __enter__(self) -> Callable[[int], None]:
        self._bar.__enter__()
        return self._tell

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)  # type: ignore[arg-type]

    def _tell(self, done: int) -> None:
        self._bar.advance(done - self._done)
        self._done = done
