"""`vultus unknown`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, MARIE, names, save
from vultus.inference.image import read


@pytest.fixture
def groups(cli: Cli) -> list[int]:
    """Numbers of a group of three faces and of one of two."""
    for seed in range(3):
        save(Path(f"pile/g{seed}.png"), GRACE, seed=seed)
    for seed in range(2):
        save(Path(f"pile/m{seed}.png"), MARIE, seed=seed)
    cli("cluster", "pile", "--keep")
    return [group["group"] for group in listed(cli)]


def listed(cli: Cli) -> list[dict[str, Any]]:
    return list(cli.json("unknown", "list")["groups"])


def faces(cli: Cli, group: int) -> list[int]:
    return [face["face_id"] for face in cli.json("unknown", "show", group)["faces"]]


def test_list_and_show(cli: Cli, groups: list[int]) -> None:
    assert [group["faces"] for group in listed(cli)] == [3, 2]
    assert len(cli.json("unknown", "list", "--min", 3)["groups"]) == 1
    assert "2 people seen more than once, 0 seen once" in cli("unknown", "list").stderr
    large = cli("unknown", "list", "--min", 3)
    assert len(large.stdout.splitlines()) == len(cli("unknown", "list").stdout.splitlines()) - 1
    assert "2 people seen more than once, 0 seen once" in large.stderr, "of all, whatever is shown"
    out = cli("unknown", "show", groups[0]).stdout
    assert f"group {groups[0]}: 3 faces" in out
    assert "pile/g0.png" in out
    assert "unknown group of unknown faces '99' (list: vultus unknown list)" in cli(
        "unknown", "show", 99, code=2).stderr  # fmt: skip


def test_suggestions(cli: Cli, groups: list[int]) -> None:
    assert "probably" not in listed(cli)[0]
    cli("enroll", save(Path("g.png"), GRACE, seed=77), "--name", "Grace")
    document = cli.json("unknown", "list", "--suggest")
    assert [group["probably"] for group in document["groups"]] == ["Grace", None]
    out = cli("unknown", "list", "--suggest", "--fpir", 0.1)
    assert "probably" in out.stdout
    assert "Grace" in out.stdout


def test_look_at_a_group(cli: Cli, groups: list[int]) -> None:
    out = cli("unknown", "show", groups[0], "--out", "look")
    assert "3 cut-outs of 3 faces written to look" in out.stderr
    last = cli.json("audit", "log")["entries"][-1]
    assert (last["action"], last["detail"]) == ("export", {"unknown_faces": 3})
    assert {f"face_{face}.jpg" for face in faces(cli, groups[0])} == {path.name for path in Path("look").iterdir()}
    assert read(next(Path("look").iterdir())).shape[2] == 3
    assert {path.stat().st_mode & 0o777 for path in (*Path("look").iterdir(),)} == {0o600}
    again = cli("unknown", "show", groups[0], "--out", "look", code=2)
    assert "--out look exists and is not an empty folder; name a new one" in again.stderr


def test_cut_outs_need_not_be_kept(cli: Cli) -> None:
    cli("cluster", save(Path("a.png"), ADA), "--keep", "--no-crops", "--purpose", "album")
    (group,) = listed(cli)
    assert "0 cut-outs of 1 face written to look" in cli("unknown", "show", group["group"], "--out", "look").stderr
    assert "album" in cli("audit", "log").stdout


def test_name_a_group(cli: Cli, groups: list[int]) -> None:
    done = cli("unknown", "name", groups[0], "Grace", "--purpose", "album")
    assert "3 faces enrolled as 'Grace'" in done.stderr
    found = cli.json("identify", save(Path("new.png"), GRACE, MARIE))
    assert names(found["images"][0]["faces"]) == ["Grace", None]
    document = cli.json("unknown", "name", groups[1], "Marie")
    assert (document["action"], document["name"], len(document["faces"]), document["left"]) == ("name", "Marie", 2, [])
    assert listed(cli) == []


def test_reject_a_group(cli: Cli, groups: list[int]) -> None:
    cli("enroll", save(Path("a.png"), ADA), "--name", "Ada")
    own = faces(cli, groups[0])
    assert cli.json("unknown", "reject", groups[0], "Ada", "--face", own[0])["count"] == 1
    assert "2 faces of group" in cli("unknown", "reject", groups[1], "Ada").stderr
    done = cli("unknown", "name", groups[0], "Ada")
    assert "2 faces enrolled as 'Ada'; 1 face of the group cannot be, and stayed" in done.stderr


def test_reject_a_picture(cli: Cli) -> None:
    cli("enroll", save(Path("a.png"), ADA), "--name", "Ada")
    sister = save(Path("sister.png"), (210, 90, 20))
    (face,) = cli.json("identify", sister)["images"][0]["faces"]
    assert face["name"] == "Ada"
    assert "of sister.png will not be taken for 'Ada'" in cli("unknown", "reject", sister, "Ada").stderr
    (face,) = cli.json("identify", sister)["images"][0]["faces"]
    assert (face["name"], face["decision"]["reason"]) == (None, "said_to_be_somebody_else")
    out = cli("unknown", "reject", sister, "Ada", "--face", 1, code=2)
    assert "--face goes with a group; of a picture, the face most like the person is meant" in out.stderr


def test_join_split_and_group_anew(cli: Cli, groups: list[int]) -> None:
    assert cli.json("unknown", "join", *groups)["group"] == groups[0]
    assert [group["faces"] for group in cli.json("unknown", "group")["groups"]] == [5]
    own = faces(cli, groups[0])
    new = cli.json("unknown", "split", groups[0], own[0])["group"]
    assert faces(cli, new) == own[:1]
    assert "1 person seen more than once, 1 seen once" in cli("unknown", "group", "--fmr", "1e-3").stderr
    rows = len(cli("unknown", "list").stdout.splitlines())
    assert len(cli("unknown", "list", "--min", 1).stdout.splitlines()) == rows + 1
    assert faces(cli, groups[0]) == own[1:]


def test_forget(cli: Cli, groups: list[int]) -> None:
    assert "give groups, or --older-than DAYS" in cli("unknown", "forget", code=2).stderr
    assert "nobody is here to confirm the removal" in cli("unknown", "forget", groups[0], code=2).stderr
    assert cli.json("unknown", "forget", groups[0], "--yes")["count"] == 3
    assert cli.json("unknown", "forget", "--older-than", 1, "--yes")["count"] == 0
    assert "2 unknown faces deleted" in cli("unknown", "forget", "--older-than", 0, "--yes").stderr
    assert listed(cli) == []


def test_forget_asks(cli: Cli, groups: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.cli.unknown.there_is_somebody", lambda: True)
    cli("unknown", "forget", groups[0], stdin="n\n", code=2)
    assert len(listed(cli)) == 2
    cli("unknown", "forget", groups[0], stdin="y\n")
    assert len(listed(cli)) == 1


def test_no_gallery(cli: Cli) -> None:
    assert "there is no gallery at" in cli("unknown", "list", code=2).stderr
    assert "there is no gallery at" in cli("unknown", "group", code=2).stderr
