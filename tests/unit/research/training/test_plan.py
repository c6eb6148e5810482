from __future__ import annotations

from dataclasses import replace

import pytest

from unit.research.training.nets import net, points
from vultus.errors import ConfigError
from vultus.research.contract import Budget, Player, Stage
from vultus.research.training.plan import budget, check, owned

GOOD = Stage("main", (Player("net"),), 10, 8)


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ((), "needs stages of different names, but has"),
        ((GOOD, GOOD), r"needs stages of different names, but has: \['main', 'main'\]"),
        ((replace(GOOD, players=()),), "stage 'main' needs players of different names, but has"),
        ((replace(GOOD, players=(Player("a"), Player("a"))),), "needs players of different names"),
        ((replace(GOOD, steps=0),), "stage 'main' has 0 steps, but needs 1 at least"),
        ((replace(GOOD, accumulate=3),), "takes 8 rows in a step, which 3 parts in 1 processes cannot share evenly"),
        ((replace(GOOD, sampler="balanced:lable"),), "draws rows 'balanced:lable', but it must be 'uniform' or 'balan"),
        ((replace(GOOD, sampler="label"),), "draws rows 'label', but it must be"),
        ((replace(GOOD, players=(Player("a", schedule="restarts"),)),), "player 'a' restarts, but its period is 0"),
        (
            (replace(GOOD, players=(Player("a", ("haed",)),)),),
            "owns 'haed', but the model's parts are: body, drop, hea",
        ),
        ((replace(GOOD, players=(Player("a", ("drop",)),)),), "player 'a' owns no parameters"),
    ],
)
def test_what_cannot_be_trained(stages, message):
    with pytest.raises(ConfigError, match=message):
        check(net(), stages, points())


def test_nothing_to_train_on_and_rows_that_processes_cannot_share():
    with pytest.raises(ConfigError, match="there is nothing to train on: points is empty"):
        check(net(), (GOOD,), points().subset([]))
    with pytest.raises(ConfigError, match="in 3 processes cannot share evenly"):
        check(net(), (GOOD,), points(), processes=3)
    check(net(), (replace(GOOD, accumulate=2, sampler="balanced:label"),), points(), processes=2)


def test_what_a_player_owns_and_what_it_costs():
    model = net()
    head = Player("head", ("head",))
    assert len(owned(model, head)) == 2
    assert len(owned(model, Player("all"))) == 6
    twice = (Stage("a", (head, Player("again", ("head",))), 5, 8), Stage("b", (head,), 7, 4))
    assert budget(model, twice) == Budget(16 * 3 + 3, 12, 5 * 8 + 7 * 4)
    model.head.bias.requires_grad_(False)
    assert budget(model, twice).parameters == 16 * 3
