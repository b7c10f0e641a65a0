"""The pages that links into both web apps lead to."""

from typing import Any

from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.sandbox.service_client import Service


def web(server: SandboxServer) -> Service:
    return Service(server.control_url.removesuffix("/control"), {})


def test_harvests_web_app_is_where_its_company_says(server: SandboxServer, harvest: Service) -> None:
    assert harvest.get("/company").json()["base_uri"] == web(server).url


def test_a_project_and_its_invoice_have_pages(
    server: SandboxServer, world: World, harvest: Service, project_id: int
) -> None:
    world.harvest.add_time(project_id, world.today, "7.25")
    invoice = harvest.post(
        "/invoices",
        {
            "client_id": world.harvest.projects[project_id]["client"]["id"],
            "purchase_order": "upsales-order-7",
            "line_items_import": {"project_ids": [project_id], "time": {"summary_type": "project"}},
        },
    ).json()

    project, billed = (
        web(server).get(path) for path in (f"/projects/{project_id}", f"/invoices/{invoice['id']}")
    )

    assert "Fjällräven &amp; Co" in project.text
    assert "7.25" in project.text
    assert "upsales-order-7" in billed.text
    assert {answer.headers["content-type"] for answer in (project, billed)} == {"text/html; charset=utf-8"}
    assert world.journal.violations == []


def test_orders_stand_at_their_anchors_and_names_stay_text(
    server: SandboxServer, world: World, upsales: Service, order_body: dict[str, Any]
) -> None:
    order_id = upsales.post("/orders", {**order_body, "description": "<b>Webb</b>"}).json()["data"]["id"]

    page = web(server).get("/").text

    assert f'id="/orders/{order_id}"' in page
    assert "&lt;b&gt;Webb&lt;/b&gt;" in page
    assert world.upsales.stages[STAGE_VERBAL_AGREEMENT]["name"] in page


def test_there_is_no_page_of_what_is_not_there(server: SandboxServer) -> None:
    assert web(server).get("/projects/1").status_code == 404
    assert web(server).get("/invoices/1").status_code == 404
