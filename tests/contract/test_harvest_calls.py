"""Every call of the Harvest client, against the sandbox over HTTP."""

import datetime as dt
from decimal import Decimal

import pytest

from harvest_upsales.errors import NotFoundError, RejectedError
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.records.harvest_records import FreeFormLine, LineItemsImport, NewInvoice, TimeImport
from sandbox.world import World

TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def project_id(world: World) -> int:
    client_id = world.harvest.add_client("Fjäll & Sjö AB", currency="EUR")
    world.harvest.add_contact(client_id, "Ann", "Berg", "ann@fjall.example")
    return world.harvest.add_project(client_id, "Website", code="WEB", hourly_rate="1250.50")


def test_account_and_owner(harvest: HarvestHook) -> None:
    assert harvest.client.company().invoice_feature
    assert harvest.client.me().id


def test_projects_are_archived_and_taken_back(harvest: HarvestHook, project_id: int) -> None:
    assert harvest.client.project(project_id).client.currency == "EUR"
    assert not harvest.client.set_project_active(project_id, False).is_active
    assert [(p.id, p.is_active) for p in harvest.client.projects()] == [(project_id, False)]
    assert harvest.client.set_project_active(project_id, True).is_active


def test_contacts_of_a_client(harvest: HarvestHook, project_id: int) -> None:
    client_id = harvest.client.project(project_id).client.id

    assert [c.email for c in harvest.client.contacts(client_id=client_id)] == ["ann@fjall.example"]
    assert list(harvest.client.contacts(client_id=client_id + 1)) == []


def test_time_by_each_filter(harvest: HarvestHook, world: World, project_id: int) -> None:
    old = world.harvest.add_time(
        project_id, "2026-10-01", "0.1", updated_at="2026-10-01T10:00:00Z", is_billed=True
    )
    new = world.harvest.add_time(project_id, "2026-11-20", "2.25")
    running = world.harvest.add_time(project_id, TODAY, "0.5", is_running=True)
    client = harvest.client
    since = dt.datetime(2026, 11, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))

    def ids(**filters: object) -> list[int]:
        return [entry.id for entry in client.time_entries(**filters)]  # type: ignore[arg-type]

    assert set(ids()) == {old, new, running}
    assert ids(project_id=project_id, is_billed=True) == [old]
    assert set(ids(is_billed=False)) == {new, running}
    assert set(ids(updated_since=since)) == {new, running}
    assert ids(from_=dt.date(2026, 10, 1), to=dt.date(2026, 10, 31)) == [old]
    assert world.journal.violations == []


def test_money_and_hours_are_exact(harvest: HarvestHook, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, TODAY, "0.1", rate="1250.505")

    (entry,) = harvest.client.time_entries()

    assert (entry.rounded_hours, entry.billable_rate) == (Decimal("0.1"), Decimal("1250.505"))


def test_pages_hold_every_entry_once(harvest: HarvestHook, world: World, project_id: int) -> None:
    ids = {world.harvest.add_time(project_id, "2026-11-20", "1") for _ in range(7)}

    found = list(harvest.client.time_entry_pages(page_size=3))

    assert [len(page.records) for page in found] == [3, 3, 1]
    assert {entry.id for page in found for entry in page.records} == ids


def test_a_list_is_read_no_further_than_asked(harvest: HarvestHook, world: World, project_id: int) -> None:
    for _ in range(4):
        world.harvest.add_time(project_id, "2026-11-20", "1")

    next(harvest.client.time_entry_pages(page_size=1))

    assert len(world.journal.entries) == 1


def test_a_moment_without_a_zone_is_refused(harvest: HarvestHook) -> None:
    with pytest.raises(ValueError, match="time zone"):
        harvest.client.time_entries(updated_since=dt.datetime(2026, 11, 1))  # noqa: DTZ001


def test_the_uninvoiced_report(harvest: HarvestHook, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-20", "2")

    (row,) = harvest.client.uninvoiced_report(TODAY - dt.timedelta(days=364), TODAY)

    assert (row.project_id, row.currency, row.uninvoiced_amount) == (project_id, "EUR", Decimal(2501))


@pytest.mark.parametrize("days", [-1, 365])
def test_a_report_that_harvest_refuses_is_not_asked_for(
    harvest: HarvestHook, world: World, days: int
) -> None:
    with pytest.raises(ValueError, match="365 days"):
        harvest.client.uninvoiced_report(TODAY - dt.timedelta(days=days), TODAY)

    assert world.journal.entries == []


def test_an_invoice_from_tracked_time(harvest: HarvestHook, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-20", "2")
    client_id = harvest.client.project(project_id).client.id
    time = TimeImport(summary_type="project")

    made = harvest.client.create_invoice(
        NewInvoice(
            client_id=client_id,
            purchase_order="upsales-order-7",
            subject="Website",
            line_items_import=LineItemsImport(project_ids=[project_id], time=time),
        )
    )

    assert (made.state, made.amount, made.purchase_order) == ("draft", Decimal(2501), "upsales-order-7")
    assert [i.id for i in harvest.client.invoices(client_id=client_id)] == [made.id]
    assert list(harvest.client.invoices(client_id=client_id + 1)) == []
    harvest.client.mark_as_sent(made.id)
    assert harvest.client.invoice(made.id).state == "open"
    assert world.harvest.emails == []
    assert world.journal.violations == []


def test_a_part_of_the_time_is_invoiced_by_its_dates(
    harvest: HarvestHook, world: World, project_id: int
) -> None:
    world.harvest.add_time(project_id, "2026-10-20", "1")
    world.harvest.add_time(project_id, "2026-11-20", "2")
    time = TimeImport(summary_type="project", from_=dt.date(2026, 10, 1), to=dt.date(2026, 10, 31))
    lines = LineItemsImport(project_ids=[project_id], time=time)
    client_id = harvest.client.project(project_id).client.id

    made = harvest.client.create_invoice(NewInvoice(client_id, "upsales-order-7", "October", lines))

    assert made.amount == Decimal("1250.50")


def test_a_draft_is_deleted_once(harvest: HarvestHook, project_id: int) -> None:
    client_id = harvest.client.project(project_id).client.id
    line = FreeFormLine("Service", "Fixed fee", Decimal(1), Decimal("99000.50"), project_id)
    made = harvest.client.create_invoice(
        NewInvoice(client_id=client_id, purchase_order="upsales-order-8", subject="Fee", line_items=[line])
    )
    assert made.line_items[0].amount == Decimal("99000.50")

    harvest.client.delete_invoice(made.id)

    with pytest.raises(NotFoundError):
        harvest.client.invoice(made.id)
    with pytest.raises(NotFoundError):
        harvest.client.delete_invoice(made.id)


def test_a_refusal_carries_harvests_own_words(harvest: HarvestHook, world: World) -> None:
    with pytest.raises(RejectedError, match=r"POST /invoices \(422\): rejected: \w+") as refused:
        harvest.client.create_invoice(NewInvoice(999, "upsales-order-7", "Nobody", line_items=[]))

    assert refused.value.status == 422
    assert world.journal.writes() == []
