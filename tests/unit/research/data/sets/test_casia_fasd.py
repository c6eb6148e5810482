from __future__ import annotations

from pathlib import Path

from unit.research.data.sets.filmed import touched
from vultus.research.data.sets import open_set


def test_the_published_counts_and_people_who_start_anew(tmp_path: Path) -> None:
    films = [*(str(n) for n in range(1, 9)), *(f"HR_{n}" for n in range(1, 5))]
    for folder, people in (("train_release", 20), ("test_release", 30)):
        touched(tmp_path, *(f"{folder}/{who}/{film}.avi" for who in range(1, people + 1) for film in films))
    manifest = open_set("casia_fasd", tmp_path).check()
    assert manifest.problems == ()
    assert manifest.splits["train"].pictures == 240
    assert manifest.splits["test"].classes == {"bona_fide": 90, "warped_print": 90, "cut_print": 90, "replay": 90}
    assert manifest.shared["train/test"]["people"] == 0
