"""The questions a gallery answers: who is in a picture, and is this that person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING

import numpy as np

from vultus.gallery import audit
from vultus.gallery.desk import Desk
from vultus.gallery.doors import chosen
from vultus.gallery.notes import Line
from vultus.gallery.recognition import compare, recognise
from vultus.gallery.record import normal_name
from vultus.gallery.search import average, background_of
from vultus.gallery.suggestion import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.gallery.audit import Signature
    from vultus.gallery.doors import Recall
    from vultus.gallery.filters import Filter
    from vultus.inference.image import Source
    from vultus.types import Decision, Face, Identification, Track


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Who is in some pictures.

    Attributes:
        pictures, fpir, top, within: see `Asking.identify_pictures`.
        caller: who asks, for the audit log; None for whoever works with the gallery.
    """

    pictures: Sequence[Sequence[Face]]
    fpir: float = 0.01
    top: int = 5
    within: Filter | None = None
    caller: Signature | None = field(default_factory=audit.caller)


class Asking(Desk):
    """Verbs that search; each is in the audit log before its answer is given."""

    def identify(
        self, image: Source, fpir: float = 0.01, top: int = 5, *, within: Filter | None = None
    ) -> list[Identification]:
        """Who is in a picture: one answer per face found, in the engine's order; none found, an empty list.

        Nobody is found twice in one picture.

        Args:
            image: path, bytes, or RGB uint8 (H, W, 3).
            fpir: false positive identification rate: how often an unknown person may be taken for a known one.
            top: candidates to give per face.
            within: look among the people who pass this filter only; the threshold follows their number.

        Raises:
            ImageError: the picture cannot be read.
            UnsupportedTargetError: the calibration cannot support this rate with so many people.
        """
        return self.identify_faces(self.engine.find(image), fpir, top, within=within)

    def identify_faces(
        self,
        faces: Sequence[Face],
        fpir: float = 0.01,
        top: int = 5,
        *,
        same_picture: bool = True,
        within: Filter | None = None,
    ) -> list[Identification]:
        """Who these faces are.

        Args:
            faces: from `engine.find`.
            fpir, top, within: as in `identify`.
            same_picture: nobody may be two of them; False for faces of different pictures.

        Raises:
            ContractError: an embedding is of another contract than the gallery.
            UnsupportedTargetError: as in `identify`.
            InputError: a rate or count is out of range.
        """
        (found,) = self._recognise([faces], fpir, top, same_picture=same_picture, within=within)
        self._note_searches([(Question([faces], fpir, top), [found])])
        return found

    def identify_pictures(
        self, pictures: Sequence[Sequence[Face]], fpir: float = 0.01, top: int = 5, *, within: Filter | None = None
    ) -> list[list[Identification]]:
        """Who the faces of several pictures are; one line in the audit log for all of them.

        Args:
            pictures: the faces of each, from `engine.find`.
            fpir, top, within: as in `identify`.

        Raises:
            ContractError, UnsupportedTargetError, InputError: as in `identify_faces`.
        """
        (answer,) = self.answer([Question(pictures, fpir, top, within)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def answer(self, questions: Sequence[Question]) -> list[list[list[Identification]] | Exception]:
        """Questions of several callers, answered together: one search, one visit to the disk, a line in the log each.

        Returns:
            What `identify_pictures` would give for each, or the error that it would raise.
        """
        found: list[list[list[Identification]] | Exception] = []
        for alike, some in groupby(questions, key=lambda one: (one.fpir, one.top, one.within)):
            found += self._answer_alike([*some], *alike)
        self._note_searches([
            (asked, answers) for asked, answers in zip(questions, found, strict=True)
            if not isinstance(answers, Exception)
        ])  # fmt: skip
        return found

    def _answer_alike(
        self, questions: list[Question], fpir: float, top: int, within: Filter | None
    ) -> list[list[list[Identification]] | Exception]:
        pictures = [faces for one in questions for faces in one.pictures]
        try:
            answers = iter(self._recognise(pictures, fpir, top, same_picture=True, within=within))
        except Exception as error:  # one embedding of another length must not spoil the answers of others
            if len(questions) == 1:
                return [error]
            return [answer for one in questions for answer in self._answer_alike([one], fpir, top, within)]
        return [list(islice(answers, len(one.pictures))) for one in questions]

    def passing(self, within: Filter) -> int:
        """How many people pass a filter.

        Raises:
            UnknownNameError: nobody has one of its names or collections.
        """
        with self._store.reading() as connection:
            within.check(connection)
        return len(self._store.select(within))

    def searched(self, within: Filter | None = None) -> int:
        """How many people a search looks among."""
        if within is not None:
            return len(self._store.select(within))
        return self._searcher(background_of(self.engine.calibration)).n_people

    def identify_track(self, track: Track, fpir: float = 0.01, top: int = 5, *, within: Filter | None = None) -> Track:
        """The track with the answer who it is, by the vote of its best faces; without an embedding, as it was."""
        if track.embedding is None or not track.faces:
            return track
        voted = replace(track.faces[0], embedding=track.embedding)
        return replace(track, identification=self.identify_faces([voted], fpir, top, within=within)[0])

    def verify(self, name: str, image: Source, fmr: float = 1e-3) -> Decision:
        """Is the most prominent face of a picture this person?

        Args:
            name: an enrolled person.
            image: path, bytes, or RGB uint8 (H, W, 3).
            fmr: false match rate the threshold stands for.

        Raises:
            UnknownNameError: there is nobody of that name.
            UnsupportedTargetError: the calibration cannot support this rate.
            ContractError: the engine's pack is not the gallery's.
        """
        self._store.person(normal_name(name))  # whom nobody knows is told before any work
        return self.verify_faces(name, self.engine.find(image), fmr)

    def verify_faces(self, name: str, faces: Sequence[Face], fmr: float = 1e-3) -> Decision:
        """Is the most prominent of these faces this person?

        Args:
            name, fmr: as in `verify`.
            faces: of one picture, from `engine.find`.

        Raises:
            UnknownNameError, UnsupportedTargetError, ContractError: as in `verify`.
        """
        rows = np.stack([template for _, template in self._store.faces(normal_name(name))])
        calibration = self.engine.calibration
        offsets = np.zeros(len(rows), dtype=np.float32)
        if self._rule == "average":
            rows, offsets = average(rows, np.zeros(1, dtype=np.int64), background_of(calibration))
        denied = self._denials().of(normal_name(name))
        decision = compare(faces, rows, offsets, calibration, self._store.contract(), fmr, denied)
        self._store.note("verify", detail={"fmr": fmr, "matched": decision.matched}, names=[normal_name(name)])
        return decision

    def check(self) -> list[str]:
        """What is wrong with the file or the door, one sentence each; empty when all is well."""
        problems = self._store.check()
        recall = None if problems else self.recall()
        return problems if recall is None else recall.shortfall()

    def recall(self) -> Recall | None:
        """How much of the exact answer the door finds, measured when it was built; None where every answer is exact."""
        exact = chosen(self._door_name, self._store.counts()[1]) == "exact" or not self.contract
        return None if exact else self._searcher(background_of(self.engine.calibration)).recall

    def suggest_groups(self, fpir: float = 0.01) -> dict[int, str]:
        """Whom groups of unknown faces probably are; see `Unknown.suggest`."""
        calibration = self.engine.calibration
        door = self._searcher(background_of(calibration))
        if not door.n_people:
            return {}
        threshold = calibration.threshold_for_fpir(fpir, door.count())
        denials = self._denials()
        with self._store.reading() as connection:
            found = suggest(connection, self._store.vault, door, denials, threshold)
        self._store.note("search", detail={"unknown_groups": len(found), "fpir": fpir}, names=sorted({*found.values()}))
        return found

    def _recognise(
        self, pictures: Sequence[Sequence[Face]], fpir: float, top: int, *, same_picture: bool, within: Filter | None
    ) -> list[list[Identification]]:
        calibration = self.engine.calibration
        door = self._searcher(background_of(calibration))
        people = door.positions(self._store.select(within)) if within else None
        return recognise(
            pictures, door, calibration, self._store.contract(), fpir=fpir, top=top, same_picture=same_picture,
            within=people, denials=self._denials(),
        )  # fmt: skip

    def _note_searches(self, answered: Sequence[tuple[Question, Sequence[Sequence[Identification]]]]) -> None:
        lines = []
        for asked, answers in answered:
            found = [answer for faces in answers for answer in faces]
            named = {answer.name for answer in found if answer.name is not None}
            if found:
                n_named = sum(answer.name is not None for answer in found)
                how = {"faces": len(found), "named": n_named, "fpir": asked.fpir, "top": asked.top, "door": self._way}
                lines.append(Line("search", frozenset(), named, how, asked.caller))
        self._store.note_all(lines)
