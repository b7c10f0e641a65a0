"""How a new opportunity is born, and what is checked before the next one is."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.errors import SetupError
from harvest_upsales.flows.blind_lists import KnownOrders
from harvest_upsales.flows.known_opportunities import LOOK_GOOD_FOR, KnownOpportunities
from harvest_upsales.flows.upsert import Upsert
from sandbox.minimal import PRODUCT_TIME, STAGE_PROSPECT, USER_SALES
from tests.flows.run_harness import EVERYTHING, Bench, worth

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


def test_only_one_is_made_where_the_list_hides_it(bench: Bench) -> None:
    for name in ("First", "Second", "Third"):
        bench.add_time(bench.add_project(name), 2)
    bench.world.faults.add(kind="status", status=200, method="GET", path="^/orders$", body=NONE_LISTED)
    with pytest.raises(SetupError, match="does not list the new orders"):
        bench.run()
    assert len(bench.world.upsales.orders) == 1


def test_a_filter_that_finds_none_of_ours_lets_nothing_be_made(bench: Bench) -> None:
    for name in ("First", "Second"):
        bench.add_time(bench.add_project(name), 2)
    bench.run()
    made = sorted(bench.world.upsales.orders)
    # An Airflow that was set up anew.
    bench.memory.write(KnownOrders())
    # The two filtered lists before the whole one, and the one after it.
    for nth in (1, 2, 4):
        bench.world.faults.add(
            kind="status", status=200, method="GET", path="^/orders$", body=NONE_LISTED, nth=nth
        )
    with pytest.raises(SetupError, match=f"lists none of our orders .* order {made[0]}"):
        bench.run(EVERYTHING)
    assert sorted(bench.world.upsales.orders) == made


def test_a_key_that_upsales_does_not_keep_stops_everything(bench: Bench) -> None:
    for name in ("First", "Second"):
        bench.add_time(bench.add_project(name), 2)

    def lose_the_key(answer: dict[str, Any]) -> None:
        answer["data"]["custom"] = []
        bench.world.upsales.orders[answer["data"]["id"]]["custom"] = []

    bench.world.moments.change("upsales", "^/orders$", lose_the_key, nth=None, method="POST")
    with pytest.raises(SetupError, match="did not keep the HARVEST_KEY"):
        bench.run()
    assert len(bench.world.upsales.orders) == 1


def test_an_answer_that_leaves_the_key_out_is_looked_up(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.world.faults.add(kind="edit", method="POST", path="^/orders$", at="data.custom", raw="[]")
    assert bench.run().failures == []
    assert worth(bench.order_of(project)) == 2000


def test_a_twin_that_came_after_the_batch_was_read_is_taken_for_what_it_is(bench: Bench) -> None:
    first, second = bench.add_project("First"), bench.add_project("Second")
    bench.add_time(first, 2)
    bench.add_time(second, 1)
    batch = Upsert(bench.services(), [first, second])
    outcomes = batch.run()
    done = [next(outcomes)]
    # The worker was taken for dead, and its successor was quicker.
    list(Upsert(bench.services(), [second]).run())
    done += outcomes
    assert [str(outcome.action) for outcome in done] == ["create", "unchanged"]
    assert batch.failures == []
    assert worth(bench.order_of(second)) == 1000


def test_each_sending_looks_anew(bench: Bench) -> None:
    """While the service has us wait, the same opportunity may come from elsewhere."""
    project = bench.add_project()
    bench.add_time(project, 2)
    batch = Upsert(bench.services(), [project])
    rivals = [Upsert(bench.services(), [project])]

    def meanwhile() -> None:
        if rivals and any(entry["status"] == 429 for entry in bench.world.journal.entries):
            list(rivals.pop().run())

    bench.world.faults.add(kind="status", status=429, method="POST", path="^/orders$", times=1)
    bench.clock.told = meanwhile
    (outcome,) = batch.run()
    assert rivals == []
    assert outcome.order_id == bench.order_of(project)["id"]


def test_twins_that_slipped_in_are_told_with_both_ids(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    upsales = bench.world.upsales

    def copy(answer: dict[str, Any]) -> None:
        made = answer["data"]["id"]
        upsales.orders[made + 1] = upsales.orders[made] | {"id": made + 1}

    bench.world.moments.change("upsales", "^/orders$", copy, method="POST")
    run = bench.run()
    made = [order["id"] for order in bench.orders_of(project)]
    assert [f"{made[0]}, {made[1]}" in failure.message for failure in run.failures] == [True]
    assert run.actions() == {project: "fail"}


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_fee_that_is_invoiced_is_not_sold_again(bench: Bench, by_hand: bool) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=50000)
    bench.add_time(project, 2)
    if by_hand:
        bench.invoice_by_hand(project)
    else:
        bench.run()
        order_id = bench.order_of(project)["id"]
        bench.win(order_id)
        bench.run(archive_invoiced_projects=False)
        del bench.world.upsales.orders[order_id]
    (failure,) = bench.run(EVERYTHING).failures
    (invoice,) = bench.invoices()
    assert f"50000 SEK are invoiced in Harvest already (invoices {invoice['id']})" in failure.message
    assert bench.orders_of(project) == []


def test_a_look_for_twins_is_good_for_two_seconds(bench: Bench) -> None:
    projects = [bench.add_project(f"Nr {number}") for number in range(6)]
    for project in projects:
        bench.add_time(project, 2)

    def lists() -> int:
        return [(e["method"], e["path"]) for e in bench.world.journal.entries].count(("GET", "/orders"))

    batch = Upsert(bench.services(), projects).run()
    next(batch)
    seen = [lists()]
    for number in range(1, 6):
        if number == 4:
            bench.world.clock.advance(LOOK_GOOD_FOR)
        next(batch)
        seen.append(lists())
    # The first relies on the batch's own reading; the second's look is the first that shows what was just created.
    assert [count - seen[0] for count in seen] == [0, 1, 1, 1, 2, 2]


def test_a_batch_keeps_the_orders_of_its_own_projects_alone(bench: Bench) -> None:
    """Whole orders bring notes of up to 65,535 characters each, which would fill the memory."""
    projects = [bench.add_project(name) for name in ("Mine", "Another", "A third")]
    for project in projects:
        bench.add_time(project, 1)
    bench.run(EVERYTHING)
    orders = KnownOpportunities(bench.services())

    assert [key.project_id for key in orders.read_all(projects[:1])] == projects[:1]
    assert orders.lists_ours
    gone = KnownOpportunities(bench.services())
    assert gone.read_all([1]) == {}
    assert gone.lists_ours, "those of other projects are ours, too"
