"""A plan of taking an invoice back, as the page reads it."""

import pytest

from localrun.sandbox_link import DEMO_SETTINGS
from sandbox.minimal import STAGE_VERBAL_AGREEMENT, STAGE_WON
from tests.web.conftest import OTHER, Person, Site
from tests.web.test_board import add_project, order_of, run

pytestmark = pytest.mark.scheduler


def test_a_plan_tells_what_it_would_undo_and_undoes_nothing(site: Site, admin: Person) -> None:
    world = site.world(OTHER)
    project_id = add_project(world, "Havre")
    run(site, admin)
    order = order_of(world, project_id)
    # An order that the app has taken stays as it is.
    world.billing.delay_s, world.billing.order_modes[order["id"]] = 0, "fail"
    world.upsales.move(order["id"], STAGE_WON)
    assert run(site, admin) == "failed"
    world.upsales.move(order["id"], STAGE_VERBAL_AGREEMENT)
    invoices = dict(world.harvest.invoices)

    values = {**DEMO_SETTINGS, "reopened_orders": "undo"}
    started = admin.send("POST", "/api/settings/plan", {"values": values}, dag_id=OTHER).json()
    site.ended(started["run_id"], OTHER)
    plan = admin.get("/api/plan", run_id=started["run_id"], dag_id=OTHER).json()

    [undo] = plan["undos"]
    assert (undo["order_id"], undo["project"]) == (order["id"], "Havre: Work for Havre")
    assert (undo["amount"], undo["currency"]) == ("4689.38", "SEK")
    assert len(undo["done"]) == 3
    assert any("Harvest invoice" in step for step in undo["done"])
    assert world.harvest.invoices == invoices
    assert order["id"] not in {each["order_id"] for each in plan["settlements"]}
