"""Real photographs of people nobody has named: kept, grouped, named, found again."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vultus.gallery import Gallery
from vultus.metrics.clustering import bcubed

if TYPE_CHECKING:
    from vultus import FaceEngine

N_PEOPLE, N_PICTURES = 40, 4

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def pictures(shared: Path) -> dict[str, list[Path]]:
    folder = shared / "data/lfw_view2"
    people: dict[str, list[Path]] = {}
    with (folder / "images.csv").open() as file:
        for row in csv.DictReader(file):
            people.setdefault(row["identity"], []).append(folder / "images" / row["image"])
    many = [name for name, paths in people.items() if len(paths) >= N_PICTURES]
    return {name: people[name][:N_PICTURES] for name in many[:N_PEOPLE]}


def test_groups_are_people(tmp_path: Path, engine: FaceEngine, pictures: dict[str, list[Path]]) -> None:
    held_back = {name: paths[-1] for name, paths in pictures.items()}
    with Gallery.open(tmp_path / "people.vultus", engine=engine) as gallery:
        who: dict[int, str] = {}
        for name, paths in pictures.items():
            for kept in gallery.unknown.add(paths[:-1]):
                # In the background of some pictures are people whose names nobody knows.
                if len(kept.face_ids) == 1:
                    who[kept.face_ids[0]] = name
        assert len(who) > 0.9 * N_PEOPLE * (N_PICTURES - 1)
        gallery.unknown.group()
        groups = {face.face_id: group.group_id for group in gallery.unknown.groups()
                  for face in gallery.unknown.faces(group.group_id)}  # fmt: skip
        found = bcubed(list(who.values()), [groups[face] for face in who])
        assert found.f1 > 0.93
        assert found.precision > 0.95

        largest = gallery.unknown.groups()[0].group_id
        (name,) = {who[face] for face, group in groups.items() if group == largest and face in who}
        gallery.unknown.name(largest, name)
        hits = [one.name for one in gallery.identify(held_back[name])]
        assert name in hits
        gallery.unknown.group(anew=True)
        assert gallery.person(name).n_faces == len([face for face, group in groups.items() if group == largest])
