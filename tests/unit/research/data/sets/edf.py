"""Writes small EDF, EDF+ and BDF files, as the format's specification has them; for fakes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def write_edf(
    path: Path, signals: Mapping[str, np.ndarray], rate_hz: Mapping[str, int] | int, unit: str = "uV"
) -> Path:
    """One record a second; signals in `unit`, whole seconds long. A file named *.bdf has 24 bits."""
    wide = path.suffix == ".bdf"
    top = 2**23 - 1 if wide else 2**15 - 1
    rates = {name: rate_hz if isinstance(rate_hz, int) else rate_hz[name] for name in signals}
    seconds = {len(values) // rates[name] for name, values in signals.items()}.pop()
    limit = {name: max(float(np.abs(values).max()), 1e-3) for name, values in signals.items()}
    columns = [
        (16, list(signals)), (80, [""] * len(signals)), (8, [unit] * len(signals)),
        (8, [f"{-limit[name]:.5g}"[:8] for name in signals]), (8, [f"{limit[name]:.5g}"[:8] for name in signals]),
        (8, [str(-top)] * len(signals)), (8, [str(top)] * len(signals)), (80, [""] * len(signals)),
        (8, [str(rates[name]) for name in signals]), (32, [""] * len(signals)),
    ]  # fmt: skip
    body = b""
    for second in range(seconds):
        for name, values in signals.items():
            part = values[second * rates[name] : (second + 1) * rates[name]]
            whole = np.clip(np.round(part / limit[name] * top), -top, top).astype("<i4")
            body += whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes() if wide else whole.astype("<i2").tobytes()
    first = b"\xffBIOSEMI" if wide else b"0".ljust(8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_head(first, "24BIT" if wide else "", seconds, 1, len(signals), columns) + body)
    return path


def write_hypnogram(path: Path, stages: Sequence[tuple[float, float, str]]) -> Path:
    """EDF+ with annotations only: (start, length, text) of each."""
    text = b"+0\x14\x14\x00" + b"".join(
        f"+{start:g}\x15{length:g}\x14{word}\x14".encode() + b"\x00" for start, length, word in stages
    )
    size = len(text) + len(text) % 2
    columns = [
        (16, ["EDF Annotations"]), (80, [""]), (8, [""]), (8, ["-1"]), (8, ["1"]), (8, ["-32768"]), (8, ["32767"]),
        (80, [""]), (8, [str(size // 2)]), (32, [""]),
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_head(b"0".ljust(8), "EDF+C", 1, 0, 1, columns) + text.ljust(size, b"\x00"))
    return path


def _head(
    first: bytes, kind: str, records: int, length: int, count: int, columns: Sequence[tuple[int, Sequence[str]]]
) -> bytes:
    fixed = [(80, "X X X X"), (80, "Startdate 01-JAN-2000 X X X"), (8, "01.01.00"), (8, "00.00.00"),
             (8, str(256 * (count + 1))), (44, kind), (8, str(records)), (8, str(length)), (4, str(count))]  # fmt: skip
    text = "".join(value.ljust(size) for size, value in fixed)
    text += "".join(value.ljust(size) for size, values in columns for value in values)
    return first + text.encode("ascii")
