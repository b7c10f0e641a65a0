"""The DAG: composition only. Imported by the DAG file; reads nothing while it is parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable, Param, TriggerRule, task_group

from harvest_upsales.dag_docs import DAG_DOC, TASK_DOCS
from harvest_upsales.operators.assets import opportunities_asset, settled_orders_asset
from harvest_upsales.operators.base_operator import RETRIES, WRITES_POOL
from harvest_upsales.operators.check_setup_operator import CheckSetupOperator
from harvest_upsales.operators.extract_time_operator import ExtractTimeOperator
from harvest_upsales.operators.find_won_operator import FindWonOrdersOperator
from harvest_upsales.operators.mark_invoiced_operator import MarkProjectInvoicedOperator
from harvest_upsales.operators.reconcile_operator import ReconcileOperator
from harvest_upsales.operators.sync_billing_operator import SyncBillingOperator
from harvest_upsales.operators.upsert_operator import UpsertOpportunitiesOperator
from harvest_upsales.settings import SETTINGS_VARIABLE

PARAMS = {
    "dry_run": Param(
        False, type="boolean", title="Dry run", description="Say what would be written, and write nothing."
    ),
    "project_ids": Param(
        [],
        type=["array", "null"],
        items={"type": "integer", "minimum": 1},
        title="Projects",
        description="Harvest project ids; empty means all.",
    ),
    "start_date": Param(
        None,
        type=["string", "null"],
        format="date",
        title="From",
        description="First day of time to look at; empty means by the schedule.",
    ),
    "end_date": Param(
        None, type=["string", "null"], format="date", title="To", description="Last day of time to look at."
    ),
    "settings": Param(
        None,
        type=["object", "null"],
        title="Settings to try",
        description="For a dry run: plan with these settings instead of the saved ones.",
    ),
}


def harvest_upsales_dag(
    dag_id: str = "harvest_upsales",
    harvest_conn_id: str = "harvest_default",
    upsales_conn_id: str = "upsales_default",
    settings_variable: str = SETTINGS_VARIABLE,
    pool: str = WRITES_POOL,
    schedule: str = "0 * * * *",
    *,
    alerts: Sequence[Callable[[Any], None]] = (),
    drift_threshold: str = "0",
    asset_family: str | None = None,
    **dag_arguments: Any,
) -> DAG:
    """The DAG for one pair of accounts.

    :param dag_id: id of the DAG
    :param harvest_conn_id: connection to Harvest
    :param upsales_conn_id: connection to Upsales
    :param settings_variable: Airflow Variable with the settings
    :param pool: a pool with one slot, one for each Upsales account: whatever runs overlap, one task writes at a time
    :param schedule: cron expression, in UTC; every run's data interval is the period before it
    :param alerts: Airflow notifiers (or callbacks), called where a project, a settlement, the billing app or the
        reconciliation fails; ``{{ exception }}`` in their templates is the message
    :param drift_threshold: drift per project up to which a run stays green, in units of the project's currency
    :param asset_family: first part of the names of its assets, ``<family>/opportunities`` and
        ``<family>/settled_orders``; by default the DAG's id, so that the assets of several accounts differ
    :param dag_arguments: more arguments of the DAG
    """
    params = {**PARAMS, **dag_arguments.pop("params", {})}
    # Stands here, too, as Airflow asks a mapped task's policy of the DAG.
    default_args = {**RETRIES, **dag_arguments.pop("default_args", {})}
    with DAG(
        dag_id=dag_id,
        schedule=CronDataIntervalTimetable(schedule, timezone="UTC"),
        params=params,
        default_args=default_args,
        **{
            "start_date": pendulum.datetime(2020, 1, 1, tz="UTC"),
            "catchup": False,
            "max_active_runs": 1,
            "tags": ["harvest", "upsales"],
            "doc_md": DAG_DOC,
            "render_template_as_native_obj": False,
            **dag_arguments,
        },
    ) as dag:
        _compose(
            {
                "harvest_conn_id": harvest_conn_id,
                "upsales_conn_id": upsales_conn_id,
                "settings_variable": settings_variable,
                "plan_only": "{{ params.dry_run }}",
                "trial_settings": "{{ params.settings | tojson }}",
            },
            pool,
            list(alerts),
            drift_threshold,
            asset_family or dag_id,
        )
    return dag


def _compose(
    common: dict[str, Any],
    pool: str,
    alerts: list[Callable[[Any], None]],
    drift_threshold: str,
    asset_family: str,
) -> None:
    opportunities, settled_orders = opportunities_asset(asset_family), settled_orders_asset(asset_family)
    common = {**common, "on_failure_callback": alerts}
    check = CheckSetupOperator(
        task_id="check_setup", doc_md=TASK_DOCS["check_setup"].markdown, pool=pool, **common
    )
    extract = ExtractTimeOperator(
        task_id="extract_time",
        doc_md=TASK_DOCS["extract_time"].markdown,
        project_ids="{{ params.project_ids }}",
        spent_from="{{ params.start_date }}",
        spent_to="{{ params.end_date }}",
        **common,
    )
    upsert = UpsertOpportunitiesOperator.partial(
        task_id="upsert_opportunities",
        doc_md=TASK_DOCS["upsert_opportunities"].markdown,
        inlets=[opportunities],
        pool=pool,
        map_index_template="{{ task.label }}",
        **common,
    ).expand(batch=extract.output)
    # Settlement goes on where some project's upsert failed.
    find_won = FindWonOrdersOperator(
        task_id="find_won_orders",
        doc_md=TASK_DOCS["find_won_orders"].markdown,
        extract_task_id="extract_time",
        trigger_rule=TriggerRule.ALL_DONE,
        **common,
    )

    @task_group(group_id="settle")
    def settle(order: Any) -> None:
        mark = MarkProjectInvoicedOperator(
            task_id="mark_project_invoiced",
            doc_md=TASK_DOCS["settle.mark_project_invoiced"].markdown,
            order=order,
            outlets=[settled_orders],
            pool=pool,
            map_index_template="{{ task.label }}",
            **common,
        )
        SyncBillingOperator(
            task_id="sync_billing",
            doc_md=TASK_DOCS["settle.sync_billing"].markdown,
            order=mark.output,
            outlets=[settled_orders],
            pool=pool,
            map_index_template="{{ task.label }}",
            **common,
        )

    reconcile = ReconcileOperator(
        task_id="reconcile",
        doc_md=TASK_DOCS["reconcile"].markdown,
        project_ids="{{ params.project_ids }}",
        drift_threshold=drift_threshold,
        outlets=[opportunities],
        trigger_rule=TriggerRule.ALL_DONE,
        **common,
    )
    check >> extract
    # Reconcile waits for both by itself: where only failed instances are cleared, nothing in between runs again.
    upsert >> [find_won, reconcile]
    settle.expand(order=find_won.output) >> reconcile
