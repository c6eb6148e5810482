"""InsightFace .bin files: read without being run, whatever protocol, and nothing else."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import InputError
from vultus.evaluation.sets.packed import read_packed, walk

PICTURES, TRUTHS = [b"a", b"b", b"a", b"c", b"c", b"d"], [True, False, True]


@pytest.mark.parametrize("protocol", range(2, 6))
def test_every_binary_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "lfw.bin"
    path.write_bytes(pickle.dumps((PICTURES, TRUTHS), protocol=protocol) if protocol > 2 else by_python_2())
    got = read_packed(path)
    assert got.images == (b"a", b"b", b"c", b"d")
    assert (got.a.tolist(), got.b.tolist(), got.same.tolist()) == ([0, 0, 2], [1, 2, 3], TRUTHS)
    assert got.people[0] == got.people[1] != got.people[2] == got.people[3]


def by_python_2() -> bytes:
    """What Python 2 wrote with protocol 2: strings where Python 3 has bytes."""
    strings = b"".join(b"U" + bytes([len(one)]) + one + b"q\x05" for one in PICTURES)
    return b"\x80\x02]q\x01(" + strings + b"e]q\x02(\x88\x89\x88e\x86q\x03."


def test_strings_of_python_2_are_what_pickle_makes_of_them() -> None:
    assert pickle.loads(by_python_2(), encoding="bytes") == (PICTURES, TRUTHS)


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=20), st.integers(2, 5))
def test_walking_is_unpickling(tmp_path_factory: pytest.TempPathFactory, pictures: list[bytes], protocol: int) -> None:
    path = tmp_path_factory.mktemp("packed") / "x.bin"
    held = [*pictures, pictures[0]], [True] * len(pictures), (), (1, [2, (300, -70000)])
    path.write_bytes(pickle.dumps(held, protocol=max(protocol, 3)))
    assert walk(path) == held


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch /tmp/vultus-was-here",)


@pytest.mark.parametrize("held", [Evil(), ([Evil()], [True]), np.zeros(3), {"a": 1}, "text", 1.5, {1}])
@pytest.mark.parametrize("protocol", range(6))
def test_programs_are_refused_and_not_run(tmp_path: Path, held: object, protocol: int) -> None:
    path = tmp_path / "evil.bin"
    path.write_bytes(pickle.dumps(held, protocol=protocol))
    with pytest.raises(InputError, match=r"is refused: it asks for|must hold two pictures for each truth"):
        read_packed(path)
    assert not Path("/tmp/vultus-was-here").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no .bin file of pictures, or is cut off"),
        (b"\xff\xd8\xff", "is no .bin file of pictures, or is cut off"),
        (pickle.dumps((PICTURES, TRUTHS))[:-9], "is no .bin file of pictures, or is cut off"),
        (pickle.dumps((PICTURES, [True])), "must hold two pictures for each truth"),
        (pickle.dumps(([1, 2], [True])), "must hold pictures as bytes and truths as True or False"),
        (pickle.dumps(([b"", b""], [7])), "must hold pictures as bytes and truths as True or False"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_packed(path)
    with pytest.raises(InputError, match=r"cannot read .*none.bin"):
        read_packed(tmp_path / "none.bin")


@given(st.binary(max_size=60))
def test_noise_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "x.bin"
    path.write_bytes(pickle.dumps((PICTURES, TRUTHS))[:20] + noise)
    with pytest.raises(InputError):
        read_packed(path)


def test_a_length_beyond_the_file_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.bin"
    for code in (b"\x8e", b"\x96"):  # BINBYTES8, BYTEARRAY8
        path.write_bytes(b"\x80\x05" + code + (2**62).to_bytes(8, "little") + b"x")
        with pytest.raises(InputError, match=r"is no .bin file of pictures, or is cut off"):
            read_packed(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"is no .bin file of pictures, or is cut off"):
        read_packed(path)
