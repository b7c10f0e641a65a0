"""What the page's board takes with 2,000 projects: through Airflow's real API server, as a browser asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from urllib.request import Request, urlopen

from localrun.airflow_api import AirflowApi
from localrun.story import DAG_ID
from tests.web.boards import PROJECTS, stored_board

BOARD = "/harvest-upsales/api/board"
ASKED = 20


@dataclass(frozen=True)
class PageTimes:
    """Milliseconds from request to answer, and what travels.

    :param first_ms: the server reads and puts together a board that it has not shown yet
    :param again_ms: the median of later answers
    :param unchanged_ms: the median of answers to a browser that has the board already
    """

    projects: int
    first_ms: float
    again_ms: float
    unchanged_ms: float
    travels_kb: float


def page_times(api: AirflowApi) -> PageTimes:
    """Store a board as a run does, and ask for it."""
    found = api.call("GET", "/api/v2/assets", name_pattern=f"{DAG_ID}/opportunities").json()["assets"]
    api.call("GET", "/harvest-upsales/api/me").raise_for_status()
    for key, value in stored_board(DAG_ID).items():
        path = f"/api/v2/assets/{found[0]['id']}/state-store/{key}"
        api.call("PUT", path, {"value": value}).raise_for_status()
    first, again, unchanged = _asked(api, 1), _asked(api, ASKED), _asked(api, ASKED, known=True)
    answer = api.call("GET", BOARD)
    assert len(answer.json()["rows"]) == PROJECTS
    same = Request(str(answer.request.url), headers=dict(answer.request.headers))  # noqa: S310 - this machine's
    with urlopen(same, timeout=30) as packed:  # noqa: S310
        travels = len(packed.read())
    return PageTimes(PROJECTS, first, again, unchanged, travels / 1000)


def _asked(api: AirflowApi, times: int, *, known: bool = False) -> float:
    headers = {"If-None-Match": api.call("GET", BOARD).headers["ETag"]} if known else {}
    answers = [api.call("GET", BOARD, headers=headers) for _ in range(times)]
    assert {answer.status_code for answer in answers} == {304 if known else 200}
    return 1000 * median(answer.elapsed.total_seconds() for answer in answers)
