"""Known faces: one SQLite file of record, ways to search it, and the clustering of unknown ones."""

from __future__ import annotations

from vultus.gallery.collection import Gallery
from vultus.gallery.record import EnrolledFace, Enrolment, FaceRecord, Person, Rejected

__all__ = ["Gallery", "Enrolment", "EnrolledFace", "Rejected", "Person", "FaceRecord"]
