"""Model packs: what they are made of, where their files come from, and how they are checked.

Nothing here needs onnxruntime or OpenCV; `vultus.inference` opens the files.
"""

from vultus.weights.manifest import Pack
from vultus.weights.table import PACKS, load_pack

__all__ = ["PACKS", "Pack", "load_pack"]
