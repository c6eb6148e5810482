from __future__ import annotations

from pathlib import Path

from vultus.service import routes


def test_every_file_is_in_the_list_and_has_a_router() -> None:
    files = {path.stem for path in Path(routes.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(routes.MODULES) == files
    assert len(routes.MODULES) == len(files)
    for module in routes.modules():
        assert module.router.routes, module.__name__
