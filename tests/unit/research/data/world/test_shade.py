from __future__ import annotations

import numpy as np

from vultus.research.data import world
from vultus.research.data.world import albedo, renderer
from vultus.research.data.world.scene import Scene

SKIN = albedo.REGIONS.index("skin")


def _light(turn: float, hard: float = 1.2) -> np.ndarray:
    row = np.zeros(24, np.float32)
    row[:3] = np.sin(turn), 0.3, np.cos(turn)
    row[:3] /= np.linalg.norm(row[:3])
    row[3:6] = hard
    row[6:9] = row[12:15] = 0, 0, 1
    row[18:24] = 0.15
    return row


def _halves(still: Scene, turn: float) -> tuple[float, float]:
    lit = still.but(light=np.tile(_light(turn), (len(still), 1)))
    found = world.render(lit, 64, ("rgb", "regions"))
    grey, skin = found["rgb"].mean(-1), found["regions"] == SKIN
    return float(grey[..., :32][skin[..., :32]].mean()), float(grey[..., 32:][skin[..., 32:]].mean())


def test_the_side_of_the_lamp_is_bright(still: Scene) -> None:
    right, left = _halves(still, 1.0)
    assert left > right + 30
    right, left = _halves(still, -1.0)
    assert right > left + 30


def test_the_brim_of_a_cap_throws_a_shadow(still: Scene) -> None:
    from vultus.research.data.world import hair
    from vultus.research.data.world.people import People

    columns = {name: getattr(still.people, name) for name in still.people.__dataclass_fields__}
    capped = still.but(people=People(**{**columns, "hair": np.full(8, hair.STYLES.index("cap"))}))
    above = _light(0.0)
    above[:3] = 0, 0.8, 0.6
    bare, under = (
        world.render(one.but(light=np.tile(above, (8, 1))), 64, ("rgb", "landmarks68")) for one in (still, capped)
    )
    for n in range(8):
        x, y = bare["landmarks68"][n, 27].astype(int)
        assert (
            under["rgb"][n, y - 1 : y + 1, x - 6 : x + 6].mean() < bare["rgb"][n, y - 1 : y + 1, x - 6 : x + 6].mean()
        )


def test_lights_have_the_numbers_that_the_scene_draws(still: Scene) -> None:
    from vultus.research.data.world.shade import LIGHT

    assert still.light.shape[1] == LIGHT
    assert renderer._RING.shape == (LIGHT,)
