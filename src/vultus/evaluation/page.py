"""Reports as one HTML page: no network, no scripts, readable on a telephone and on paper."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from html import escape
from typing import TYPE_CHECKING, Any

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem } h3 { font-size: 1rem; margin-top: 1.5rem }
div.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
caption { text-align: left; padding: .3rem 0; opacity: .8 }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #8884; vertical-align: top }
td.n, th.n { text-align: right; white-space: nowrap }
td.yes { color: #00804f; font-weight: 600 } td.no { color: #c22; font-weight: 600 }
p.finding { border-left: 4px solid #d55e00; padding: .3rem .8rem; background: #d55e0018 }
p.plain { border-left: 4px solid #009e73; padding: .3rem .8rem; background: #009e7318 }
img { max-width: 100%; height: auto; background: white; border-radius: 4px; margin: .8rem 0 }
@media print {
  :root { color-scheme: light } body { max-width: none; margin: 0; font-size: 10.5px } table { font-size: 9px }
  h2, h3 { break-after: avoid } tr, img { break-inside: avoid } div.wide { overflow: visible }
}
"""


def document(title: str, parts: Sequence[str]) -> str:
    """A whole page of these parts."""
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n{body}\n</html>\n"
    )


def section(title: str, text: str, inner: str, level: int = 2) -> str:
    """A heading, a paragraph, and HTML below."""
    return f"<h{level}>{escape(title)}</h{level}>\n{paragraph(text)}{inner}"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; "finding" and "plain" set it off."""
    named = f' class="{kind}"' if kind else ""
    return f"<p{named}>{escape(text)}</p>\n" if text else ""


def image(svg: str, words: str) -> str:
    """A drawing inside the page, with words for those who do not see it."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">\n'


def table(caption: str, head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """An HTML table; a heading that begins with > is of numbers, a cell may be (text, class)."""
    numeric = [name.startswith(">") for name in head]
    heads = "".join(
        f"<th{' class=n' if right else ''}>{escape(name.removeprefix('>'))}</th>"
        for name, right in zip(head, numeric, strict=True)
    )
    rows = "\n".join(
        "<tr>" + "".join(_cell(cell, right) for cell, right in zip(line, numeric, strict=True)) + "</tr>"
        for line in lines
    )
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{told}<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n'


def number(value: float | None) -> str:
    """Three significant digits, whole from a thousand on."""
    if value is None or value != value:
        return ""
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def write_report(path: Path, text: str, document: Any) -> None:
    """Write a page, and its JSON beside it with the ending .json; each whole or not at all.

    Raises:
        InputError: the page would be its own JSON, or the folder or disk does not take them.
    """
    if path.suffix == ".json":
        raise InputError(f"{path} is the page; its JSON is written beside it, so name it .html")
    write_whole(path, text)
    write_whole(path.with_suffix(".json"), json.dumps(document, indent=1, allow_nan=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all; its folder is made where there is none.

    Raises:
        InputError: the folder or disk does not take it.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


def _cell(cell: Any, right: bool) -> str:
    text, kind = cell if isinstance(cell, tuple) else (cell, "n" if right else "")
    return f"<td{f' class={kind}' if kind else ''}>{escape(str(text))}</td>"
