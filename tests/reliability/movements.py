"""What people do while a list is read, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.harvest.imports import bill, line_item
from sandbox.harvest.invoicing import blank_invoice, total_up
from sandbox.harvest.timesheet import is_uninvoiced
from sandbox.minimal import STAGE_PROSPECT
from sandbox.world import World

Record = dict[str, Any]
Movement = Callable[[World], object]


def _listed(world: World) -> list[Record]:
    """Time that is not billed, in the order in which Harvest lists it."""
    entries = [entry for entry in world.harvest.time_entries.values() if is_uninvoiced(entry)]
    return sorted(entries, key=lambda entry: (entry["spent_date"], entry["id"]), reverse=True)


def _newest(world: World) -> Record:
    return _listed(world)[0]


def _oldest(world: World) -> Record:
    return _listed(world)[-1]


def _day(world: World, ago: int) -> dt.date:
    return world.today - dt.timedelta(days=ago)


def _other_project(world: World, entry: Record) -> int:
    """A project in which other people track time."""
    return next(e["project"]["id"] for e in _listed(world) if e["project"]["id"] != entry["project"]["id"])


def nothing(world: World) -> None:
    pass


def add_newest(world: World) -> None:
    world.harvest.add_time(_oldest(world)["project"]["id"], _day(world, 0), "1.75")


def add_oldest(world: World) -> None:
    world.harvest.add_time(_newest(world)["project"]["id"], _day(world, 90), "2.5")


def delete_newest(world: World) -> None:
    world.harvest.delete_time(_newest(world)["id"])


def delete_oldest(world: World) -> None:
    world.harvest.delete_time(_oldest(world)["id"])


def delete_one_and_add_an_old_one(world: World) -> None:
    """The list is as long as before, and all between the two has slid."""
    delete_newest(world)
    add_oldest(world)


def edit_newest(world: World) -> None:
    world.harvest.edit_time(_newest(world)["id"], hours="6.25")


def edit_oldest(world: World) -> None:
    world.harvest.edit_time(_oldest(world)["id"], hours="6.25")


def reprice_newest(world: World) -> None:
    """As a new rate of the project does: nothing says when it was."""
    entry = _newest(world)
    world.harvest.edit_time(entry["id"], rate=Decimal("777.7"), updated_at=entry["updated_at"])


def date_oldest_today(world: World) -> None:
    world.harvest.edit_time(_oldest(world)["id"], spent_date=_day(world, 0))


def date_newest_back(world: World) -> None:
    world.harvest.edit_time(_newest(world)["id"], spent_date=_day(world, 100))


def move_newest_to_another_project(world: World) -> None:
    entry = _newest(world)
    world.harvest.edit_time(entry["id"], project_id=_other_project(world, entry))


def move_oldest_to_another_project(world: World) -> None:
    entry = _oldest(world)
    world.harvest.edit_time(entry["id"], project_id=_other_project(world, entry))


def bill_newest_by_hand(world: World) -> None:
    """Somebody invoices the time of one project in Harvest."""
    account = world.harvest
    project = account.projects[_newest(world)["project"]["id"]]
    entries = [entry for entry in account.entries_of(project["id"]) if is_uninvoiced(entry)]
    invoice = blank_invoice(account, account.clients[project["client"]["id"]], (None, None))
    invoice["line_items"] = [
        line_item(account, project, "By hand", entry["rounded_hours"], entry["billable_rate"])
        for entry in entries
    ]
    total_up(invoice)
    account.invoices[invoice["id"]] = invoice
    bill(account, entries, invoice)


def delete_invoice(world: World) -> None:
    """Somebody deletes the latest invoice that is nobody's order's; its time is free again."""
    account = world.harvest
    mine = [i for i in account.invoices.values() if not i["purchase_order"]]
    if mine:
        billed = [
            e for e in account.time_entries.values() if (e["invoice"] or {}).get("id") == mine[-1]["id"]
        ]
        bill(account, billed, None)
        del account.invoices[mine[-1]["id"]]


def add_project(world: World) -> None:
    client = _client_of_newest(world)
    project = world.harvest.add_project(client, "Brand new", hourly_rate=1_100)
    world.harvest.add_time(project, _day(world, 3), 4)


def delete_project(world: World) -> None:
    """The newest project goes with all of its time, as far as none is billed."""
    account = world.harvest
    free = [
        project_id
        for project_id in account.projects
        if account.entries_of(project_id) and not any(e["is_billed"] for e in account.entries_of(project_id))
    ]
    for entry in account.entries_of(free[-1]):
        account.delete_time(entry["id"])
    del account.projects[free[-1]]


def archive_newest_project(world: World) -> None:
    world.harvest.projects[_newest(world)["project"]["id"]]["is_active"] = False


def _client_of_newest(world: World) -> int:
    return int(world.harvest.projects[_newest(world)["project"]["id"]]["client"]["id"])


def _open_orders(world: World) -> list[int]:
    return [order["id"] for order in world.upsales.orders.values() if 0 < order["probability"] < 100]


def add_order(world: World) -> None:
    world.upsales.add_order(min(world.upsales.companies), stage_id=STAGE_PROSPECT, description="By hand")


def delete_first_order(world: World) -> None:
    """An opportunity that the plugin made: it has to make it again."""
    world.upsales.delete_order(_open_orders(world)[0])


def delete_last_order(world: World) -> None:
    world.upsales.delete_order(_open_orders(world)[-1])


def edit_order(world: World) -> None:
    world.upsales.edit(_open_orders(world)[0], description="Renamed", notes=None)


def stage_order(world: World) -> None:
    world.upsales.move(_open_orders(world)[-1], STAGE_PROSPECT)


MOVEMENTS: tuple[Movement, ...] = (
    add_newest,
    add_oldest,
    delete_newest,
    delete_oldest,
    delete_one_and_add_an_old_one,
    edit_newest,
    edit_oldest,
    reprice_newest,
    date_oldest_today,
    date_newest_back,
    move_newest_to_another_project,
    move_oldest_to_another_project,
    bill_newest_by_hand,
    delete_invoice,
    add_project,
    delete_project,
    archive_newest_project,
    add_order,
    delete_first_order,
    delete_last_order,
    edit_order,
    stage_order,
)
