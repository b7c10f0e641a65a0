"""What people do while a run is under way, each as the services' own pages let them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sandbox.harvest.invoicing import delete_invoice, patch_invoice, post_invoice
from sandbox.harvest.messaging import post_message
from sandbox.jsonio import exact
from sandbox.minimal import (
    PRODUCT_LICENCE,
    PRODUCT_TIME,
    STAGE_LOST,
    STAGE_PROSPECT,
    STAGE_WON,
)
from sandbox.upsales.records import new_row
from sandbox.web import Answer, Call, Refusal
from sandbox.world import World

EDITED, NOTE, PO = "Renamed by Greta", "Call them on Monday", "Kim: PO 77"
EDITED_DAY = "2027-03-01"


@dataclass
class Person:
    """Somebody who works on one project and its order while a run goes on.

    :param form: the order as the form showed it that was opened before the run
    :param edited: fields that were saved on the order
    """

    world: World
    project: int
    order: int
    form: dict[str, Any] = field(default_factory=dict)
    edited: dict[str, Any] = field(default_factory=dict)
    refused: bool = False

    # --- in Upsales -------------------------------------------------------------------------------------------

    def _edit(self, **fields: Any) -> None:
        if self.order not in self.world.upsales.orders:
            self.refused = True
            return
        self.world.upsales.edit(self.order, **fields)
        self.edited |= fields

    def saves_description_and_date(self) -> None:
        self._edit(description=EDITED, date=EDITED_DAY)

    def writes_a_note(self) -> None:
        before = self.world.upsales.orders[self.order]["notes"] or ""
        self._edit(notes=f"{NOTE}\n\n{before}")
        self.edited = {"note": NOTE}

    def fills_a_custom_field(self) -> None:
        self.world.upsales.set_custom(self.order, "REFERENCE", PO)
        self._edit()
        self.edited = {"reference": PO}

    def adds_a_licence(self) -> None:
        self.world.upsales.add_row(self.order, PRODUCT_LICENCE, 3, "99.50")
        self.edited = {"licences": 3}

    def edits_our_row(self) -> None:
        order = self.world.upsales.orders[self.order]
        ours = next(row for row in order["orderRow"] if row["product"]["id"] == PRODUCT_TIME)
        ours["quantity"] = exact(1)
        self._edit()

    def wins(self) -> None:
        self.world.upsales.move(self.order, STAGE_WON)

    def moves_it_back(self) -> None:
        self.world.upsales.move(self.order, STAGE_PROSPECT)

    def loses(self) -> None:
        self.world.upsales.move(self.order, STAGE_LOST)

    def deletes_the_order(self) -> None:
        self.world.upsales.delete_order(self.order)

    def saves_a_form_opened_before(self) -> None:
        """The whole order as it was, our rows and fields included."""
        order, accounts = self.world.upsales.orders[self.order], self.world.upsales
        kept = {"description": self.form["description"], "notes": self.form["notes"]}
        rows = [
            new_row(accounts, row["product"]["id"], row["quantity"], row["price"])
            for row in self.form["orderRow"]
        ]
        order["custom"] = [dict(value) for value in self.form["custom"]]
        self.world.upsales.edit(self.order, orderRow=rows, **kept)

    # --- in Harvest -------------------------------------------------------------------------------------------

    @property
    def _closed(self) -> bool:
        return not self.world.harvest.projects[self.project]["is_active"]

    def _entry(self) -> int | None:
        """An entry that Harvest would let one change."""
        free = [e["id"] for e in self.world.harvest.entries_of(self.project) if not e["is_locked"]]
        self.refused = self._closed or not free
        return None if self.refused else int(free[0])

    def tracks_time(self, *, is_running: bool = False) -> None:
        self.refused = self._closed
        if not self.refused:
            day = self.world.today - dt.timedelta(days=1)
            self.world.harvest.add_time(self.project, day, "0.75", is_running=is_running)

    def starts_a_timer(self) -> None:
        self.tracks_time(is_running=True)

    def edits_time(self) -> None:
        if (entry := self._entry()) is not None:
            self.world.harvest.edit_time(entry, hours="3.25")

    def deletes_time(self) -> None:
        if (entry := self._entry()) is not None:
            self.world.harvest.delete_time(entry)

    def moves_time_away(self) -> None:
        if (entry := self._entry()) is not None:
            other = next(p for p in self.world.harvest.projects if p != self.project)
            self.world.harvest.edit_time(entry, project_id=other)

    def reprices(self) -> None:
        for entry in self.world.harvest.entries_of(self.project):
            if not entry["is_billed"]:
                self.world.harvest.edit_time(entry["id"], rate=1750)

    def archives_or_reopens(self) -> None:
        project = self.world.harvest.projects[self.project]
        project["is_active"] = not project["is_active"]
        self.world.harvest.touch(project)

    def _call(self, handler: Callable[[Call], Answer], body: Any = None, **params: str) -> None:
        call = Call(
            world=self.world,
            service="harvest",
            path="/",
            query=[],
            body=b"" if body is None else msgspec.json.encode(body),
            params=params,
            sequence=0,
            base_url="",
        )
        try:
            handler(call)
        except Refusal:
            self.refused = True

    def invoices_the_project(self) -> None:
        client = self.world.harvest.projects[self.project]["client"]["id"]
        what = {"project_ids": [self.project], "time": {"summary_type": "task"}}
        self._call(post_invoice, {"client_id": client, "line_items_import": what})

    def _invoice(self) -> str | None:
        wanted = f"upsales-order-{self.order}"
        found = [i["id"] for i in self.world.harvest.invoices.values() if i["purchase_order"] == wanted]
        self.refused = not found
        return str(found[0]) if found else None

    def deletes_our_invoice(self) -> None:
        if (invoice := self._invoice()) is not None:
            self._call(delete_invoice, id=invoice)

    def adds_a_line_to_our_invoice(self) -> None:
        if (invoice := self._invoice()) is not None:
            line = {"kind": "Service", "description": "Travel", "quantity": 1, "unit_price": 900}
            self._call(patch_invoice, {"line_items": [line]}, id=invoice)

    def sends_our_invoice(self) -> None:
        if (invoice := self._invoice()) is not None:
            self._call(post_message, {"event_type": "send"}, id=invoice)

    # --- the billing app --------------------------------------------------------------------------------------

    def the_app_answers(self) -> None:
        """To the person's move, late."""
        self._let_the_app("ok")

    def the_app_answers_twice(self) -> None:
        self._let_the_app("ok")
        self._let_the_app("ok")

    def the_app_fails_after_success(self) -> None:
        self._let_the_app("ok")
        self._let_the_app("fail")

    def _let_the_app(self, mode: Any) -> None:
        billing = self.world.billing
        before, billing.mode = billing.mode, mode
        billing.order_saved(self.order, "person")
        billing.mode = before


ORDER_ACTS = (
    Person.saves_description_and_date,
    Person.writes_a_note,
    Person.fills_a_custom_field,
    Person.adds_a_licence,
    Person.edits_our_row,
    Person.wins,
    Person.moves_it_back,
    Person.loses,
    Person.deletes_the_order,
    Person.saves_a_form_opened_before,
)
TIME_ACTS = (
    Person.tracks_time,
    Person.starts_a_timer,
    Person.edits_time,
    Person.deletes_time,
    Person.moves_time_away,
    Person.reprices,
    Person.archives_or_reopens,
    Person.invoices_the_project,
    Person.deletes_our_invoice,
    Person.adds_a_line_to_our_invoice,
    Person.sends_our_invoice,
)
APP_ACTS = (Person.the_app_answers, Person.the_app_answers_twice, Person.the_app_fails_after_success)
