"""Search in encrypted templates: whoever searches cannot read them, and only the owner of the key reads the answers.

    private = generate(bits=3072)
    layout = Layout.fit(128, private.public.plain_bits)
    known = layout.quantise(templates)                                            # float, (N, 128), unit rows
    blocks = encrypt_templates(private.public, layout, known.values, private.hider())
    probe = layout.quantise(embedding[None])                                      # where the scorer is
    answers = score(private.public, layout, blocks, probe.values[0], hider=private.public.hider())
    cosines = read_scores(private, layout, answers)[: len(known.scales)] / (known.scales * probe.scales[0])

Who sees what, and what it is worth: docs/encrypted.md. Needs gmpy2: `pip install "vultus[encrypted]"`.
"""

from vultus.gallery.encrypted.block import add_blocks, encrypt_templates, fill, read_score, read_scores, read_slots
from vultus.gallery.encrypted.keyfile import load_private, load_public, save_private, save_public
from vultus.gallery.encrypted.layout import Layout, Quantised
from vultus.gallery.encrypted.pool import ScorerPool
from vultus.gallery.encrypted.scheme import (
    NONCES,
    SCHEMES,
    PrivateKey,
    PublicKey,
    add,
    check,
    decrypt,
    encrypt,
    fingerprint,
    generate,
    times,
)
from vultus.gallery.encrypted.score import METHODS, Scorer, mask_others, score

__all__ = [
    "METHODS", "NONCES", "SCHEMES", "Layout", "PrivateKey", "PublicKey", "Quantised", "Scorer", "ScorerPool", "add",
    "add_blocks", "check", "decrypt", "encrypt", "encrypt_templates", "fill", "fingerprint", "generate", "load_private",
    "load_public", "mask_others", "read_score", "read_scores", "read_slots", "save_private", "save_public", "score",
    "times",
]  # fmt: skip
