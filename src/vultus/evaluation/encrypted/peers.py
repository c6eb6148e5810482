"""The systems that ours is compared with: LightPHE, python-paillier and TenSEAL, behind one interface.

Each is used as well as its package allows: TenSEAL with one dimension of thousands of templates per ciphertext and
without needless rescaling, python-paillier with whole numbers of our size beside its own floats.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from vultus.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXTRA = "peers"
Pipeline = Literal["signed", "min-max"]
_SCALE = 127  # whole numbers of 8 bits with sign
# Largest prime below 2^24 that batching with N = 4096 allows: whole-number similarities of 4,096 dimensions fit.
_PLAIN_MODULUS = 16760833
_BFV_BITS = 109  # SEAL's coefficient primes for N = 4096 at 128 bits of security


@dataclass(frozen=True, slots=True)
class Facts:
    """What a system is, for its row.

    Attributes:
        backend: package.
        scheme: scheme and its way of use, in words.
        pipeline: "signed" takes vectors as they are, "min-max" only non-negative ones.
        modulus_bits: of what is computed modulo; for FHE the sum of the coefficient primes.
        template_precision, probe_precision: of the numbers encrypted, and of those multiplied with.
        block: templates that one run of `score` compares.
        exact: whether results must equal the plain dot product of the numbers encrypted.
    """

    backend: str
    scheme: str
    pipeline: Pipeline
    modulus_bits: int
    template_precision: str
    probe_precision: str
    block: int
    exact: bool


class System(Protocol):
    """One system with a fresh key."""

    @property
    def facts(self) -> Facts:
        """What it is."""

    @property
    def key_bytes(self) -> tuple[int, int]:
        """Bytes of the public key with all that scoring needs, and of the private key."""

    def encrypt(self, vectors: Floats) -> Any:
        """Encrypted templates of unit rows (N, D), N at most `facts.block`."""

    def prepare(self, templates: Any) -> Any:
        """What the scorer does once with templates before it compares them."""

    def score(self, prepared: Any, probe: Floats) -> Any:
        """Encrypted similarities with a plain probe (D,); needs no private key."""

    def decrypt(self, scores: Any) -> Floats:
        """Similarities, (N,)."""

    def plain(self, vectors: Floats, probe: Floats) -> Floats:
        """The same similarities from the very numbers that were encrypted, computed in the clear, (N,)."""

    def template_bytes(self, templates: Any) -> float:
        """Bytes per template."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A system that can be asked for.

    Attributes:
        backend: name on the command line.
        scheme: what its `Facts.scheme` will be.
        build: makes it, with a fresh key of so many bits, for templates of so many dimensions.
        keyed: whether the number of bits means something to it.
        main: measured at every dimension; the others at the smallest alone.
    """

    backend: str
    scheme: str
    build: Callable[[int, int], System]
    keyed: bool = True
    main: bool = False


def load(package: str, extra: str = EXTRA) -> Any:
    """A package of an extra.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        raise MissingExtraError(package.split(".")[0], extra) from None


class LightPhe:
    """LightPHE as published: one ciphertext per dimension, decimal fixed point, non-negative numbers only."""

    def __init__(self, bits: int, algorithm: str, digits: int) -> None:
        self._library = load("lightphe")
        self._cs = self._library.LightPHE(algorithm_name=algorithm, key_size=bits, precision=digits)
        self._digits = digits
        keys = self._cs.cs.keys
        exponent = (10**digits).bit_length()
        self.facts = Facts(
            "lightphe", f"{algorithm}, {digits} digits", "min-max", keys["public_key"]["n"].bit_length(),
            f"{digits} digits", f"{exponent} bits", 1, True,
        )  # fmt: skip
        self.key_bytes = _together(keys["public_key"]), _together(keys["private_key"])

    def encrypt(self, vectors: Floats) -> Any:
        """One template, by the function that its worker processes run, without starting those for each template."""
        cs, digits = self._cs.cs, self._digits
        zero, divisor = cs.encrypt(0), cs.encrypt(10**digits)
        parts = [self._library.encrypt_float(float(value), divisor, cs, digits, zero) for value in vectors[0]]
        return self._library.EncryptedTensor(fractions=parts, cs=cs, precision=digits)

    def prepare(self, templates: Any) -> Any:
        """Nothing."""
        return templates

    def score(self, templates: Any, probe: Floats) -> Any:
        """Its own operator for the dot product."""
        return templates @ [float(value) for value in probe]

    def decrypt(self, scores: Any) -> Floats:
        """It decrypts the sum and the divisor that it carries along encrypted."""
        return np.asarray(self._cs.decrypt(scores), dtype=np.float64)

    def plain(self, vectors: Floats, probe: Floats) -> Floats:
        """Both sides cut after so many decimal digits, as LightPHE cuts them."""
        return decimal_dot(vectors, probe, self._digits)

    def template_bytes(self, templates: Any) -> float:
        """One ciphertext per dimension and one divisor; its objects carry each of them twice and more."""
        return sum(_size(part.abs_dividend) for part in templates.fractions) + _size(templates.fractions[0].divisor)


def decimal_dot(vectors: Floats, probe: Floats, digits: int) -> Floats:
    """Dot products of fixed-point numbers with so many decimal digits, exact until the last division, (N,)."""
    scale = 10**digits
    right = [_decimals(value, scale) for value in probe]
    sums = [sum(_decimals(value, scale) * q for value, q in zip(row, right, strict=True)) for row in vectors]
    return np.array([total / scale**2 for total in sums])


def _decimals(value: float, scale: int) -> int:
    """Whole number of the fixed point of a value from 0 on, cut from the float's exact value."""
    above, below = float(value).as_integer_ratio()
    return above * scale // below


class PythonPaillier:
    """python-paillier: one ciphertext per dimension; floats as it encodes them, or whole numbers of 8 bits."""

    def __init__(self, bits: int, whole: bool) -> None:
        paillier = load("phe.paillier")
        self._public, self._private = paillier.generate_paillier_keypair(n_length=bits)
        self._whole = whole
        self._scales = (1.0, 1.0)
        self.facts = Facts(
            "phe", "Paillier, whole numbers" if whole else "Paillier, floats", "signed", self._public.n.bit_length(),
            "8 bits" if whole else "53 bits", "7 bits, sign" if whole else "53 bits, sign", 1,
            whole,
        )  # fmt: skip
        self.key_bytes = _size(self._public.n), _size(self._private.p) + _size(self._private.q)

    def encrypt(self, vectors: Floats) -> Any:
        """One template."""
        numbers, scale = self._numbers(vectors[0])
        return [self._public.encrypt(number) for number in numbers], scale

    def prepare(self, templates: Any) -> Any:
        """Nothing."""
        return templates

    def score(self, templates: Any, probe: Floats) -> Any:
        """The sum of products that its guide shows."""
        numbers, scale = self._numbers(probe)
        ciphertexts, own = templates
        total = ciphertexts[0] * numbers[0]
        for ciphertext, number in zip(ciphertexts[1:], numbers[1:], strict=True):
            total = total + ciphertext * number
        return total, own * scale

    def decrypt(self, scores: Any) -> Floats:
        """One number."""
        total, scale = scores
        return np.array([self._private.decrypt(total) / scale])

    def plain(self, vectors: Floats, probe: Floats) -> Floats:
        """Exact sum of products of the same numbers."""
        left, own = self._numbers(vectors[0])
        right, scale = self._numbers(probe)
        exact = sum((Fraction(a) * Fraction(b) for a, b in zip(left, right, strict=True)), Fraction())
        return np.array([float(exact) / (own * scale)])

    def template_bytes(self, templates: Any) -> float:
        """Ciphertexts alone."""
        return float(sum(_size(part.ciphertext(be_secure=False)) for part in templates[0]))

    def _numbers(self, vector: Floats) -> tuple[list[int] | list[float], float]:
        if not self._whole:
            return [float(value) for value in vector], 1.0
        numbers, scale = whole_numbers(vector)
        return [int(value) for value in numbers], scale


def whole_numbers(vectors: Floats) -> tuple[NDArray[np.int64], float]:
    """Numbers from -127 to 127 with one scale for all of them, and that scale: number = value * scale."""
    scale = _SCALE / float(np.abs(vectors).max())
    return np.rint(vectors * scale).astype(np.int64), scale


class TenSeal:
    """TenSEAL with one dimension of a whole block of templates per ciphertext: no rotations, no Galois keys."""

    def __init__(self, degree: int, primes: tuple[int, ...] = (), scale_bits: int = 0, rescale: bool = False) -> None:
        """CKKS with these primes, or BFV with SEAL's own when there are none."""
        self._library = load("tenseal")
        self._exact = not primes
        kinds = self._library.SCHEME_TYPE
        if self._exact:
            self._context = self._library.context(kinds.BFV, degree, plain_modulus=_PLAIN_MODULUS, n_threads=1)
            modulus, precision, probe = _BFV_BITS, "8 bits", "7 bits, sign"
        else:
            self._context = self._library.context(kinds.CKKS, degree, coeff_mod_bit_sizes=list(primes), n_threads=1)
            self._context.global_scale = 2**scale_bits
            # By default TenSEAL rescales after each product; one sum of products needs none of that.
            self._context.auto_rescale = rescale
            modulus, precision, probe = sum(primes), f"scale 2^{scale_bits}", f"scale 2^{scale_bits}"
        self.block = degree if self._exact else degree // 2
        name = f"{'BFV' if self._exact else 'CKKS'} batched, N = {degree}{', rescaling' if rescale else ''}"
        self.facts = Facts("tenseal", name, "signed", modulus, precision, probe, self.block, self._exact)
        self._secret = self._context.secret_key()
        self.key_bytes = key_sizes(self._context)

    def encrypt(self, vectors: Floats) -> Any:
        """A block of templates."""
        if self._exact:
            numbers, scale = whole_numbers(vectors)
            make, columns = self._library.bfv_vector, numbers.T.tolist()
        else:
            scale = 1.0
            make, columns = self._library.ckks_vector, vectors.T.tolist()
        return [make(self._context, column) for column in columns], scale

    def prepare(self, templates: Any) -> Any:
        """Nothing."""
        return templates

    def score(self, templates: Any, probe: Floats) -> Any:
        """Weighted sum of the ciphertexts; a weight of nothing is left out, for SEAL refuses it."""
        numbers, scale = whole_numbers(probe) if self._exact else (probe, 1.0)
        ciphertexts, own = templates
        total: Any = None
        for ciphertext, number in zip(ciphertexts, numbers.tolist(), strict=True):
            if number:
                term = ciphertext * number
                total = term if total is None else total.add_(term)
        return total, own * scale

    def decrypt(self, scores: Any) -> Floats:
        """A block of similarities."""
        total, scale = scores
        return np.asarray(np.array(total.decrypt(self._secret)) / scale, dtype=np.float64)

    def plain(self, vectors: Floats, probe: Floats) -> Floats:
        """In whole numbers for BFV; for CKKS the floats themselves."""
        if not self._exact:
            return np.asarray(vectors @ probe)
        left, own = whole_numbers(vectors)
        right, scale = whole_numbers(probe)
        return np.asarray((left @ right) / (own * scale), dtype=np.float64)

    def template_bytes(self, templates: Any) -> float:
        """From the first few ciphertexts; they are of one size but for the packing of their bytes."""
        return _serialised(templates[0]) * len(templates[0]) / self.block


class TenSealSingle:
    """TenSEAL as the paper uses it: one template per ciphertext, rotations for the sum, Galois keys of tens of MB."""

    def __init__(self) -> None:
        self._library = load("tenseal")
        primes = [60, 40, 40, 60]
        self._context = self._library.context(
            self._library.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=primes, n_threads=1
        )
        self._context.global_scale = 2**40
        self._context.generate_galois_keys()
        self._secret = self._context.secret_key()
        self.facts = Facts(
            "tenseal", "CKKS, a template per ciphertext", "signed", sum(primes), "scale 2^40", "scale 2^40", 1, False
        )
        self.key_bytes = key_sizes(self._context, galois=True)

    def encrypt(self, vectors: Floats) -> Any:
        """One template."""
        return self._library.ckks_vector(self._context, vectors[0].tolist())

    def prepare(self, templates: Any) -> Any:
        """Nothing."""
        return templates

    def score(self, templates: Any, probe: Floats) -> Any:
        """Its own dot product with a plain vector."""
        return templates.dot(probe.tolist())

    def decrypt(self, scores: Any) -> Floats:
        """One number."""
        return np.asarray(scores.decrypt(self._secret), dtype=np.float64)

    def plain(self, vectors: Floats, probe: Floats) -> Floats:
        """The floats themselves."""
        return np.asarray(vectors[:1] @ probe)

    def template_bytes(self, templates: Any) -> float:
        """One ciphertext."""
        return float(len(templates.serialize()))


def key_sizes(context: Any, *, galois: bool = False) -> tuple[int, int]:
    """Serialised bytes of a TenSEAL context for the scorer, and of its secret key."""
    nothing = dict.fromkeys(("save_public_key", "save_secret_key", "save_galois_keys", "save_relin_keys"), False)
    public = context.serialize(**{**nothing, "save_public_key": True, "save_galois_keys": galois})
    return len(public), len(context.serialize(**{**nothing, "save_secret_key": True}))


def _together(numbers: dict[str, int]) -> int:
    return sum(_size(number) for number in numbers.values())


def _serialised(ciphertexts: list[Any], most: int = 8) -> float:
    few = ciphertexts[:most]
    return sum(len(part.serialize()) for part in few) / len(few)


def _size(number: int) -> int:
    return (int(number).bit_length() + 7) // 8


PEERS = (
    Choice("lightphe", "Paillier, 19 digits", lambda bits, _: LightPhe(bits, "Paillier", 19), main=True),
    Choice("lightphe", "Paillier, 5 digits", lambda bits, _: LightPhe(bits, "Paillier", 5)),
    Choice("lightphe", "Paillier, 2 digits", lambda bits, _: LightPhe(bits, "Paillier", 2)),
    Choice("lightphe", "Damgard-Jurik, 19 digits", lambda bits, _: LightPhe(bits, "Damgard-Jurik", 19)),
    Choice("lightphe", "Okamoto-Uchiyama, 19 digits", lambda bits, _: LightPhe(bits, "Okamoto-Uchiyama", 19)),
    Choice("phe", "Paillier, floats", lambda bits, _: PythonPaillier(bits, whole=False), main=True),
    Choice("phe", "Paillier, whole numbers", lambda bits, _: PythonPaillier(bits, whole=True), main=True),
    Choice("tenseal", "CKKS, a template per ciphertext", lambda *_: TenSealSingle(), keyed=False, main=True),
    Choice(
        "tenseal", "CKKS batched, N = 8192, rescaling", lambda *_: TenSeal(8192, (60, 40, 60), 40, rescale=True),
        keyed=False, main=True,
    ),
    Choice("tenseal", "CKKS batched, N = 8192", lambda *_: TenSeal(8192, (60, 40, 60), 40), keyed=False),
    Choice("tenseal", "CKKS batched, N = 4096", lambda *_: TenSeal(4096, (55, 54), 26), keyed=False, main=True),
    Choice("tenseal", "BFV batched, N = 4096", lambda *_: TenSeal(4096), keyed=False, main=True),
)  # fmt: skip
