"""Things that happen between two requests, and how lists are cut into pages."""

import pytest

from sandbox.world import World
from tests.sandbox.service_client import Service


def test_something_happens_between_two_pages(harvest: Service, world: World, project_id: int) -> None:
    ids = [world.harvest.add_time(project_id, "2026-11-20", 1) for _ in range(3)]
    world.harvest.paging, world.harvest.most_per_page = "numbers", 2
    moment = world.moments.after("harvest", "^/time_entries$", lambda: world.harvest.delete_time(ids[0]))

    first = harvest.get("/time_entries").json()
    second = harvest.get("/time_entries", page=2).json()

    assert (first["total_entries"], len(first["time_entries"])) == (3, 2)
    assert (second["total_entries"], second["time_entries"]) == (2, [])
    assert moment.happened == 1


def test_an_answer_says_something_else(harvest: Service, world: World, project_id: int) -> None:
    world.moments.change("harvest", "^/projects$", lambda body: body.pop("links"), nth=2)

    answers = [harvest.get("/projects").json() for _ in range(3)]

    assert ["links" in answer for answer in answers] == [True, False, True]


@pytest.mark.parametrize("path", ["/projects", "/invoices", "/time_entries"])
def test_every_long_list_by_cursor(harvest: Service, world: World, project_id: int, path: str) -> None:
    world.harvest.paging = "cursors"

    answer = harvest.get(path).json()

    assert (answer["total_entries"], answer["page"], answer["links"]["next"]) == (None, None, None)
