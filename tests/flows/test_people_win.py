"""Whatever people change on an opportunity survives an update, whichever way the service takes a save."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from sandbox.minimal import PRODUCT_LICENCE, PRODUCT_TIME, STAGE_LOST, STAGE_PROSPECT
from sandbox.upsales.value import contact_brief
from tests.flows.run_harness import EVERYTHING, Bench, rows, worth

COMPUTED = {"modDate", "value", "oneOffValue"}
SWITCHES = ("put_replaces_whole", "custom_put_replaces", "custom_ne_matches_missing")


@pytest.fixture(params=[{}, *({name: True} for name in SWITCHES), {"custom_put_replaces": False}], ids=str)
def switched(request: pytest.FixtureRequest, bench: Bench) -> Bench:
    for name, value in request.param.items():
        setattr(bench.world.upsales, name, value)
    return bench


def of_people(order: dict[str, Any]) -> dict[str, Any]:
    """The record without our rows, our block of the notes and what Upsales computes."""
    kept = {
        name: value
        for name, value in deepcopy(order).items()
        if name not in COMPUTED and not name.startswith(("weighted", "contribution", "oneOff", "valueIn"))
    }
    kept["orderRow"] = [
        {name: value for name, value in row.items() if name != "id"}
        for row in kept["orderRow"]
        if row["product"]["id"] != PRODUCT_TIME
    ]
    kept["custom"] = sorted(kept["custom"], key=lambda value: value["fieldId"])
    notes = kept.pop("notes") or ""
    before, _, rest = notes.partition("--- Time entries from Harvest ---")
    kept["notes before"], kept["notes after"] = (
        before,
        rest.partition("--- End of time entries from Harvest ---")[2],
    )
    return kept


def test_edits_survive_an_update(switched: Bench) -> None:
    bench, upsales = switched, switched.world.upsales
    project = bench.add_project()
    bench.add_time(project, "2.5")
    bench.run()
    order = bench.order_of(project)
    other = upsales.add_company("Someone Else AB")
    contact = upsales.add_contact(other, "Kim Ek", "kim@else.example")
    upsales.set_custom(order["id"], "REFERENCE", "Kim: PO 77")
    upsales.add_row(order["id"], PRODUCT_LICENCE, 3, "2500.25")
    upsales.edit(
        order["id"],
        user=1,
        client=other,
        date="2027-03-01",
        contact=contact_brief(upsales, contact),
        description="Renamed by Greta",
        notes=f"Call on Monday\n\n{order['notes']}\n\nThey want a discount & <b>more</b>",
    )
    upsales.orders[order["id"]]["orderRow"][-1] |= {"discount": 500, "listPrice": 3000, "sortId": 4}
    upsales.move(order["id"], STAGE_PROSPECT)
    upsales.edit(order["id"], probability=65)
    before = of_people(order)

    bench.add_time(project, "1.25", rate=1400)
    update = bench.run()

    assert update.writes == [f"PUT /orders/{order['id']}"]
    assert rows(order) == [(Decimal("1.25"), 1400), (Decimal("2.5"), 1000)]
    assert "1.25 h" in order["notes"]
    after = of_people(order)
    assert after.pop("stage") == before.pop("stage")
    assert after == before
    assert bench.run().writes == []


def test_an_edit_alone_is_not_written_over(switched: Bench) -> None:
    bench = switched
    project = bench.add_project()
    bench.add_time(project)
    bench.run()
    order = bench.order_of(project)
    bench.world.upsales.edit(
        order["id"], description="Mine", notes=f"Mine\n\n{order['notes']}", date="2027-01-01"
    )
    bench.world.upsales.add_row(order["id"], PRODUCT_LICENCE, 1, 99)
    as_edited = deepcopy(order)
    run = bench.run(EVERYTHING)
    assert run.actions() == {project: "unchanged"}
    assert run.writes == []
    assert order == as_edited


def test_a_lost_opportunity_is_left_alone_and_reported(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project)
    bench.run()
    order = bench.order_of(project)
    bench.world.upsales.move(order["id"], STAGE_LOST)
    bench.add_time(project, 2)
    run = bench.run()
    assert run.writes == []
    assert run.outcome(project).action == "skip"
    assert "lost, with 3000.00 SEK uninvoiced" in run.outcome(project).reason
    assert run.reconciled is not None
    assert [line.state for line in run.reconciled.lines] == ["lost with time"]


def test_our_rows_that_people_changed_say_harvests_hours_again(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 4)
    bench.run()
    order = bench.order_of(project)
    order["orderRow"][0]["quantity"] = Decimal(2)
    bench.world.upsales.edit(order["id"])
    run = bench.run(bench.quiet)
    assert run.actions() == {project: "update"}
    assert worth(order) == 4000


def test_notes_are_left_to_people_when_listing_is_switched_off(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, notes="Secret workshop")
    bench.run()
    order = bench.order_of(project)
    bench.world.upsales.edit(order["id"], notes=f"Before\n{order['notes']}\nAfter")
    bench.run(write_time_to_notes=False)
    assert order["notes"].split() == ["Before", "After"]
    assert bench.run(write_time_to_notes=False).writes == []


def test_text_directly_above_our_block_is_left_as_typed(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project)
    bench.run()
    order = bench.order_of(project)
    bench.world.upsales.edit(order["id"], notes=f"Mine\n{order['notes']}")
    assert bench.run().writes == []
