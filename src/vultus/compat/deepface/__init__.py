"""The functions of the package `deepface`: `from vultus.compat.deepface import DeepFace`."""

from vultus.compat.deepface import api as DeepFace  # noqa: N812  the name its users write
from vultus.compat.deepface.api import analyze, extract_faces, find, represent, stream, verify

__all__ = ["DeepFace", "analyze", "extract_faces", "find", "represent", "stream", "verify"]
