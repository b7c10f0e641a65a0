"""Monthly invoicing from end to end through Airflow: agencies that invoice by month are the majority."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.xcom_keys import CLOSED_KEY
from harvest_upsales.web.plans import PlannedClosing
from sandbox.minimal import STAGE_WON
from sandbox.world import World

pytestmark = pytest.mark.airflow
TODAY = dt.datetime.now(dt.UTC).date()
THIS_MONTH = Month.of(TODAY)
LAST_MONTH = Month.of(THIS_MONTH.first_day - dt.timedelta(days=1))


def by_month(world: World) -> dict[str, dict[str, Any]]:
    """Our orders by the month of their key."""
    return {
        str(value["value"]).rsplit(":", 1)[1]: order
        for order in world.upsales.orders.values()
        for value in order["custom"]
        if str(value["value"]).startswith("1029384:")
    }


def test_a_month_is_sold_invoiced_and_closed_on_its_own(
    world: World, run: Callable[..., Any], settings: dict[str, Any]
) -> None:
    settings["opportunity_per"] = "month"
    client_id = world.harvest.add_client("Byrån & Co AB")
    world.upsales.add_company("Byrån & Co")
    project_id = world.harvest.add_project(client_id, "Retainer", hourly_rate="1100")
    for day, hours in (
        (LAST_MONTH.first_day, "7.25"),
        (LAST_MONTH.last_day, "3.5"),
        (THIS_MONTH.first_day, "4"),
    ):
        world.harvest.add_time(project_id, day.isoformat(), hours, rate="1100.50")

    assert run().state == "success"

    orders = by_month(world)
    assert set(orders) == {str(LAST_MONTH), str(THIS_MONTH)}
    assert orders[str(LAST_MONTH)]["value"] == Decimal("10.75") * Decimal("1100.50")
    assert orders[str(THIS_MONTH)]["value"] == 4 * Decimal("1100.50")
    assert str(LAST_MONTH) in orders[str(LAST_MONTH)]["description"]

    world.upsales.move(orders[str(LAST_MONTH)]["id"], STAGE_WON)
    assert run().state == "success"

    [invoice] = world.harvest.invoices.values()
    assert invoice["amount"] == Decimal("11830.38")
    billed = {entry["spent_date"] for entry in world.harvest.time_entries.values() if entry["is_billed"]}
    assert billed == {LAST_MONTH.first_day.isoformat(), LAST_MONTH.last_day.isoformat()}
    assert world.harvest.projects[project_id]["is_active"] is True
    assert by_month(world)[str(THIS_MONTH)]["value"] == 4 * Decimal("1100.50")
    assert len(world.billing.customer_invoices) == 1

    before = len(world.journal.entries)
    assert run().state == "success"
    assert [entry for entry in world.journal.entries[before:] if entry["method"] != "GET"] == []
    assert world.journal.violations == []


def test_switching_under_live_opportunities_is_refused_before_anything_is_written(
    world: World, run: Callable[..., Any], settings: dict[str, Any]
) -> None:
    client_id = world.harvest.add_client("Fjord AB")
    world.upsales.add_company("Fjord AB")
    project_id = world.harvest.add_project(client_id, "Webb", hourly_rate="1000")
    world.harvest.add_time(project_id, TODAY.isoformat(), "1", rate="1000")
    run()
    before = len(world.journal.entries)

    settings["opportunity_per"] = "month"
    switched = run()

    assert switched.state == "failed"
    assert [entry for entry in world.journal.entries[before:] if entry["method"] != "GET"] == []
    settings["opportunity_per"] = "project"
    assert run().state == "success"


def test_the_night_after_a_project_s_end_archives_it(
    world: World, run: Callable[..., Any], settings: dict[str, Any]
) -> None:
    settings["opportunity_per"] = "month"
    client_id = world.harvest.add_client("Fjord AB")
    world.upsales.add_company("Fjord AB")
    project_id = world.harvest.add_project(
        client_id, "Webb", hourly_rate="1000", ends_on=(TODAY + dt.timedelta(days=9)).isoformat()
    )
    world.harvest.add_time(project_id, TODAY.isoformat(), "1", rate="1000")
    run()
    [order] = by_month(world).values()
    world.upsales.move(order["id"], STAGE_WON)
    assert run().state == "success"
    project = world.harvest.projects[project_id]
    project["ends_on"] = (TODAY - dt.timedelta(days=1)).isoformat()
    assert run().state == "success"
    assert project["is_active"] is True

    planned = run(night=True, conf={"dry_run": True})
    assert closings(planned) == [
        PlannedClosing(order["id"], "Fjord AB: Webb", ("would archive the project, which has ended",))
    ]
    assert project["is_active"] is True

    before = len(world.journal.entries)
    night = run(night=True)
    assert night.state == "success"
    assert [e["method"] for e in world.journal.entries[before:] if e["method"] != "GET"] == ["PATCH"]
    assert project["is_active"] is False
    assert {
        (ti.task_id, str(ti.state)) for ti in night.get_task_instances() if ti.task_id.startswith("settle.")
    } == {("settle.mark_project_invoiced", "skipped"), ("settle.sync_billing", "skipped")}


def closings(dag_run: Any) -> list[PlannedClosing]:
    """As the page shows them."""
    mark = next(ti for ti in dag_run.get_task_instances() if ti.task_id == "settle.mark_project_invoiced")
    told = mark.xcom_pull(task_ids=mark.task_id, key=CLOSED_KEY, map_indexes=mark.map_index)
    return [msgspec.convert(told, PlannedClosing, strict=False)]
