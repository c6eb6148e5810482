"""The page's files: few, small, of this server alone, and under a policy that lets nothing else in."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from vultus.service import page

WEB = Path(page.__file__).parent / "web"
FILES = sorted(file for file in WEB.rglob("*") if file.is_file())
SCRIPTS = [file for file in FILES if file.suffix == ".js"]


def test_the_page_needs_no_key_and_comes_with_a_strict_policy(stranger: TestClient) -> None:
    answer = stranger.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "camera=(self)" in answer.headers["Permissions-Policy"]


def test_every_file_is_served_as_what_it_is(stranger: TestClient) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
    for file in FILES:
        path = "/" if file.name == page.INDEX else f"/static/{file.relative_to(WEB).as_posix()}"
        answer = stranger.get(path)
        assert answer.content == file.read_bytes(), path
        assert answer.headers["Content-Type"] == f"{kinds[file.suffix]}; charset=utf-8"
        again = stranger.get(path, headers={"If-None-Match": f'W/"other", {answer.headers["ETag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Content-Security-Policy"] == page.POLICY


def test_no_other_path_exists(stranger: TestClient) -> None:
    for name in ("nothing.js", "index.html", "%2e%2e/page.py", "..%2fpage.py", "/etc/passwd", "js", ""):
        assert stranger.get(f"/static/{name}").status_code == 404, name


def test_the_page_is_small_and_its_files_are_short() -> None:
    assert len(FILES) >= 30, "the sweep has lost most of the page"
    assert sum(file.stat().st_size for file in FILES) < 250_000
    lengths = {file.name: len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert {name: lines for name, lines in lengths.items() if lines >= 400} == {}


def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    markup = (WEB / page.INDEX).read_text("utf-8")
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", markup)
    for file in FILES:
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`)]*", file.read_text("utf-8"))
        assert {one for one in addresses if "www.w3.org" not in one and "camera.local" not in one} == set(), file.name


def test_scripts_never_make_html_out_of_text() -> None:
    words = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|EventSource|document\.cookie"
    for file in SCRIPTS:
        assert re.findall(words, file.read_text("utf-8")) == [], file.name


def test_what_scripts_import_is_there() -> None:
    for file in SCRIPTS:
        for name in re.findall(r'from "([^"]+)"', file.read_text("utf-8")):
            assert name.startswith("."), f"{file.name} imports {name}"
            assert (file.parent / name).resolve().is_file(), f"{file.name} imports {name}"


def test_the_key_is_kept_in_the_tab_alone() -> None:
    keeping = [file.name for file in SCRIPTS if "sessionStorage" in file.read_text("utf-8")]
    assert keeping == ["session.js"]
    assert "localStorage.setItem(KEY" not in (WEB / "js/session.js").read_text("utf-8")


def test_every_colour_is_named_in_one_file() -> None:
    for file in WEB.glob("css/*.css"):
        if file.name != "base.css":
            colours = re.findall(r"#[0-9a-f]{3,6}\b", file.read_text("utf-8"))
            # over photographs colours do not follow the theme
            assert set(colours) <= {"#fff", "#101214", "#7fe0b0", "#ffd37a"}, file.name
