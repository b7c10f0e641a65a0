"""A service's own id of a request stands in the message, so that its support can find the request."""

import asyncio
import logging

import pytest

from harvest_upsales import errors
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook, async_reader
from harvest_upsales.records.upsales_records import NewCompany
from sandbox.credentials import UPSALES_TOKEN
from sandbox.world import World

HEADERS = {"X-Request-Id": "4f1c-77.a"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.AuthenticationError),
        (422, errors.RejectedError),
        (429, errors.RateLimitedError),
        (500, errors.ServiceUnavailableError),
        (200, errors.ServiceUnavailableError),
    ],
)
def test_a_failed_read_names_its_request(
    harvest: HarvestHook, world: World, status: int, kind: type[errors.ApiError]
) -> None:
    world.faults.add(kind="status", status=status, headers=HEADERS)

    with pytest.raises(kind, match=r" \(request 4f1c-77\.a\)\. ") as failed:
        harvest.client.company()

    assert failed.value.request_id == "4f1c-77.a"


def test_a_lost_write_names_its_request(upsales: UpsalesHook, world: World) -> None:
    world.faults.add(kind="status", status=502, headers=HEADERS)

    with pytest.raises(errors.AnswerLostError, match=r"\(request 4f1c-77\.a\)") as lost:
        upsales.client.create_company(NewCompany(name="Nytt AB"))

    assert lost.value.request_id == "4f1c-77.a"


def test_a_trigger_names_its_request_too(upsales: UpsalesHook, world: World) -> None:
    world.faults.add(kind="status", status=403, headers=HEADERS)

    async def read() -> None:
        async with async_reader(upsales.connection) as reader:
            await reader.read_order(7)

    with pytest.raises(errors.PermissionDeniedError, match=r"\(request 4f1c-77\.a\)"):
        asyncio.run(read())


def test_the_log_names_a_request_that_is_sent_again(
    harvest: HarvestHook, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.faults.add(kind="status", status=503, headers=HEADERS, times=1)

    with caplog.at_level(logging.WARNING):
        harvest.client.company()

    assert "the service is not available (503) (request 4f1c-77.a); try 2 of 5" in caplog.text


@pytest.mark.parametrize("text", ["", "Ann Berg", "<b>7</b>", "a" * 101, f"id-{UPSALES_TOKEN}"])
def test_what_does_not_look_like_an_id_is_left_out(upsales: UpsalesHook, world: World, text: str) -> None:
    world.faults.add(kind="status", status=403, headers={"X-Request-Id": text})

    with pytest.raises(errors.PermissionDeniedError) as refused:
        upsales.client.owner()

    assert refused.value.request_id is None
    assert "(request" not in refused.value.message
