"""The pictures of the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from vultus.cli import material
from vultus.errors import InputError, MissingExtraError
from vultus.inference.image import read


def test_bundled_pictures_show_every_case() -> None:
    pytest.importorskip("skimage")
    found = material.bundled()
    expected = [scene.expected for scene in found.scenes]
    assert expected.count((material.KNOWN,)) >= 6
    assert () in expected
    assert all(read(scene.image).size for scene in found.scenes)
    assert "NASA" in found.credit


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'scikit-image is not installed; run: pip install "vultus\[demo\]"'):
        material.bundled()


def test_own_pictures_keep_the_last_back() -> None:
    pairs = [(name, Path(f"{name}/{at}.jpg")) for name, count in (("Ada", 3), ("Bo", 1)) for at in range(count)]
    found = material.own(pairs, Path("photos"))
    assert found.people == {"Ada": [Path("Ada/0.jpg"), Path("Ada/1.jpg")]}
    assert [(scene.title, scene.expected) for scene in found.scenes] == [
        ("Ada: 2.jpg", ("Ada",)), ("Bo (not enrolled): 0.jpg", ("unknown",)),
    ]  # fmt: skip


def test_nobody_has_two_pictures() -> None:
    with pytest.raises(InputError, match="has two pictures; the demo enrols some and identifies the last of each"):
        material.own([("Ada", Path("a.jpg"))], Path("photos"))
