"""Harvest's time entries: filters, cursors, locks, and numbers that keep their digits."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.sandbox.service_client import HARVEST_HEADERS, TODAY, Service


def all_pages(harvest: Service, **params: Any) -> list[dict[str, Any]]:
    answer = harvest.get("/time_entries", **params).json()
    entries = list(answer["time_entries"])
    while answer["links"]["next"]:
        answer = harvest.get(answer["links"]["next"]).json()
        entries += answer["time_entries"]
    return entries


def test_numbers_keep_their_digits(harvest: Service, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-20", "7.10")
    text = harvest.get("/time_entries").text
    assert '"hours":7.1,' in text
    assert '"billable_rate":1250.5,' in text


def test_hours_are_rounded_up_where_the_account_rounds(world: World, project_id: int) -> None:
    world.harvest.rounding_minutes = 15
    entry_id = world.harvest.add_time(project_id, "2026-11-20", "2.37")
    assert str(world.harvest.time_entries[entry_id]["rounded_hours"]) == "2.5"


def test_the_newest_day_comes_first_and_then_the_highest_id(
    harvest: Service, world: World, project_id: int
) -> None:
    for day in ("2026-11-18", "2026-11-20", "2026-11-20", "2026-11-19"):
        world.harvest.add_time(project_id, day, 1)
    entries = all_pages(harvest, per_page=2)
    assert entries == sorted(entries, key=lambda e: (e["spent_date"], e["id"]), reverse=True)
    assert len(entries) == 4


def test_a_cursor_loses_nothing_when_entries_appear_meanwhile(
    harvest: Service, world: World, project_id: int
) -> None:
    before = [world.harvest.add_time(project_id, f"2026-11-{day:02}", 1) for day in range(1, 8)]
    page = harvest.get("/time_entries", per_page=3).json()
    world.harvest.add_time(project_id, "2026-11-20", 1)
    world.harvest.delete_time(before[-1])
    seen = [entry["id"] for entry in page["time_entries"]]
    while page["links"]["next"]:
        page = harvest.get(page["links"]["next"]).json()
        seen += [entry["id"] for entry in page["time_entries"]]
    assert sorted(seen) == before


def test_cursor_pages_come_without_totals(harvest: Service) -> None:
    answer = harvest.get("/time_entries").json()
    assert (answer["page"], answer["total_entries"]) == (None, None)
    assert harvest.get("/time_entries", page=1).json()["total_entries"] == 0


@pytest.mark.parametrize(
    "params",
    [
        {"per_page": 2001}, {"per_page": 0}, {"page": 1, "cursor": "x"}, {"cursor": "nonsense"},
        {"is_billed": "yes"}, {"updated_since": "2026-11-01T00:00:00"}, {"from": "yesterday"},
    ],
)  # fmt: skip
def test_a_parameter_out_of_range_is_refused(harvest: Service, params: dict[str, object]) -> None:
    answer = harvest.get("/time_entries", **params)
    assert answer.status_code == 422
    assert answer.json()["message"]


def test_a_cursor_belongs_to_its_filters(harvest: Service, world: World, project_id: int) -> None:
    for _ in range(3):
        world.harvest.add_time(project_id, "2026-11-20", 1)
    following = harvest.get("/time_entries", per_page=1, is_billed="false").json()["links"]["next"]
    assert harvest.get(following.replace("is_billed=false", "is_billed=true")).status_code == 422


ENTRIES = st.lists(
    st.tuples(st.integers(1, 20), st.booleans(), st.booleans(), st.integers(0, 1)), min_size=1, max_size=12
)


@settings(max_examples=20, deadline=None)
@given(
    entries=ENTRIES, first=st.integers(1, 20), length=st.integers(0, 10), billed=st.booleans(),
    project=st.integers(0, 1), size=st.integers(1, 5),
)  # fmt: skip
def test_filters_find_what_plain_python_finds(
    entries: list[tuple[int, bool, bool, int]], first: int, length: int, billed: bool, project: int, size: int
) -> None:
    world = World.new(TODAY)
    client = world.harvest.add_client("Kund")
    projects = [world.harvest.add_project(client, name, hourly_rate=1) for name in "AB"]
    expected = set()
    for day, is_billed, is_running, where in entries:
        entry = world.harvest.add_time(projects[where], f"2026-11-{day:02}", 1, is_running=is_running)
        world.harvest.edit_time(entry, is_billed=is_billed)
        if first <= day <= first + length and is_billed == billed and where == project:
            expected.add(entry)
    with SandboxServer(world, rate_limits=False) as server:
        found = all_pages(
            Service(server.harvest_url, HARVEST_HEADERS), is_billed=str(billed).lower(), per_page=size,
            project_id=projects[project],
            **{"from": f"2026-11-{first:02}", "to": f"2026-11-{first + length:02}"},
        )  # fmt: skip
    assert {entry["id"] for entry in found} == expected
    assert len(found) == len(expected)


def test_updated_since_finds_edits(harvest: Service, world: World, project_id: int) -> None:
    with world.clock.frozen(world.clock.now().replace(hour=1)):
        old, edited = (world.harvest.add_time(project_id, "2026-11-20", 1) for _ in range(2))
    with world.clock.frozen(world.clock.now().replace(hour=9)):
        world.harvest.edit_time(edited, hours=2)
    found = harvest.get("/time_entries", updated_since="2026-11-22T08:00:00Z").json()["time_entries"]
    assert [entry["id"] for entry in found] == [edited]
    assert old != edited


def tracked(world: World, project_id: int, **more: object) -> dict[str, object]:
    return {"project_id": project_id, "task_id": min(world.harvest.tasks), "spent_date": "2026-11-20", **more}


def test_time_is_tracked_edited_and_deleted(harvest: Service, world: World, project_id: int) -> None:
    entry = harvest.post("/time_entries", tracked(world, project_id, hours=1.5)).json()
    assert (entry["hours"], entry["is_running"]) == (1.5, False)
    assert harvest.patch(f"/time_entries/{entry['id']}", {"hours": 2}).json()["hours"] == 2
    assert harvest.delete(f"/time_entries/{entry['id']}").status_code == 200
    assert world.harvest.time_entries == {}


def test_without_hours_a_timer_starts(harvest: Service, world: World, project_id: int) -> None:
    entry = harvest.post("/time_entries", tracked(world, project_id)).json()
    assert entry["is_running"]
    assert harvest.patch(f"/projects/{project_id}", {"is_active": False}).status_code == 422
    assert harvest.patch(f"/time_entries/{entry['id']}/stop", {}).json()["is_running"] is False
    assert harvest.patch(f"/projects/{project_id}", {"is_active": False}).json()["is_active"] is False


def test_no_time_is_tracked_or_changed_on_an_archived_project(
    harvest: Service, world: World, project_id: int
) -> None:
    entry_id = world.harvest.add_time(project_id, "2026-11-20", 1)
    harvest.patch(f"/projects/{project_id}", {"is_active": False})
    assert harvest.post("/time_entries", tracked(world, project_id, hours=1)).status_code == 422
    assert harvest.patch(f"/time_entries/{entry_id}", {"hours": 2}).status_code == 422
    assert harvest.delete(f"/time_entries/{entry_id}").status_code == 422


def approve(world: World, entry_id: int) -> None:
    world.harvest.edit_time(entry_id, is_closed=True)


def bill(world: World, entry_id: int) -> None:
    world.harvest.edit_time(entry_id, is_billed=True)


@pytest.mark.parametrize("lock", [approve, bill])
def test_locked_time_is_not_changed(
    harvest: Service, world: World, project_id: int, lock: Callable[[World, int], None]
) -> None:
    entry_id = world.harvest.add_time(project_id, "2026-11-20", 1)
    lock(world, entry_id)
    assert harvest.patch(f"/time_entries/{entry_id}", {"hours": 2}).status_code == 422
    assert harvest.delete(f"/time_entries/{entry_id}").status_code == 422
    assert entry_id in world.harvest.time_entries
