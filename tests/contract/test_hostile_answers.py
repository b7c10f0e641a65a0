"""Answers that no honest service gives: links that lead astray, lists out of order, odd envelopes."""

from typing import Any

import pytest

from harvest_upsales.errors import IncompleteListError, NotFoundError, RejectedError, UnexpectedAnswerError
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from harvest_upsales.records.upsales_records import OrderBrief

PROJECT = {
    "name": "Website",
    "client": {"id": 1, "name": "Fjäll", "currency": "SEK"},
    "is_active": True,
    "is_billable": True,
    "bill_by": "Project",
}


@pytest.fixture
def scripted_harvest(scripted: Any, connect: Any, waits: list[float]) -> HarvestHook:
    connect(f"{scripted.url}/v2", f"{scripted.url}/api/v2")
    return HarvestHook()


@pytest.fixture
def scripted_upsales(scripted: Any, connect: Any, waits: list[float]) -> UpsalesHook:
    connect(f"{scripted.url}/v2", f"{scripted.url}/api/v2")
    return UpsalesHook()


def page(*ids: int, following: str | None = None) -> dict[str, Any]:
    return {"projects": [{**PROJECT, "id": id_} for id_ in ids], "links": {"next": following}}


def test_a_link_to_the_public_host_is_followed_on_our_own(
    scripted: Any, scripted_harvest: HarvestHook
) -> None:
    scripted.say(page(1, 2, following="https://api.harvestapp.com/v2/projects?cursor=abc&per_page=2"))
    scripted.say(page(2, 3))

    assert [project.id for project in scripted_harvest.client.projects()] == [1, 2, 3]
    assert [path for _, path, _ in scripted.asked] == [
        "/v2/projects?per_page=2000",
        "/v2/projects?cursor=abc&per_page=2",
    ]


@pytest.mark.parametrize(
    "link",
    [
        "https://api.harvestapp.com.example/v2/projects?cursor=abc",
        "https://evil.example/v2/projects?cursor=abc",
        "//evil.example/v2/projects?cursor=abc",
        "https://api.harvestapp.com/v2/users?cursor=abc",
    ],
)
def test_a_link_elsewhere_is_refused(scripted: Any, scripted_harvest: HarvestHook, link: str) -> None:
    scripted.say(page(1, following=link))

    with pytest.raises(UnexpectedAnswerError, match="link to the next page"):
        list(scripted_harvest.client.projects())

    assert len(scripted.asked) == 1


def test_a_link_that_comes_back_is_refused(scripted: Any, scripted_harvest: HarvestHook) -> None:
    scripted.say(page(1, following="/v2/projects?cursor=a&per_page=2000"))
    scripted.say(page(2, following="/v2/projects?cursor=b&per_page=2000"))
    scripted.say(page(3, following="/v2/projects?per_page=2000&cursor=a"))

    with pytest.raises(IncompleteListError, match=r"Harvest GET /projects: .* leads back"):
        scripted_harvest.client.projects()

    # Once to the repeated cursor, then three times more from the start, which gives that page alone here.
    assert len(scripted.asked) == 3 + 3 * 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"projects": [{**PROJECT, "id": "Ann Berg"}], "links": {"next": None}}, r"projects\[0\]\.id"),
        ({"projects": [{**PROJECT}], "links": {"next": None}}, "`id`"),
        ({"projects": []}, "`links`"),
        ({"projects": [], "links": {}}, "`next`"),
    ],
)
def test_a_wrong_shape_names_the_field_at_once(
    scripted: Any, scripted_harvest: HarvestHook, body: dict[str, Any], field: str
) -> None:
    scripted.say(body)

    with pytest.raises(UnexpectedAnswerError, match=field) as problem:
        list(scripted_harvest.client.projects())

    assert "Ann Berg" not in str(problem.value)
    assert len(scripted.asked) == 1


def test_ids_that_do_not_grow_are_refused(scripted: Any, scripted_upsales: UpsalesHook) -> None:
    scripted.say({"error": None, "data": [{"id": 2, "name": "A"}, {"id": 2, "name": "B"}]})

    with pytest.raises(IncompleteListError, match="order of ids"):
        list(scripted_upsales.client.companies())


def test_an_error_with_status_200_is_an_error(scripted: Any, scripted_upsales: UpsalesHook) -> None:
    scripted.say({"error": {"key": "FailedValidation", "errorCode": 26, "msg": "No such attribute"}})

    with pytest.raises(RejectedError, match="FailedValidation No such attribute 26"):
        scripted_upsales.client.order_stages()


@pytest.mark.parametrize(
    ("body", "kind"),
    [({"error": None, "data": None}, NotFoundError), ({"error": None}, UnexpectedAnswerError)],
)
def test_an_envelope_without_content(
    scripted: Any, scripted_upsales: UpsalesHook, body: dict[str, Any], kind: type[Exception]
) -> None:
    scripted.say(body)

    with pytest.raises(kind, match="GET /orders/7"):
        scripted_upsales.client.order(7)


def test_fields_that_nothing_needs_may_be_absent(scripted: Any, scripted_upsales: UpsalesHook) -> None:
    order = {"id": 7, "probability": 90}
    scripted.say({"error": None, "data": {**order, "stage": {"id": 9}, "client": {"id": 40}}})
    scripted.say({"error": None, "metadata": {"total": 1}, "data": [order]})
    scripted.say({"error": None, "data": [{"id": 9, "probability": 90}]})

    assert scripted_upsales.client.order(7).user is None
    assert [brief.rows for brief in scripted_upsales.client.orders(OrderBrief)] == [[]]
    assert [stage.probability for stage in scripted_upsales.client.order_stages()] == [90]


def test_a_list_of_settings_is_read_to_its_end(scripted: Any, scripted_upsales: UpsalesHook) -> None:
    scripted.say({"error": None, "metadata": {"total": 2}, "data": [{"id": 1, "name": "Ann"}]})
    scripted.say({"error": None, "metadata": {"total": 2}, "data": [{"id": 2, "name": "Bo"}]})

    assert [user.id for user in scripted_upsales.client.users([1, 2])] == [1, 2]
    assert scripted.asked[1][1] == "/api/v2/users?limit=1000&offset=1"


def test_nothing_remains_means_wait_for_the_reset(
    scripted: Any, scripted_upsales: UpsalesHook, waits: list[float]
) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}
    scripted.say({"errors": None, "data": {"id": 1}}, **headers)

    scripted_upsales.client.owner()
    scripted_upsales.client.owner()

    assert waits == [pytest.approx(9, abs=0.5)]


def test_a_services_cookies_are_not_kept(scripted: Any, scripted_upsales: UpsalesHook) -> None:
    scripted.say({"errors": None, "data": {"id": 1}}, **{"Set-Cookie": "token=other; Path=/"})

    scripted_upsales.client.owner()
    scripted_upsales.client.owner()

    cookies = [headers["Cookie"] for _, _, headers in scripted.asked]
    assert cookies == [f"token={scripted_upsales.connection.password}"] * 2
