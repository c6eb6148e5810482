"""What a manifest says."""

from __future__ import annotations

from vultus.research.data.sets.material import Manifest, Split, told


def test_differences_are_told_by_class() -> None:
    split = Split(9, None, {"sad": 4, "happy": 5}, {"": 10, "sad": 4, "happy": 6})
    assert split.problems("train") == [
        "train: 9 pictures, but 10 are published",
        "train, happy: 5 pictures, but 6 are published",
    ]
    assert Split(9, None, {}, None).problems("train") == []
    assert Split(2, 1, {}, {"": 2}, (("a.png", "damaged"),)).problems("val") == [
        "val: 1 of 2 pictures cannot be read (a.png: damaged)"
    ]


def test_many_bad_pictures_are_not_all_named() -> None:
    line = told([(f"{n}.png", "damaged") for n in range(8)], 100)
    assert line.startswith("8 of 100 pictures cannot be read (0.png: damaged; ")
    assert line.endswith("; and 3 more)")


def test_the_document_says_whether_all_is_there() -> None:
    split = Split(1, 1, {"sad": 1}, {"": 1}, (("a.png", "damaged"),))
    manifest = Manifest("toy", "/x", "a layout", {"all": split}, {"a/b": {"people": 0}}, ("a problem",), ())
    document = manifest.document()
    assert document["as_published"] is False
    assert document["splits"]["all"]["bad"] == [{"picture": "a.png", "reason": "damaged"}]
