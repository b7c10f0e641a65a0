"""What is known of our orders between tasks and runs: in Airflow's store of asset states, beside the board."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowRuntimeError

from harvest_upsales.flows.blind_lists import KnownOrders, OrderMemory
from harvest_upsales.operators.base_operator import to_xcom
from harvest_upsales.operators.run_window import run_type_of

_log = logging.getLogger(__name__)


def order_memory(context: Any, assets: Sequence[Any]) -> OrderMemory | None:
    """The memory of the DAG, ``None`` for a task without an asset.

    :param context: of the running task
    :param assets: its inlets or outlets; the first asset's store holds it
    """
    asset = next((each for each in assets if isinstance(each, Asset)), None)
    if asset is None:
        return None
    key = f"known_orders/{context['dag_run'].dag_id}"

    def read() -> KnownOrders:
        try:
            return msgspec.convert(
                context["asset_state_store"][asset].get(key, {}), KnownOrders, strict=False
            )
        except (AirflowRuntimeError, LookupError, msgspec.ValidationError) as error:
            _log.warning("What earlier runs knew of our orders can't be read (%s)", error)
            return KnownOrders()

    def write(known: KnownOrders) -> None:
        try:
            context["asset_state_store"][asset].set(key, to_xcom(known))
        except (AirflowRuntimeError, LookupError) as error:
            _log.warning("Our orders can't be kept for later runs (%s)", error)

    return OrderMemory(read, write, by_hand=run_type_of(context) == "manual")
