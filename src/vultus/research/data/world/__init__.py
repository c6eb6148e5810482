"""The face world: heads in three dimensions whose every muscle, lamp and pixel is known.

people = world.people.draw(100, seed=1)                  # nobody shares a number, nobody shares a face
samples = world.faces(1000, seed=1, size=64)             # image, expression, actions, identity, pose_deg
truth = world.render(scene, 256, ("rgb", "depth"))       # of a scene of your own
"""

from vultus.research.data.world import actions, people, scene
from vultus.research.data.world.portraits import faces
from vultus.research.data.world.renderer import flow, render, tracks

__all__ = ["actions", "faces", "flow", "people", "render", "scene", "tracks"]
