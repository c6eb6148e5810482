"""Questions to a gallery of many requests, answered together: one look at the templates, one visit to the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vultus.gallery.asking import Question
    from vultus.gallery.collection import Gallery
    from vultus.types import Identification

    Answers = Sequence[Sequence[Identification]]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question of a request.

    Attributes:
        question: who is in some pictures.
        told: makes what the caller is told of the answer, in the thread that searches.
    """

    question: Question
    told: Callable[[Answers], Any]


def answer_all(gallery: Gallery, asked: Sequence[Asked]) -> list[Any]:
    """What each is told, or the error in its place; work of `Rounds`."""
    found = gallery.answer([one.question for one in asked])
    return [_told(one, answers) for one, answers in zip(asked, found, strict=True)]


def _told(asked: Asked, answers: Answers | Exception) -> Any:
    if isinstance(answers, Exception):
        return answers
    try:
        return asked.told(answers)
    except Exception as error:  # of this one alone
        return error
