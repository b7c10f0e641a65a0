"""At home in Airflow: its connection form, Test button, links, assets and lineage, asked of its own API server.

From a form to the downstream DAGs: the connections are saved as the form saves them, and the run uses them.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from localrun import airflow_parts
from localrun.airflow_home import AirflowHome
from localrun.checks import files_with
from localrun.processes import Programs
from localrun.sandbox_link import DEMO_SETTINGS, SECRETS, Addresses, connections
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import STAGE_WON
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.scheduler.rig import Rig

pytestmark = [pytest.mark.scheduler, pytest.mark.timeout(240)]

DAG_FILE = Path(__file__).with_name("dags_at_home.py")
MARK, SYNC = "settle.mark_project_invoiced", "settle.sync_billing"
CONSULTANT, NOTE = "Kerstin Åkerlund-Nyström", "Dinner with the customer's lawyer"


@pytest.fixture(scope="module")
def lineage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lineage") / "events.jsonl"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, lineage_file: Path) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("home")
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(DAG_FILE, dags)
    with ExitStack() as stack:
        world = World.new(datetime.now(UTC).date())
        world.billing.delay_s = 0
        server = stack.enter_context(SandboxServer(world, rate_limits=False))
        addresses = Addresses(server.harvest_url, server.upsales_url, server.control_url)
        variables = connections(addresses, suffix="home", settings=DEMO_SETTINGS)
        own = {name: value for name, value in variables.items() if not name.startswith("AIRFLOW_CONN")}
        transport = {"type": "file", "log_file_path": str(lineage_file), "append": True}
        own["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(transport)
        home = AirflowHome(folder / "home", dags=dags, own=own, scheduled=True)
        home.create()
        programs = stack.enter_context(Programs(home.logs))
        airflow_parts.migrate(programs, home)
        api = airflow_parts.start(programs, home, ["home", "after_opportunities", "after_settlement"])
        yield Rig(home=home, programs=programs, api=api, servers={"home": server})


@pytest.fixture
def forms(rig: Rig) -> dict[str, dict[str, Any]]:
    """What Airflow's form shows, by connection type."""
    answer = rig.api.call("GET", "/ui/connections/hook_meta")
    assert answer.ok
    return {form["connection_type"]: form for form in answer.json()}


def form_of(rig: Rig, service: str, **changes: Any) -> dict[str, Any]:
    """The body that the form sends: each extra field is there, null where it is empty; what is hidden is not."""
    server = rig.servers["home"]
    body: dict[str, Any] = {"connection_id": f"{service}_home", "conn_type": service}
    if service == "harvest":
        extra: dict[str, Any] = {"contact": "ops@nordlys.example"}
        body |= {"host": server.harvest_url, "login": HARVEST_ACCOUNT_ID, "password": HARVEST_TOKEN}
    else:
        extra = {"token_in": None, "web_url": None}
        body |= {"host": server.upsales_url, "password": UPSALES_TOKEN}
    extra |= changes.pop("extra", {})
    return {**body, "extra": json.dumps(extra), **changes}


def pressed(rig: Rig, service: str, **changes: Any) -> tuple[bool, str]:
    """What the Test button says."""
    answer = rig.api.call("POST", "/api/v2/connections/test", form_of(rig, service, **changes))
    assert answer.ok, answer.text
    return answer.json()["status"], answer.json()["message"]


def test_the_forms_have_labels_and_only_the_fields_that_count(forms: dict[str, dict[str, Any]]) -> None:
    shown = {
        name: {
            field: (behaviour or {}).get("title")
            for field, behaviour in forms[name]["standard_fields"].items()
            if not (behaviour or {}).get("hidden") and field != "description"
        }
        for name in ("harvest", "upsales")
    }

    assert (forms["harvest"]["hook_name"], forms["upsales"]["hook_name"]) == ("Harvest", "Upsales")
    assert shown == {
        "harvest": {"host": "Base URL", "login": "Account ID", "password": "Personal access token"},
        "upsales": {"host": "Base URL", "password": "API key"},
    }
    for name, form in forms.items():
        if name in shown:
            assert all(form["standard_fields"][field]["placeholder"] for field in shown[name])
            assert all(
                field["description"] and field["schema"]["title"] for field in form["extra_fields"].values()
            )
    assert list(forms["harvest"]["extra_fields"]) == ["contact"]
    assert list(forms["upsales"]["extra_fields"]) == ["token_in", "web_url"]


def test_the_test_buttons_messages_use_the_forms_labels(forms: dict[str, dict[str, Any]]) -> None:
    for hook in (HarvestHook, UpsalesHook):
        form = forms[hook.conn_type]
        labels = {name: field["title"] for name, field in form["standard_fields"].items() if field}
        labels |= {
            f"extra '{name}'": field["schema"]["title"] for name, field in form["extra_fields"].items()
        }
        assert hook.form_labels == {field: labels[field] for field in hook.form_labels}


def test_the_test_button_says_who_where_and_what_may_be_done(rig: Rig) -> None:
    works, words = pressed(rig, "harvest")
    assert works, words
    assert f"Harvest account Nordlys Konsult AB ({HARVEST_ACCOUNT_ID})" in words
    assert "(administrator)" in words
    assert "Invoicing is activated" in words

    works, words = pressed(rig, "upsales")
    assert works, words
    assert words.startswith("Connected to Upsales as user ")


@pytest.mark.parametrize(
    ("service", "changes", "words"),
    [
        ("harvest", {"password": "wrong"}, "refuses the token (password)"),
        ("harvest", {"password": None}, "Personal access token is empty"),
        ("harvest", {"login": "4711"}, "account ID 4711"),
        ("harvest", {"login": None}, "Account ID is empty"),
        ("harvest", {"extra": {"contact": None}}, "Contact e-mail is empty"),
        ("harvest", {"host": "http://harvest.example/v2"}, "Base URL must start with https://"),
        ("upsales", {"password": "wrong"}, "refuses the API key (password)"),
        ("upsales", {"extra": {"token_in": "header"}}, "Send the API key in must be"),
        ("upsales", {"extra": {"web_url": "javascript:alert(1)"}}, "Address of an order must be a URL"),
    ],
)
def test_the_test_button_names_the_field_to_mend(
    rig: Rig, service: str, changes: dict[str, Any], words: str
) -> None:
    works, said = pressed(rig, service, **changes)

    assert not works
    assert words in said
    assert not any(secret in said for secret in SECRETS)


def test_the_test_button_says_which_right_is_missing(rig: Rig) -> None:
    world = rig.world("home")
    world.faults.add(kind="status", status=403, path="^/company")
    try:
        works, words = pressed(rig, "harvest")
    finally:
        world.faults.clear()

    assert not works
    assert "is not an administrator" in words


@dataclass(frozen=True)
class Settled:
    """Three runs: the first makes the opportunity, the second settles the won order, the third has nothing to do."""

    project_id: int
    order_id: int
    runs: tuple[str, str, str]


@pytest.fixture(scope="module")
def settled(rig: Rig) -> Settled:
    world = rig.world("home")
    for service in ("harvest", "upsales"):
        answer = rig.api.call("POST", "/api/v2/connections", form_of(rig, service))
        assert answer.status_code == 201, answer.text
        assert not any(secret in answer.text for secret in SECRETS)
    person = next(iter(world.harvest.users.values()))
    person["first_name"], person["last_name"] = CONSULTANT.split(" ", 1)
    world.upsales.add_company("Fjord AB")
    client_id = world.harvest.add_client("Fjord AB")
    project_id = world.harvest.add_project(client_id, "Webb", hourly_rate="1250.50")
    world.harvest.add_time(project_id, world.today, "3.75", notes=NOTE)

    first = rig.run("home")
    assert rig.state("home", first) == "success"
    (order_id,) = world.upsales.orders
    with world.clock.frozen(world.clock.now() - timedelta(hours=1)):
        world.upsales.move(order_id, STAGE_WON)
    second = rig.run("home")
    assert rig.state("home", second) == "success"
    third = rig.run("home")
    assert rig.state("home", third) == "success"
    return Settled(project_id, order_id, (first, second, third))


def test_a_connection_saved_by_the_form_works_in_the_run(rig: Rig, settled: Settled) -> None:
    world = rig.world("home")

    assert world.upsales.custom_value(settled.order_id, "HARVEST_INVOICE")
    assert world.journal.violations == []


def test_a_saved_form_keeps_its_secrets_when_it_is_saved_again(rig: Rig, settled: Settled) -> None:
    """The form comes filled with asterisks for what is masked, and sends them back."""
    for service in ("harvest", "upsales"):
        path = f"/api/v2/connections/{service}_home"
        shown = rig.api.call("GET", path).json()
        assert shown["password"] == "***"

        changed = {**shown, "description": "Changed by hand"}
        saved = rig.api.call("PATCH", path, changed, update_mask="description")
        assert saved.ok, saved.text

        answer = rig.api.call("POST", "/api/v2/connections/test", changed)
        assert answer.json()["status"], answer.text


def links(rig: Rig, run_id: str, task_id: str, map_index: int = -1) -> dict[str, str | None]:
    path = f"/api/v2/dags/home/dagRuns/{run_id}/taskInstances/{task_id}/links"
    answer = rig.api.call("GET", path, map_index=map_index)
    assert answer.ok, answer.text
    found: dict[str, str | None] = answer.json()["extra_links"]
    return found


def test_task_instances_link_to_the_project_the_invoice_and_the_order(rig: Rig, settled: Settled) -> None:
    root = rig.servers["home"].harvest_url.removesuffix("/v2")
    (invoice,) = rig.world("home").harvest.invoices.values()
    first, second, _ = settled.runs
    project, order = f"{root}/projects/{settled.project_id}", f"{root}/#/orders/{settled.order_id}"
    all_three = {
        "Harvest project": project,
        "Harvest invoice": f"{root}/invoices/{invoice['id']}",
        "Upsales order": order,
    }

    assert links(rig, first, "upsert_opportunities", 0) == {
        "Harvest project": project,
        "Upsales order": order,
    }
    assert links(rig, second, MARK, 0) == all_three
    assert links(rig, second, SYNC, 0) == all_three
    for address in all_three.values():
        page = requests.get(address, timeout=10)
        assert page.ok
        assert "Webb" in page.text or str(invoice["number"]) in page.text


def logged(rig: Rig, run_id: str, task_id: str, map_index: int = -1) -> list[str]:
    """The messages that the log viewer gets."""
    path = f"/api/v2/dags/home/dagRuns/{run_id}/taskInstances/{task_id}/logs/1"
    answer = rig.api.call("GET", path, map_index=map_index, full_content="true")
    assert answer.ok, answer.text
    return [entry["event"] for entry in answer.json()["content"]]


def test_logs_read_like_a_report_with_details_folded(rig: Rig, settled: Settled) -> None:
    _, second, third = settled.runs
    settlement = logged(rig, second, MARK, 0)
    trail = settlement.index("::group::Audit trail: 1 time entries the invoice covers")

    assert any("4,689.38 SEK" in event and "Fjord AB: Webb" in event for event in settlement[:trail])
    assert settlement[trail + 1].splitlines()[2].endswith("3.75  1,250.50 SEK  4,689.375 SEK")
    assert settlement[trail + 2] == "::endgroup::"
    nothing = "Nothing to do: Harvest and Upsales agree, and no order waits for settlement"
    assert nothing in logged(rig, third, "extract_time")
    assert nothing not in logged(rig, second, "extract_time")


def consumed(rig: Rig, dag_id: str, runs: int) -> list[Any]:
    """The extras that a DAG scheduled on an asset was given, once it ran so often."""
    rig.wait_until(lambda: sum(run.state == "success" for run in rig.api.runs(dag_id)) >= runs, dag_id)
    found = sorted(rig.api.runs(dag_id), key=lambda run: str(run.start_date))
    return [extra for run in found for extra in rig.api.xcom(dag_id, run.dag_run_id, "take", of=list) or []]


def test_dags_scheduled_on_the_assets_run_with_the_extras(rig: Rig, settled: Settled) -> None:
    world = rig.world("home")
    (invoice,) = world.harvest.invoices.values()

    assert consumed(rig, "after_settlement", 1) == [
        {
            "order_id": settled.order_id,
            "invoice_id": invoice["id"],
            "invoice_number": invoice["number"],
            "key": f"{HARVEST_ACCOUNT_ID}:{settled.project_id}",
            "amount": "4689.38",
            "currency": "SEK",
            "billing_document": str(world.upsales.custom_value(settled.order_id, "FORTNOX_ID")),
        }
    ]
    updated = {"harvest": "4689.38", "upsales": "4689.38", "drift": "0.00", "projects": 1}
    # The third run changed nothing, and told nobody.
    assert consumed(rig, "after_opportunities", 2) == [{"totals": {"SEK": updated}}, {"totals": {}}]
    assert len(rig.api.runs("after_opportunities")) == 2


def test_openlineage_gets_what_was_read_and_written(rig: Rig, settled: Settled, lineage_file: Path) -> None:
    def complete() -> list[dict[str, Any]]:
        events = [json.loads(line) for line in lineage_file.read_text().splitlines()]
        return [event for event in events if event["eventType"] == "COMPLETE"]

    def of(task_id: str) -> list[dict[str, Any]]:
        return [event for event in complete() if event["job"]["name"] == f"home.{task_id}"]

    rig.wait_until(lambda: lineage_file.exists() and bool(of(MARK)), "lineage of the settlement")
    server = rig.servers["home"]
    netloc = server.harvest_url.split("/")[2]
    (mark,) = of(MARK)

    assert {(each["namespace"], each["name"]) for each in mark["inputs"]} == {
        (f"harvest://{netloc}", f"{HARVEST_ACCOUNT_ID}/time_entries"),
        (f"upsales://{netloc}", "orders"),
    }
    assert {(each["namespace"], each["name"]) for each in mark["outputs"]} == {
        (f"harvest://{netloc}", f"{HARVEST_ACCOUNT_ID}/invoices"),
        (f"harvest://{netloc}", f"{HARVEST_ACCOUNT_ID}/projects"),
        (f"upsales://{netloc}", "orders"),
    }
    assert not any(secret in lineage_file.read_text() for secret in (*SECRETS, CONSULTANT, NOTE))


def test_no_persons_name_no_note_and_no_secret_is_left_behind(rig: Rig, settled: Settled) -> None:
    """In logs, XComs and the files between tasks."""
    first, last = CONSULTANT.split(" ", 1)
    kept = rig.home.folder

    assert any(NOTE in str(entry.get("notes")) for entry in rig.world("home").harvest.time_entries.values())
    assert any(NOTE in str(order["notes"]) for order in rig.world("home").upsales.orders.values())
    assert files_with(["Fjord AB"], kept), "the search has to be able to find something"
    assert files_with([*SECRETS, last, NOTE, CONSULTANT, first + last], kept) == []
