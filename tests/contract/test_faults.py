"""What the clients make of a service that fails: reads go on, writes are sent once."""

import asyncio
import functools
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales import errors
from harvest_upsales.api.async_reader import AsyncUpsalesReader
from harvest_upsales.hooks import upsales_hook
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook, async_reader
from harvest_upsales.records.upsales_records import NewCompany, Order
from sandbox.world import World

TRANSIENT: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "headers": {"Retry-After": "3"}},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "truncate"},
    {"kind": "truncate", "short": True},
    {"kind": "html200"},
    {"kind": "wrong_content_type"},
    {"kind": "empty_envelope"},
]
AFTER_WRITE = [
    {"kind": "status", "status": 500, "processed": True},
    {"kind": "status", "status": 502},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "truncate"},
    {"kind": "truncate", "short": True},
    {"kind": "html200", "processed": True},
    {"kind": "wrong_content_type"},
    {"kind": "empty_envelope", "processed": True},
]


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for value in fault.values())


@pytest.mark.parametrize("fault", TRANSIENT, ids=name_of)
def test_a_read_outlives_what_passes(
    harvest: HarvestHook, upsales: UpsalesHook, world: World, waits: list[float], fault: dict[str, Any]
) -> None:
    world.faults.add(**fault, service="harvest", times=2)
    world.faults.add(**fault, service="upsales", times=2)

    assert harvest.client.company().invoice_feature
    assert upsales.client.order_stages()

    assert len(world.journal.entries) == 6
    assert len(waits) == 4
    if "headers" in fault:
        assert all(wait >= 3 for wait in waits)
    assert harvest.client.transport.stats.requests == 3
    assert harvest.client.transport.stats.retries == 2
    assert harvest.client.transport.stats.waited_s == pytest.approx(sum(waits[:2]))


@pytest.mark.parametrize("fault", TRANSIENT, ids=name_of)
def test_a_read_gives_up_within_bounds(
    harvest: HarvestHook, world: World, waits: list[float], fault: dict[str, Any]
) -> None:
    world.faults.add(**fault)

    with pytest.raises(errors.ApiError, match="GET /company") as problem:
        harvest.client.company()

    assert problem.value.recovery is errors.Recovery.WAIT_AND_RETRY
    assert len(world.journal.entries) == 5
    assert sum(waits) <= 120


@pytest.mark.parametrize("fault", AFTER_WRITE, ids=name_of)
def test_a_write_whose_answer_is_lost_is_sent_once(
    upsales: UpsalesHook, world: World, fault: dict[str, Any]
) -> None:
    world.faults.add(**fault, method="POST")

    with pytest.raises(errors.AnswerLostError, match="look it up") as lost:
        upsales.client.create_company(NewCompany(name="Nytt AB"))

    answered = (
        fault["kind"] in ("html200", "wrong_content_type", "empty_envelope") or fault.get("status") == 500
    )
    assert lost.value.may_still_arrive is not (answered or "short" in fault)
    assert len(world.journal.entries) == 1


# A deletion is answered without content: there is nothing to cut short or to mistype.
@pytest.mark.parametrize(
    "fault",
    [f for f in AFTER_WRITE if f["kind"] in ("status", "cut_before", "cut_after", "html200")],
    ids=name_of,
)
def test_a_deletion_is_sent_once_too(harvest: HarvestHook, world: World, fault: dict[str, Any]) -> None:
    world.faults.add(**fault, method="DELETE")

    with pytest.raises(errors.AnswerLostError, match="DELETE /invoices/1"):
        harvest.client.delete_invoice(1)

    assert len(world.journal.entries) == 1


def test_a_write_that_was_refused_for_its_rate_is_sent_again(
    upsales: UpsalesHook, world: World, waits: list[float]
) -> None:
    world.faults.add(kind="status", status=429, headers={"Retry-After": "2"}, times=2)

    upsales.client.create_company(NewCompany(name="Nytt AB"))

    assert len(world.journal.entries) == 3
    assert [company["name"] for company in world.upsales.companies.values()] == ["Nytt AB"]
    assert len(waits) == 2


def test_a_long_wait_is_left_to_the_task(harvest: HarvestHook, world: World, waits: list[float]) -> None:
    world.faults.add(kind="status", status=429, headers={"Retry-After": "300"})

    with pytest.raises(errors.RateLimitedError) as refused:
        harvest.client.company()

    assert refused.value.retry_after_s == 300
    assert waits == []
    assert len(world.journal.entries) == 1


def test_a_slow_write_may_still_arrive(
    upsales: UpsalesHook, world: World, connect: Any, sandbox: Any
) -> None:
    connect(sandbox.harvest_url, sandbox.upsales_url, upsales={"extra": {"timeout": 0.2}})
    world.faults.add(kind="delay", delay_s=0.6, method="POST")

    with pytest.raises(errors.AnswerLostError) as lost:
        UpsalesHook().client.create_company(NewCompany(name="Nytt AB"))

    assert lost.value.may_still_arrive


@pytest.mark.parametrize("write", [False, True])
def test_without_a_connection_everything_is_tried_again(
    connect: Any, waits: list[float], unused_url: str, write: bool
) -> None:
    connect(f"{unused_url}/v2", f"{unused_url}/api/v2")
    client = UpsalesHook().client

    with pytest.raises(errors.ServiceUnavailableError, match="no connection"):
        client.create_company(NewCompany(name="Nytt AB")) if write else client.owner()

    assert client.transport.stats.requests == 5
    assert len(waits) == 4


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RejectedError),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (301, errors.UnexpectedAnswerError),
        (422, errors.RejectedError),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_what_stays_fails_at_once(
    upsales: UpsalesHook, world: World, status: int, kind: type[errors.ApiError], write: bool
) -> None:
    headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    world.faults.add(kind="status", status=status, headers=headers, body="<html>Ann Berg</html>")

    with pytest.raises(kind) as problem:
        upsales.client.create_company(NewCompany(name="N")) if write else upsales.client.owner()

    assert problem.value.status == status
    assert "Ann Berg" not in str(problem.value)
    assert len(world.journal.entries) == 1


def test_a_redirect_names_the_base_url(harvest: HarvestHook, world: World, sandbox: Any) -> None:
    world.faults.add(kind="status", status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"})

    with pytest.raises(errors.UnexpectedAnswerError, match=sandbox.harvest_url):
        harvest.client.company()


@pytest.mark.parametrize("fault", TRANSIENT, ids=name_of)
def test_a_trigger_outlives_what_passes_too(
    upsales: UpsalesHook, world: World, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    waits: list[float] = []

    async def no_sleep(seconds: float) -> None:
        waits.append(seconds)

    quick = functools.partial(AsyncUpsalesReader, sleep=no_sleep)
    monkeypatch.setattr(upsales_hook, "AsyncUpsalesReader", quick)
    company_id = world.upsales.add_company("Fjäll & Sjö AB")
    order_id = world.upsales.add_order(company_id, stage_id=11)
    world.faults.add(**fault, times=2)

    async def read() -> Order:
        async with async_reader(upsales.connection) as reader:
            return await reader.read_order(order_id)

    assert asyncio.run(read()).probability == Decimal(90)
    # After a cut connection aiohttp asks once more by itself.
    assert 1 <= len(waits) <= 2
