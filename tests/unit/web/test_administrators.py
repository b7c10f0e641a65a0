"""Who is an administrator: strict where the shape of a user is not known."""

from types import SimpleNamespace
from typing import Any

import pytest

from harvest_upsales.web.access import is_administrator


def roles(*names: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(name=name) for name in names]


@pytest.mark.parametrize(
    "user",
    [
        SimpleNamespace(role="admin"),
        SimpleNamespace(role="ADMIN"),
        SimpleNamespace(roles=roles("Viewer", "Admin")),
    ],
)
def test_an_administrator_is_known(user: Any) -> None:
    assert is_administrator(user)


@pytest.mark.parametrize(
    "user",
    [
        SimpleNamespace(role="op"),
        SimpleNamespace(role=None),
        SimpleNamespace(role=["admin"]),
        SimpleNamespace(roles=roles("Op", "admins")),
        SimpleNamespace(roles=[]),
        SimpleNamespace(roles="Admin"),
        SimpleNamespace(roles=None),
        SimpleNamespace(is_admin=True),
        SimpleNamespace(),
    ],
)
def test_anybody_else_is_none(user: Any) -> None:
    assert not is_administrator(user)
