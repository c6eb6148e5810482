"""`vultus calibrate`, and what its file does in other verbs."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from unit.cli.conftest import Cli, check_schema
from unit.cli.fake import ADA, CONTRACT, GRACE, MARIE, NOBODY, save
from vultus.weights.calibration import load_calibration, read_calibration

PEOPLE = {"Ada": ADA, "Grace": GRACE, "Marie": MARIE}


@pytest.fixture
def album(cli: Cli) -> Path:
    """Three people with four pictures each: 48 impostor and 18 genuine comparisons."""
    for name, colour in PEOPLE.items():
        for number in range(4):
            save(cli.folder / f"album/{name}/{number}.png", colour, seed=number)
    return cli.folder / "album"


@pytest.fixture
def pairs(album: Path) -> Path:
    """All pairs of the album, in a list beside it."""
    files = sorted(path.relative_to(album).as_posix() for path in album.rglob("*.png"))
    rows = [f"{a},{b},{int(a.split('/')[0] == b.split('/')[0])}" for a, b in combinations(files, 2)]
    (album / "pairs.csv").write_text("\n".join(["image1,image2,same", *rows]))
    return album / "pairs.csv"


def test_a_folder(cli: Cli, album: Path) -> None:
    document = cli.json("calibrate", "album", "--out", "mine.json", "--dataset", "my own people")
    check_schema(document["calibration"])
    assert (document["file"], document["pictures"], document["not_acquired"]) == ("mine.json", 12, [])
    assert document["fnmr"] == [0.0]
    assert document["nearest_impostors"][0]["similarity"] == pytest.approx(-0.5, abs=1e-5)
    assert document["calibration"]["dataset"] == "my own people"
    got = read_calibration("mine.json")
    assert got.document() == document["calibration"]
    assert (got.contract, got.n_genuine) == (CONTRACT, 18)
    assert got.calibration.calibration_id.startswith("dlib-album:")
    made = load_calibration("mine.json", CONTRACT)
    assert (made.n_impostor, made.n_subjects, made.smallest_fmr) == (48, 3, 0.1)


def test_in_words(cli: Cli, album: Path) -> None:
    result = cli("calibrate", "album")
    assert "album: 12 pictures of 3 people; 48 impostor comparisons, 18 genuine" in result.stdout
    assert "written to calibration.json" in result.stdout
    assert "use it with: vultus verify A B --calibration calibration.json" in result.stderr
    assert "most alike of different people (-0.500), to be looked at:" in result.stderr
    assert "calibration.json exists already; add --overwrite" in cli("calibrate", "album", code=2).stderr
    cli("calibrate", "album", "--overwrite")


def test_pictures_without_a_face_make_no_comparison_and_unreadable_ones_are_named(cli: Cli, album: Path) -> None:
    save(album / "Ada/none.png", NOBODY)
    document = cli.json("calibrate", album)
    assert [entry["reason"] for entry in document["not_acquired"]] == ["no face found"]
    assert document["calibration"]["n_impostor"] == 48
    (album / "Ada/broken.png").write_bytes(b"")
    result = cli("calibrate", album, "--overwrite", code=1)
    assert "skipped: cannot read image" in result.stderr
    assert "none.png: no face found" in result.stderr
    assert read_calibration("calibration.json").calibration.n_impostor == 48


def test_pairs(cli: Cli, pairs: Path) -> None:
    document = cli.json("calibrate", pairs)
    check_schema(document["calibration"])
    assert document["calibration"]["contract"] == CONTRACT
    assert (document["calibration"]["n_impostor"], document["calibration"]["n_subjects"]) == (48, 3)
    assert (document["calibration"]["n_genuine"], document["pairs_left_out"], document["fnmr"]) == (18, 0, [0.0])
    save(pairs.parent / "Grace/0.png", NOBODY)
    result = cli("calibrate", pairs, "-o", "again.json")
    assert "11 pairs left out, because a face was not acquired" in result.stderr
    assert read_calibration("again.json").calibration.n_impostor == 40


def test_scores_of_another_system_need_no_engine(cli: Cli) -> None:
    rows = [f"{100 + n},1" for n in range(10)] + [f"{n},0" for n in range(40)]
    Path("scores.csv").write_text("\n".join(["score,same", *rows]))
    document = cli.json("calibrate", "scores.csv")
    check_schema(document["calibration"])
    assert document["calibration"]["contract"] is None
    assert document["calibration"]["points"][0]["threshold"] == pytest.approx(35)
    assert cli.choices == []
    assert "it holds for the system that made the scores" in cli("calibrate", "scores.csv", "--overwrite").stderr


def test_rates_that_cannot_be_had_are_refused_and_nothing_is_written(cli: Cli, album: Path, pairs: Path) -> None:
    for source in (album, pairs):
        error = cli("calibrate", source, "--target", "0.1", "--target", "1e-3", code=2).stderr
        assert "gives 48 impostor comparisons" in error
        assert "smallest supported FMR is 0.1" in error
    assert cli.engine.n_seen == 0, "it looked at pictures for nothing"
    assert "smallest supported FMR is 0.1" in cli("calibrate", album, "--target", "0.08", code=2).stderr
    assert not Path("calibration.json").exists()
    cli("calibrate", album, "--target", "0.1")


def test_sources_that_are_none(cli: Cli, album: Path) -> None:
    assert "cannot read nowhere: No such file" in cli("calibrate", "nowhere", code=2).stderr
    Path("x.csv").write_text("a,b\n1,2\n")
    assert "must have the columns image1,image2,same or score,same" in cli("calibrate", "x.csv", code=2).stderr
    assert "holds no folders of people" in cli("calibrate", "album/Ada", code=2).stderr
    save(Path("few/Ada/1.png"), ADA), save(Path("few/Grace/1.png"), GRACE)
    assert "at least 30 impostor comparisons, but there are 1" in cli("calibrate", "few", code=2).stderr


def test_ctrl_c_leaves_nothing(cli: Cli, album: Path) -> None:
    from unit.cli.fake import Interrupting

    cli.engine = Interrupting(3)
    assert "interrupted: nothing was changed" in cli("calibrate", album, code=130).stderr
    assert not Path("calibration.json").exists()


def test_the_deciding_verbs_hand_the_file_to_the_engine(cli: Cli, known: Path) -> None:
    picture = str(save(Path("a.png"), ADA))
    for words in (("verify", picture, picture), ("identify", picture, "--gallery", known), ("cluster", picture)):
        cli(*words, "--calibration", "mine.json")
        assert cli.choices[-1].calibration == Path("mine.json")
        cli(*words)
        assert cli.choices[-1].calibration is None


def test_groups_go_into_the_file(cli: Cli, album: Path, pairs: Path) -> None:
    Path("groups.csv").write_text("person,letters\nAda,few\nGrace,many\nMarie,many\nEve,none\n")
    document = cli.json("calibrate", album, "--out", "mine.json", "--groups", "groups.csv")
    check_schema(document["calibration"])
    (many,) = document["calibration"]["groups"]
    assert (many["group"], many["n_people"], many["n_impostor"], many["n_genuine"]) == ("many", 2, 16, 12)
    assert read_calibration("mine.json").document() == document["calibration"]
    assert "letters few: 1 of the people is in it, so nothing can be compared within it" in document["warnings"]
    assert "letters none: nobody is in it, so nothing can be compared within it" in document["warnings"]
    wide = [(n / 1000, int(a == b), f"p{a}", f"p{b}") for n, (a, b) in enumerate(
        [(a, b) for a in range(12) for b in range(a, 12)] * 2)]  # fmt: skip
    Path("scores.csv").write_text(
        "\n".join(["score,same,subject1,subject2", *(",".join(map(str, row)) for row in wide)])
    )
    Path("sorts.csv").write_text("\n".join(["person,sort", *(f"p{n},{'ab'[n % 2]}" for n in range(12))]))
    shown = cli("calibrate", "scores.csv", "--groups", "sorts.csv", "--out", "scores.json")
    assert "Groups at the same thresholds" in shown.stdout
    assert len(read_calibration("scores.json").groups) == 2
    Path("bare.csv").write_text("\n".join(["score,same", *(f"{row[0]},{row[1]}" for row in wide)]))
    told = cli("calibrate", "bare.csv", "--groups", "sorts.csv", "--out", "bare.json", code=2).stderr
    assert "does not tell who the people are, which --groups needs; add subject1,subject2" in told


def test_a_test_on_the_same_people_is_told(cli: Cli, album: Path, pairs: Path) -> None:
    cli("calibrate", "album", "--out", "folder.json")
    cli("calibrate", pairs, "--out", "pairs.json")
    cli("calibrate", "album", "--out", "anonymous.json", "--anonymous")
    found = read_calibration("folder.json")
    check_schema(found.document())
    assert found.origin is not None
    assert found.origin.known_people(["Ada", "Hedy"]) == ["Ada"]
    assert read_calibration("anonymous.json").origin is None
    listed = read_calibration("pairs.json").origin
    assert listed is not None
    assert (len(listed.people), len(listed.pictures)) == (0, 12)
    # the same people in other words
    (cli.folder / "scores.csv").write_text("score,same,subject1,subject2\n" + "0.9,1,Ada,Ada\n0.1,0,Ada,Hedy\n" * 20)
    check = ("evaluate", "verification", "--repeats", 20, "--calibration")

    def warned(name: str, source: object) -> str:
        return "\n".join(cli.json(*check, name, source)["warnings"])

    # these scores are of no pack; so are the thresholds, as numbers
    assert "1 of the 2 people were in the data of folder.json too (Ada)" in warned("folder.json", "scores.csv")
    assert "one of both names none" in warned("pairs.json", "scores.csv")
    assert "anonymous.json does not say whom it was measured on" in warned("anonymous.json", "scores.csv")
    assert "12 of the 12 pictures were in the data of folder.json too" in warned("folder.json", pairs)
    assert "pairs.json was measured on this very file" in warned("pairs.json", pairs)
