"""The hooks: what they send of a connection, what they say of it, and that they tell nobody else."""

import datetime as dt
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from harvest_upsales.errors import HarvestUpsalesError, SetupError
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from harvest_upsales.records.upsales_records import NewCompany
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.world import World


def test_a_good_connection(harvest: HarvestHook, upsales: UpsalesHook) -> None:
    assert harvest.test_connection() == (
        True,
        f"Connected to Harvest account Nordlys Konsult AB ({HARVEST_ACCOUNT_ID}) as user {harvest.client.me().id} "
        "(administrator). Invoicing is activated.",
    )
    works, words = upsales.test_connection()
    assert works
    assert words.startswith(f"Connected to Upsales as user {upsales.client.owner().id}.")
    assert harvest.account_id == HARVEST_ACCOUNT_ID


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "wrong"}, "refuses the token"),
        ({"login": "4711"}, "account ID 4711"),
        ({"password": ""}, "Personal access token is empty"),
        ({"login": ""}, "Account ID is empty"),
        ({"extra": {}}, "Contact e-mail is empty"),
        ({"host": "http://harvest.example/v2"}, "Base URL must start with https://"),
    ],
)
def test_a_wrong_harvest_connection_is_told_in_words(
    sandbox: Any, connect: Any, waits: list[float], fields: dict[str, Any], words: str
) -> None:
    connect(sandbox.harvest_url, sandbox.upsales_url, harvest=fields)

    works, message = HarvestHook().test_connection()

    assert not works
    assert words in message


def test_a_wrong_base_url_is_told_in_words(sandbox: Any, connect: Any, waits: list[float]) -> None:
    connect(f"{sandbox.harvest_url}/x", f"{sandbox.upsales_url}/x")

    assert "base URL" in HarvestHook().test_connection()[1]
    assert "base URL" in UpsalesHook().test_connection()[1]


def test_an_unreachable_service_is_told_in_words(connect: Any, waits: list[float], unused_url: str) -> None:
    connect(f"{unused_url}/v2", f"{unused_url}/api/v2")

    for hook in (HarvestHook(), UpsalesHook()):
        works, message = hook.test_connection()
        assert not works
        assert "no connection" in message


def test_a_wrong_upsales_key_is_told_in_words(sandbox: Any, connect: Any, waits: list[float]) -> None:
    connect(sandbox.harvest_url, sandbox.upsales_url, upsales={"password": "wrong"})

    works, message = UpsalesHook().test_connection()

    assert not works
    assert "refuses the API key" in message


def test_harvest_without_invoicing_is_told_in_words(harvest: HarvestHook, world: World) -> None:
    world.harvest.company["invoice_feature"] = False

    assert harvest.test_connection()[1].startswith("Invoicing is not activated")


def test_no_administrator_is_told_in_words(harvest: HarvestHook, world: World) -> None:
    world.faults.add(kind="status", status=403, path="^/company")

    assert "not an administrator" in harvest.test_connection()[1]


def test_hidden_rates_are_told_in_words(harvest: HarvestHook, world: World) -> None:
    client_id = world.harvest.add_client("Fjäll")
    project_id = world.harvest.add_project(client_id, "Website", hourly_rate=1000)
    world.harvest.add_time(project_id, dt.datetime.now(dt.UTC).date(), 1, rate=None)

    assert "can't see billable rates" in harvest.test_connection()[1]


def test_only_our_own_headers_are_sent(
    scripted: Any, connect: Any, tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    extra = {"contact": "time@nordlys.example", "token_in": "query", "anything": "else", "trust_env": True}
    connect(
        f"{scripted.url}/v2", f"{scripted.url}/api/v2", harvest={"extra": extra}, upsales={"extra": extra}
    )
    scripted.say({"id": 1, "errors": None, "data": {"id": 1}})

    HarvestHook().client.me()
    UpsalesHook().client.owner()

    (_, _, harvest), (_, path, upsales) = scripted.asked
    always = {"Host", "Accept", "Accept-Encoding", "Connection", "User-Agent"}
    assert set(harvest) == always | {"Authorization", "Harvest-Account-Id"}
    assert harvest["Authorization"] == f"Bearer {HARVEST_TOKEN}"
    assert harvest["User-Agent"].startswith("harvest-upsales-airflow/")
    assert harvest["User-Agent"].endswith("(time@nordlys.example)")
    assert set(upsales) == always
    assert path == f"/api/v2/self?token={UPSALES_TOKEN}"


def test_a_proxy_from_the_environment_does_not_read_along(
    scripted: Any, connect: Any, monkeypatch: pytest.MonkeyPatch, waits: list[float], unused_url: str
) -> None:
    monkeypatch.setenv("http_proxy", unused_url)
    connect(f"{scripted.url}/v2", f"{scripted.url}/api/v2")
    scripted.say({"errors": None, "data": {"id": 1}})

    assert UpsalesHook().client.owner().id == 1


def test_the_connection_is_read_once(
    sandbox: Any, connect: Any, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    connect(sandbox.harvest_url, sandbox.upsales_url)
    hook, asked = UpsalesHook(), []
    real = UpsalesHook.get_connection
    monkeypatch.setattr(
        UpsalesHook, "get_connection", classmethod(lambda _, conn_id: asked.append(conn_id) or real(conn_id))
    )

    hook.client.owner()
    hook.client.owner()
    hook.test_connection()

    assert asked == ["upsales_default"]


@pytest.mark.parametrize("token_in", ["cookie", "query"])
@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "status", "status": 500},
        {
            "kind": "status",
            "status": 400,
            "body": f'{{"message": "key {UPSALES_TOKEN}"}}',
            "service": "upsales",
        },
        {
            "kind": "status",
            "status": 400,
            "body": f'{{"message": "key {HARVEST_TOKEN}"}}',
            "service": "harvest",
        },
        {"kind": "cut_before"},
        {"kind": "truncate"},
        {"kind": "html200"},
    ],
    ids=lambda fault: f"{fault.get('service', 'both')}-{fault.get('kind', 'none')}",
)
def test_tokens_are_told_nobody(
    sandbox: Any,
    connect: Any,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
    token_in: str,
    fault: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    connect(sandbox.harvest_url, sandbox.upsales_url, upsales={"extra": {"token_in": token_in}})
    told = [_outcome(sandbox.world, fault, call) for call in (_read_upsales, _read_harvest, _write)]

    ours = [record for record in caplog.records if not record.name.startswith("uvicorn")]
    told += [logging.Formatter().format(record) for record in ours]
    assert any(record.name == "urllib3.connectionpool" for record in ours)
    for token in (HARVEST_TOKEN, UPSALES_TOKEN):
        assert token not in "\n".join(told)


def _read_upsales() -> None:
    UpsalesHook().client.owner()


def _read_harvest() -> None:
    HarvestHook().client.me()


def _write() -> None:
    UpsalesHook().client.create_company(NewCompany(name="Nytt AB"))


def _outcome(world: World, fault: dict[str, Any], call: Any) -> str:
    if fault:
        world.faults.add(**fault)
    try:
        call()
    except HarvestUpsalesError as problem:
        return "".join(traceback.format_exception(problem)) + repr(problem)
    return ""


def test_an_unreachable_host_is_told_without_the_token(
    connect: Any, waits: list[float], unused_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connect(f"{unused_url}/v2", f"{unused_url}/api/v2", upsales={"extra": {"token_in": "query"}})

    with pytest.raises(HarvestUpsalesError) as problem:
        UpsalesHook().client.owner()

    told = "".join(traceback.format_exception(problem.value)) + caplog.text
    assert UPSALES_TOKEN not in told
    assert problem.value.__cause__ is None


def test_a_missing_field_is_found_before_anything_is_sent(
    sandbox: Any, connect: Any, waits: list[float]
) -> None:
    connect(sandbox.harvest_url, sandbox.upsales_url, upsales={"password": ""})

    with pytest.raises(SetupError, match=r"upsales_default.*password"):
        UpsalesHook().client  # noqa: B018

    assert sandbox.world.journal.entries == []
