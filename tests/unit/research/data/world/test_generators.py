from __future__ import annotations

import importlib
import inspect

import pytest

from vultus.research.data.world import generators


@pytest.mark.parametrize("place", generators.BUILT, ids=lambda place: place.module)
def test_what_is_built_is_there(place: generators.Place) -> None:
    module = importlib.import_module(f"vultus.research.data.world.{place.module}")
    assert callable(getattr(module, place.function))
    assert place.systems


def test_what_is_planned_has_a_protocol_and_no_module_yet() -> None:
    for place in generators.PLANNED:
        assert place.protocol is not None
        assert "seed" in inspect.signature(place.protocol.__call__).parameters
        assert place.protocol.__doc__
        with pytest.raises(ImportError):
            importlib.import_module(f"vultus.research.data.world.{place.module}")
    names = [place.module for place in generators.PLANNED]
    assert names == ["radar", "speech", "eyes", "bodies", "sessions", "text"]
