from __future__ import annotations

from vultus.service import about
from vultus.service.keystore import ROLES


def test_roles_are_those_of_keys() -> None:
    assert about.Role.__args__ == ROLES
