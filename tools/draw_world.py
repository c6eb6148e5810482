"""Draw the contact sheets of docs/world.md: docs/images/world-*.jpg.

python tools/draw_world.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vultus.research.data import world
from vultus.research.data.world import actions, clips, degrade, people, renderer, scene, spoofs

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs/images"


def rows(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Pictures side by side, row by row."""
    return np.vstack([np.hstack(pictures[n : n + columns]) for n in range(0, len(pictures), columns)])


def write(name: str, sheet: np.ndarray) -> None:
    """One JPEG."""
    cv2.imwrite(str(IMAGES / f"world-{name}.jpg"), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 84])


def expressions() -> np.ndarray:
    """Five people, seven expressions each, in the order of `actions.EXPRESSIONS`."""
    rng = np.random.default_rng(4)
    some = people.draw(200, seed=0, accessories=0.0)
    tones = [int(np.argmin(np.abs(some.skin_tone - tone) + 0.4 * np.abs(some.build - build)
                           + 2.0 * np.isin(some.hair, [5, 6, 12])))
             for tone, build in ((0.05, 0.25), (0.3, 0.8), (0.55, 0.3), (0.75, 0.75), (0.95, 0.4))]  # fmt: skip
    who = some.take(np.repeat(tones, 7))
    shown = np.concatenate([actions.prototype(word, rng) for _ in range(5) for word in actions.EXPRESSIONS])
    base = scene.draw(some.take(tones), np.zeros((5, len(actions.NAMES)), np.float32), rng, turn=0.4, extent=(25, 26))
    posed = base.take(np.repeat(np.arange(5), 7)).but(people=who, actions=shown)
    return rows(world.render(posed, 150)["rgb"], 7)


def modes() -> np.ndarray:
    """One face in every mode."""
    who = people.draw(40, seed=3, accessories=0.9).take([6, 22])
    posed = scene.draw(
        who, actions.prototype("happy", np.random.default_rng(1), n=2), np.random.default_rng(5), extent=(28, 29)
    )
    found = world.render(posed, 170, renderer.MODES)
    marked = found["rgb"].copy()
    for picture, points in zip(marked, found["landmarks68"], strict=True):
        for x, y in points:
            cv2.circle(picture, (int(x), int(y)), 1, (0, 255, 0), -1)
    depth, colours = found["depth"], np.random.default_rng(2).integers(60, 255, (32, 3))
    colours[0] = 0
    far = np.where(depth > 0, 255 - (depth - np.where(depth > 0, depth, 1e3).min((1, 2), keepdims=True)) * 9, 0)
    warm = np.clip((found["thermal"] - 21) * 16, 0, 255).astype(np.uint8)
    columns = [marked, np.repeat(np.clip(far, 0, 255)[..., None], 3, -1), found["normals"] * 127 + 128,
               colours[found["regions"]], np.repeat(found["nir"][..., None], 3, -1),
               np.stack([cv2.applyColorMap(one, cv2.COLORMAP_INFERNO)[..., ::-1] for one in warm])]  # fmt: skip
    return np.vstack([np.hstack([column[n].astype(np.uint8) for column in columns]) for n in range(2)])


def changed() -> np.ndarray:
    """Degradations of severity 1 to 3, then attacks of rising strength."""
    rng = np.random.default_rng(0)
    clean = world.faces(9, seed=14, size=116)["image"]
    lines = [clean]
    lines += [np.concatenate([degrade.apply(clean[n : n + 1], kind, step, rng) for n, kind in enumerate(degrade.KINDS)])
              for step in degrade.SEVERITIES]  # fmt: skip
    pairs = [(kind, strength) for kind in spoofs.KINDS for strength in (0.5, 1.0)]
    attacks = [spoofs.attack(clean[n : n + 1], kind, rng, strength)[0] for n, (kind, strength) in enumerate(pairs)]
    return np.vstack([np.hstack(line) for line in [*lines, np.concatenate([*attacks, clean[8:]])]])


def main() -> None:
    """Write all sheets."""
    write("people", rows(world.faces(32, seed=1, size=128, turn=1.0)["image"], 8))
    write("expressions", expressions())
    write("modes", modes())
    write("changed", changed())
    film = clips.draw(4, seed=6, frames=12, size=96, kinds=("macro", "micro", "talking", "turning"),
                      expressions=("happy", "surprise", "angry", "disgust"))  # fmt: skip
    write("clips", np.vstack([np.hstack(list(clip)) for clip in film["video"]]))


if __name__ == "__main__":
    main()
