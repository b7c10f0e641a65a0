"""How many requests a run takes: counted, not timed, so that they do not grow unseen."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from msgspec.structs import replace

from harvest_upsales.errors import SettingsError, SetupError
from harvest_upsales.flows.extract import extract
from harvest_upsales.flows.services import Services, Setup
from harvest_upsales.flows.setup_memory import GOOD_FOR, confirm_remembered, still_good
from sandbox.minimal import STAGE_LOST
from tests.flows.run_harness import Bench

NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
CHECKED = Setup(
    key_field=1, invoice_field=2, billing_field=None, stage_probability=Decimal(90), digest="abc",
    checked_at=NOW - dt.timedelta(hours=1), warnings=("said once",),
)  # fmt: skip


def asked(bench: Bench, since: int) -> list[str]:
    return [f"{e['method']} {e['path']}" for e in bench.world.journal.since(since)]


def settle_one(bench: Bench, **settings: object) -> list[str]:
    """The requests of a run that settles one order, whose set-up was checked before."""
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run(**settings)
    bench.win(bench.order_of(project)["id"])
    run = bench.run(bench.quiet, **settings)
    assert run.errors == {}
    return [f"{e['method']} {e['path']}" for e in run.requests]


@pytest.mark.parametrize("projects", [4, 40])
def test_a_run_with_nothing_to_do_asks_three_things_whatever_the_account_s_size(
    bench: Bench, projects: int
) -> None:
    for number in range(projects):
        bench.add_time(bench.add_project(f"Nr {number}"), 2)
    bench.run()

    quiet = bench.run(bench.quiet, remembered=True)

    paths = [f"{e['method']} {e['path']}" for e in quiet.requests]
    assert sorted(paths) == ["GET /orders", "GET /reports/uninvoiced", "GET /time_entries"]


MONTHLY = {"opportunity_per": "month"}


@pytest.mark.parametrize("others", [(), (1,), (1, 70)], ids=["alone", "beside a live one", "beside two"])
@pytest.mark.parametrize("hours", [1, -1], ids=["grown", "shrunk"])
@pytest.mark.parametrize("age", [40, 500], ids=["of this year", "older"])
def test_a_lost_month_that_changes_costs_one_report_more(
    bench: Bench, others: tuple[int, ...], hours: int, age: int
) -> None:
    project = bench.add_project()
    for days_ago in (age, *others):
        bench.add_time(project, 2, days_ago=days_ago)
    bench.run(bench.night, **MONTHLY)
    month = f"{bench.world.today - dt.timedelta(days=age):%Y-%m}"
    (lost,) = [order for order in bench.orders_of(project) if bench.key_of(order).endswith(month)]
    bench.world.upsales.move(lost["id"], STAGE_LOST)
    bench.add_time(project, hours, days_ago=age)
    bench.run(**MONTHLY)

    for _ in range(2):
        quiet = bench.run(bench.quiet, remembered=True, **MONTHLY)

        assert len(quiet.requests) <= 4
        assert quiet.outcomes == []
        assert quiet.drifts == {}
    night = bench.run(bench.night, **MONTHLY)
    assert night.drifts == {}
    assert f"order {lost['id']} is lost, with {2000 + 1000 * hours}.00 SEK uninvoiced" in {
        outcome.reason for outcome in night.outcomes
    }


def test_a_lost_month_that_grew_hides_no_drift_of_a_live_one(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2, days_ago=40)
    bench.add_time(project, 2, days_ago=1)
    bench.run(**MONTHLY)
    lost, live = sorted(bench.orders_of(project), key=bench.key_of)
    bench.world.upsales.move(lost["id"], STAGE_LOST)
    bench.add_time(project, 1, days_ago=40)
    bench.run(**MONTHLY)
    bench.add_time(project, 3, days_ago=1)

    quiet = bench.run(bench.quiet, **MONTHLY)

    assert quiet.writes == [f"PUT /orders/{live['id']}"]
    assert quiet.drifts == {}


def test_a_lost_month_beside_settled_ones_is_no_reason_to_list_invoices(bench: Bench) -> None:
    project = bench.add_project()
    for days_ago in (10, 40, 70):
        bench.add_time(project, 2, days_ago=days_ago)
    bench.run(bench.night, **MONTHLY)
    lost, *others = bench.orders_of(project)
    bench.world.upsales.move(lost["id"], STAGE_LOST)
    for order in others:
        bench.win(order["id"])
    assert bench.run(bench.quiet, **MONTHLY).errors == {}

    quiet = bench.run(bench.quiet, remembered=True, **MONTHLY)

    assert len(quiet.requests) == 3
    assert quiet.drifts == {}
    bench.harvest.delete_invoice(int(bench.invoice_field(others[0]["id"]) or 0))
    assert bench.run(bench.quiet, **MONTHLY).drifts == {project: "invoice gone"}


def test_a_fee_of_which_some_is_invoiced_costs_a_list_of_projects(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=4_000, hourly_rate=None, starts_on="2019-01-01")
    bench.add_time(project, 2)
    bench.run()
    bench.invoice_by_hand(project)
    bench.world.harvest.projects[project]["fee"] = Decimal(10_000)
    bench.run(bench.quiet)

    quiet = bench.run(bench.quiet, remembered=True)

    paths = [f"{e['method']} {e['path']}" for e in quiet.requests]
    assert sorted(paths) == ["GET /orders", "GET /projects", "GET /reports/uninvoiced", "GET /time_entries"]
    assert quiet.drifts == {}
    assert quiet.reconciled is not None
    assert [(line.state, line.drift) for line in quiet.reconciled.lines] == [("fee partly invoiced", -4_000)]


@pytest.mark.parametrize("changed", [1, 5])
def test_changed_projects_cost_a_reading_and_a_write_each(bench: Bench, changed: int) -> None:
    projects = [bench.add_project(f"Nr {number}") for number in range(12)]
    for project in projects:
        bench.add_time(project, 2)
    bench.run()
    for project in projects[:changed]:
        bench.add_time(project, 3)

    run = bench.run(remembered=True)

    assert len(run.writes) == changed
    reads = [e["path"] for e in run.requests if not e["is_write"]]
    # Three that look for changes, four that confirm the set-up, and three that look again at the end.
    fixed = 10
    # Each order is read right before it is saved; a few projects are read one by one, more in one list.
    few = changed <= 3
    assert len(reads) <= fixed + changed + (2 * changed if few else 2)


def test_looks_for_twins_cost_a_first_sync_little(bench: Bench) -> None:
    for number in range(60):
        bench.add_time(bench.add_project(f"Nr {number}"), 2)

    run = bench.run()

    creates = [e for e in run.requests if e["method"] == "POST" and e["path"] == "/orders"]
    looks = [e for e in run.requests if e["method"] == "GET" and e["path"] == "/orders"]
    # By `extract`, of the batch, the whole list of an account without any of ours, before the second create, at the
    # batch's end and the run's.
    fixed = 6
    assert len(creates) == 60
    assert len(looks) <= fixed + len(creates) // 50


def test_a_settlement_s_requests(bench: Bench) -> None:
    paths = settle_one(bench)

    assert len(paths) <= 22, paths


def test_a_set_up_is_good_for_a_day_and_for_what_was_checked_alone() -> None:
    good = still_good(CHECKED, "abc", NOW)

    assert good == replace(CHECKED, remembered=True, warnings=())
    assert still_good(None, "abc", NOW) is None
    assert still_good(CHECKED, "other", NOW) is None
    assert still_good(CHECKED, "abc", NOW + GOOD_FOR) is None
    assert still_good(CHECKED, "abc", NOW - dt.timedelta(hours=2)) is None
    assert still_good(replace(CHECKED, checked_at=None), "abc", NOW) is None
    assert still_good(replace(CHECKED, key_field=None), "abc", NOW) is None
    assert still_good(replace(CHECKED, digest=""), "", NOW) is None


def test_taking_over_again_and_again_never_makes_it_younger() -> None:
    once = still_good(CHECKED, "abc", NOW)

    assert still_good(once, "abc", NOW + GOOD_FOR) is None


def test_field_ids_that_changed_stop_the_run_before_it_writes(bench: Bench) -> None:
    services = bench.services()
    stale = replace(services.setup, key_field=99, remembered=True, checked_at=NOW)

    with pytest.raises(SetupError, match="order fields in Upsales are others"):
        confirm_remembered(replace_setup(services, stale), creates=False, settles=False)


def test_a_stage_that_changed_stops_what_would_create(bench: Bench) -> None:
    services = bench.services()
    stale = replace(services.setup, stage_probability=Decimal(50), remembered=True, checked_at=NOW)

    confirm_remembered(replace_setup(services, stale), creates=False, settles=False)
    with pytest.raises(SetupError, match="another probability"):
        confirm_remembered(replace_setup(services, stale), creates=True, settles=False)


def test_a_stage_that_changed_stops_a_project_that_has_an_order_of_another_kind(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run(opportunity_per="month")
    bench.win(bench.order_of(project)["id"])
    bench.run(opportunity_per="month", archive_invoiced_projects=False)
    bench.add_time(project, 3)
    services = bench.services()
    known = replace_setup(services, replace(services.setup, remembered=True, checked_at=services.now()))
    bench.world.upsales.stages[services.settings.default_stage_id]["probability"] = 100

    with pytest.raises(SettingsError, match="default_stage_id"):
        extract(known, bench.last_hour)


def test_a_user_who_left_stops_what_would_create(bench: Bench) -> None:
    services = bench.services()
    known = replace_setup(services, replace(services.setup, remembered=True, checked_at=NOW))
    bench.world.upsales.users[services.settings.default_user_id]["active"] = 0

    with pytest.raises(SettingsError, match="default_user_id"):
        confirm_remembered(known, creates=True, settles=False)


def replace_setup(services: Services, setup: Setup) -> Services:
    return dataclasses.replace(services, setup=setup)
