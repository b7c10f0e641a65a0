"""How a new opportunity is born, and what is checked before the next one is."""

import datetime as dt
from decimal import Decimal

import pytest

from harvest_upsales.errors import SetupError
from sandbox.minimal import PRODUCT_TIME, STAGE_PROSPECT, USER_SALES
from tests.flows.bench import Bench, worth

NONE_LISTED = '{"error": null, "metadata": {"total": 0, "limit": 2000, "offset": 0}, "data": []}'


def test_it_has_the_user_the_stage_and_the_product_of_the_settings(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run(default_user_id=USER_SALES, default_stage_id=STAGE_PROSPECT)
    order = bench.order_of(project)
    assert (order["user"]["id"], order["stage"]["id"], order["probability"]) == (
        USER_SALES,
        STAGE_PROSPECT,
        50,
    )
    assert [row["product"]["id"] for row in order["orderRow"]] == [PRODUCT_TIME]


def test_its_currency_is_the_clients_and_its_rate_upsales_own(bench: Bench) -> None:
    project = bench.add_project(client=bench.add_client("Hafenkontor GmbH", "EUR"))
    bench.add_time(project, 2)
    bench.run()
    order = bench.order_of(project)
    assert (order["currency"], order["currencyRate"]) == ("EUR", Decimal("0.091776799"))


def test_it_is_dated_by_the_projects_end_or_else_by_the_newest_entry(bench: Bench) -> None:
    ending, open_end = bench.add_project("Ending", ends_on="2026-12-24"), bench.add_project("Open end")
    for project in (ending, open_end):
        bench.add_time(project, 1, days_ago=9)
        bench.add_time(project, 1, days_ago=2)
    bench.run()
    newest = bench.world.today - dt.timedelta(days=2)
    assert bench.order_of(ending)["date"] == "2026-12-24"
    assert bench.order_of(open_end)["date"] == newest.isoformat()


def test_a_price_that_upsales_rounds_is_never_passed_over(bench: Bench) -> None:
    bench.world.upsales.price_decimals = 1
    project = bench.add_project()
    bench.add_time(project, 2, rate="1250.55")
    (failure,) = bench.run().failures
    assert "Upsales stored other rows" in failure.message
    assert str(project) in failure.message


def test_a_list_that_hides_new_orders_stops_everything(bench: Bench) -> None:
    """Else the next run would find none of them, and create each a second time."""
    projects = [bench.add_project(), bench.add_project("Second")]
    bench.add_time(projects[0], 2)
    bench.world.faults.add(kind="status", status=200, method="GET", path="^/orders$", body=NONE_LISTED)
    with pytest.raises(SetupError, match="does not list the new orders"):
        bench.run()
    bench.world.faults.clear()
    bench.add_time(projects[1], 1)
    assert bench.run().failures == []
    assert [worth(bench.order_of(project)) for project in projects] == [2000, 1000]


def test_a_list_that_lags_behind_is_waited_for(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.world.faults.add(
        kind="status", status=200, method="GET", path="^/orders$", body=NONE_LISTED, times=4
    )
    assert bench.run().failures == []
    assert worth(bench.order_of(project)) == 2000
