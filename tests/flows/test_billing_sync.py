"""The billing app: called by the person's move and by the one save, never again once it has succeeded."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from typing import Any

import pytest

from harvest_upsales.domain.billing import Billing, BillingState
from harvest_upsales.errors import BillingBusyError, Recovery, SettlementHeldError
from harvest_upsales.flows.billing_sync import billing_now, call_again
from harvest_upsales.flows.settle import settle_order
from harvest_upsales.flows.settled import Settled
from harvest_upsales.operators.base_operator import RETRIES
from sandbox.minimal import BILLING_APP, STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import BILLED, Bench

BY_STATUS = {"billing_integration_id": BILLING_APP}


@pytest.fixture(params=[BILLED, BY_STATUS], ids=["by document number", "by status"])
def setting(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def opportunity(bench: Bench) -> int:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    return int(bench.order_of(project)["id"])


def settle(bench: Bench, order: int, setting: dict[str, Any]) -> tuple[Settled, Billing]:
    bench.world.clock.advance(dt.timedelta(minutes=10))
    services = bench.services(**setting)
    settled = settle_order(services, order)
    return settled, billing_now(services, order, settled.before)


def calls(bench: Bench) -> list[str]:
    return [str(call["by"]) for call in bench.world.billing.calls]


def test_without_a_billing_app_there_is_nothing_to_wait_for(bench: Bench) -> None:
    order = opportunity(bench)
    bench.win(order)
    assert settle(bench, order, {})[1].state is BillingState.OFF


def test_what_the_persons_move_has_done_is_done(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.win(order)
    bench.world.billing.ignores_api_saves = True
    settled, billing = settle(bench, order, setting)
    assert settled.synced_before
    assert billing.state is BillingState.DONE
    assert calls(bench) == ["person"]


def test_our_only_call_is_the_one_save(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.win(order)
    settle(bench, order, setting)
    settle(bench, order, setting)
    assert calls(bench) == ["person", "api"]
    assert len(bench.world.billing.customer_invoices) == 1


def test_a_success_that_comes_later_is_seen(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "silent"
    bench.win(order)
    settled, billing = settle(bench, order, setting)
    assert billing.state is BillingState.WAITING
    bench.world.billing.mode = "ok"
    bench.world.billing.order_saved(order, "person")
    assert billing_now(bench.services(**setting), order, settled.before).state is BillingState.DONE


def test_a_failure_carries_the_apps_words(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "fail"
    bench.win(order)
    _, billing = settle(bench, order, setting)
    assert billing.state is BillingState.FAILED
    assert billing.detail == "The customer is missing in the accounting"


def test_a_retry_after_a_failure_calls_once_more(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "fail"
    bench.win(order)
    settle(bench, order, setting)
    bench.world.billing.mode = "ok"
    bench.world.clock.advance(dt.timedelta(minutes=10))
    services = bench.services(**setting)
    before = call_again(services, order)
    assert billing_now(services, order, before).state is BillingState.DONE
    assert call_again(services, order).synced
    assert calls(bench) == ["person", "api", "api"]
    assert len(bench.world.billing.customer_invoices) == 1


def test_the_old_failure_is_not_taken_for_the_answer_to_a_new_call(
    bench: Bench, setting: dict[str, Any]
) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "fail"
    bench.win(order)
    settle(bench, order, setting)
    bench.world.billing.mode = "silent"
    services = bench.services(**setting)
    before = call_again(services, order)
    assert billing_now(services, order, before).state is BillingState.WAITING


def test_a_call_that_a_lost_try_may_have_made_is_waited_for(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "fail"
    bench.win(order)
    settle(bench, order, setting)
    bench.world.clock.advance(dt.timedelta(minutes=30))
    bench.world.billing.mode = "silent"
    services = bench.services(**setting)
    call_again(services, order)
    bench.world.clock.advance(dt.timedelta(minutes=2))

    before = call_again(services, order, may_be_called=True)

    assert calls(bench) == ["person", "api", "api"]
    assert billing_now(services, order, before).state is BillingState.WAITING


def test_a_try_that_was_lost_before_its_call_is_made_up_for(bench: Bench, setting: dict[str, Any]) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "fail"
    bench.win(order)
    settle(bench, order, setting)
    bench.world.clock.advance(dt.timedelta(minutes=30))
    bench.world.billing.mode = "ok"

    services = bench.services(**setting)
    before = call_again(services, order, may_be_called=True)

    assert calls(bench) == ["person", "api", "api"]
    assert billing_now(services, order, before).state is BillingState.DONE


def test_an_order_that_is_no_longer_won_is_not_sent_again(bench: Bench) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "fail"
    bench.win(order)
    settle(bench, order, BILLED)
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    with pytest.raises(SettlementHeldError, match="no longer at 100"):
        call_again(bench.services(**BILLED), order)


def test_a_success_from_before_the_win_does_not_count(bench: Bench) -> None:
    order = opportunity(bench)
    status = {"integrationId": BILLING_APP, "callbackStatus": 1, "callbackMessage": ""}
    bench.world.upsales.orders[order]["lastIntegrationStatus"] = [
        status | {"callbackDate": "2026-11-20T08:00:00.000Z"}
    ]
    bench.world.billing.mode = "silent"
    bench.win(order)
    settled, billing = settle(bench, order, BY_STATUS)
    assert not settled.synced_before
    assert billing.state is BillingState.WAITING


def test_a_success_earlier_on_the_day_of_the_win_does_not_count(bench: Bench) -> None:
    order = opportunity(bench)
    status = {"integrationId": BILLING_APP, "callbackStatus": 1, "callbackMessage": ""}
    bench.world.upsales.orders[order]["lastIntegrationStatus"] = [
        status | {"callbackDate": "2026-11-22T03:00:00.000Z"}
    ]
    bench.world.billing.mode = "silent"
    bench.win(order)
    assert settle(bench, order, BY_STATUS)[1].state is BillingState.WAITING


def test_a_stale_success_does_not_count_in_a_second_try_either(bench: Bench) -> None:
    order = opportunity(bench)
    status = {"integrationId": BILLING_APP, "callbackStatus": 1, "callbackMessage": ""}
    bench.world.upsales.orders[order]["lastIntegrationStatus"] = [
        status | {"callbackDate": "2026-11-22T03:00:00.000Z"}
    ]
    bench.world.billing.mode = "silent"
    bench.win(order)
    settle(bench, order, BY_STATUS)
    assert settle(bench, order, BY_STATUS)[1].state is BillingState.WAITING


@pytest.mark.parametrize("hours", [1, 2])
def test_an_app_whose_clock_is_behind_is_believed(bench: Bench, setting: dict[str, Any], hours: int) -> None:
    order = opportunity(bench)
    bench.world.billing.clock_behind = dt.timedelta(hours=hours)
    bench.win(order)
    assert settle(bench, order, setting)[1].state is BillingState.DONE


def test_an_app_that_is_still_busy_with_the_win_is_not_called_a_second_time_meanwhile(bench: Bench) -> None:
    """An app that makes an invoice of every call, until it has written its document number."""
    order = opportunity(bench)
    bench.world.billing.naive = True
    bench.world.billing.delay_s = 0.6
    bench.win(order)
    services = replace(bench.services(**BILLED), sleep=threading.Event().wait)

    settle_order(services, order)

    assert len(bench.world.billing.customer_invoices) == 1


def test_an_app_that_is_slower_than_settlement_waits_is_not_called_a_second_time_either(
    bench: Bench, setting: dict[str, Any]
) -> None:
    """The clock of the waits does not run here, so that the app needs longer than all of them."""
    order = opportunity(bench)
    bench.world.billing.naive = True
    bench.world.billing.delay_s = 0.6
    bench.win(order)
    services = bench.services(**setting)
    before = len(bench.world.journal.entries)

    with pytest.raises(BillingBusyError) as busy:
        settle_order(services, order)

    assert busy.value.recovery is Recovery.WAIT_AND_RETRY
    assert not any(entry["is_write"] for entry in bench.world.journal.since(before))
    while not bench.world.upsales.orders[order]["lastIntegrationStatus"]:
        threading.Event().wait(0.05)
    settle_order(services, order)
    assert len(bench.world.billing.customer_invoices) == 1
    assert bench.invoice_field(order) is not None


def test_the_last_try_of_the_task_finds_a_silent_app_s_time_over(
    bench: Bench, setting: dict[str, Any]
) -> None:
    order = opportunity(bench)
    bench.world.billing.mode = "silent"
    bench.win(order)
    services = bench.services(**setting)
    with pytest.raises(BillingBusyError):
        settle_order(services, order)

    # The first of the retries.
    bench.world.clock.advance(RETRIES["retry_delay"])
    settle_order(services, order)

    assert bench.invoice_field(order) is not None


def test_an_app_that_a_person_s_save_keeps_busy_meanwhile_is_not_called_beside_it(
    bench: Bench, setting: dict[str, Any]
) -> None:
    """Somebody saves the order between our first look at it and the save that marks it."""
    order = opportunity(bench)
    billing = bench.world.billing
    billing.naive, billing.mode = True, "silent"
    bench.win(order)
    bench.world.clock.advance(dt.timedelta(minutes=10))
    services = bench.services(**setting)

    def somebody_saves(_: dict[str, Any]) -> None:
        billing.mode, billing.delay_s = "ok", 0.6
        bench.world.upsales.edit(order, description="Renamed by Greta")

    bench.world.moments.change("harvest", "^/projects/", somebody_saves, method="PATCH")
    with pytest.raises(BillingBusyError, match="the billing app is still busy"):
        settle_order(services, order)

    assert bench.invoice_field(order) is None
    while not bench.world.upsales.orders[order]["lastIntegrationStatus"]:
        threading.Event().wait(0.05)
    settle_order(services, order)
    assert len(bench.invoices()) == len(billing.customer_invoices) == 1
    assert bench.invoice_field(order) is not None


def test_a_save_that_mended_the_order_a_moment_ago_is_the_call_that_the_app_gets(
    bench: Bench, setting: dict[str, Any]
) -> None:
    """The person who mends the order clears the task right after, while the app is at work on the mended order."""
    order = opportunity(bench)
    billing = bench.world.billing
    billing.naive, billing.mode = True, "fail"
    bench.win(order)
    settle(bench, order, setting)
    bench.world.clock.advance(dt.timedelta(minutes=10))
    services = bench.services(**setting)
    billing.mode, billing.delay_s = "ok", 0.6
    bench.world.upsales.edit(order, description="Mended by Greta")

    before = call_again(services, order)

    assert billing_now(services, order, before).state is BillingState.WAITING
    while not billing.customer_invoices:
        threading.Event().wait(0.05)
    assert billing_now(services, order, before).state is BillingState.DONE
    assert calls(bench) == ["person", "api", "person"]
    assert len(billing.customer_invoices) == 1
