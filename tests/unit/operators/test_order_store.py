"""What is known of our orders goes through Airflow's store; a store that fails is no reason to fail a task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset

from harvest_upsales.flows.blind_lists import KnownOrders, OrderMemory
from harvest_upsales.operators.order_store import order_memory

pytestmark = pytest.mark.airflow
ASSET = Asset("harvest_upsales/opportunities")


class Store(dict[str, Any]):
    set = dict.__setitem__


def memory(stores: Any, run_type: str = "scheduled", dag_id: str = "harvest_upsales") -> OrderMemory:
    context = {
        "dag_run": SimpleNamespace(dag_id=dag_id, run_type=run_type),
        "asset_state_store": stores,
    }
    found = order_memory(context, [ASSET])
    assert found is not None
    return found


def test_it_comes_back_for_the_same_dag_alone() -> None:
    stores = {ASSET: Store()}
    memory(stores).write(KnownOrders(seen=(3, 2), hidden=(4,)))

    assert memory(stores).read() == KnownOrders(seen=(3, 2), hidden=(4,))
    assert memory(stores, dag_id="other").read() == KnownOrders()


@pytest.mark.parametrize(
    ("run_type", "by_hand"),
    [("scheduled", False), ("backfill", False), ("asset_triggered", False), ("manual", True)],
)
def test_a_person_s_run_may_try_what_others_may_not(run_type: str, by_hand: bool) -> None:
    assert memory({ASSET: Store()}, run_type).by_hand is by_hand


@pytest.mark.parametrize(
    "stores", [{}, {ASSET: Store({"known_orders/harvest_upsales": ["?"]})}], ids=["none", "no memory"]
)
def test_a_store_that_can_t_be_used_knows_nothing(stores: dict[Asset, Store]) -> None:
    assert memory(stores).read() == KnownOrders()
    memory(stores).write(KnownOrders(seen=(1,)))


def test_a_task_without_an_asset_has_none() -> None:
    assert order_memory({}, []) is None
