"""A board of 2,000 projects, through a real API server and Airflow's own store."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from harvest_upsales.domain.board_text import contents_key
from tests.web.boards import PROJECTS, stored_board
from tests.web.conftest import DAG, PAGE, Person, Site

pytestmark = pytest.mark.scheduler


@dataclass(frozen=True)
class Stored:
    """Airflow's store with the board in it: values by key, the board's pieces first."""

    site: Site
    path: str
    values: dict[str, object]

    def put(self, key: str) -> None:
        self.site.airflow("PUT", f"{self.path}/{key}", {"value": self.values[key]})

    def remove(self, key: str) -> None:
        self.site.airflow("DELETE", f"{self.path}/{key}")


@pytest.fixture
def stored(site: Site) -> Iterator[Stored]:
    """The board as a run would have stored it, and gone again afterwards."""
    found = site.airflow("GET", "/assets?name_pattern=harvest_upsales/opportunities").json()["assets"]
    stored = Stored(site, f"/assets/{found[0]['id']}/state-store", stored_board(DAG))
    for key in stored.values:
        stored.put(key)
    yield stored
    for key in stored.values:
        stored.remove(key)


@pytest.mark.usefixtures("stored")
def test_two_thousand_projects_travel_packed_and_once(admin: Person) -> None:
    admin.get("/api/me")
    first = admin.get("/api/board")
    known = admin.get("/api/board", headers={"If-None-Match": first.headers["ETag"]})

    assert len(first.json()["rows"]) == PROJECTS
    with admin.session.get(f"{admin.url}{PAGE}/api/board", stream=True, timeout=30) as answer:
        travelled = len(b"".join(answer.raw.stream(decode_content=False)))
    assert first.headers["Content-Encoding"] == "gzip"
    assert 1_000 < travelled < 250_000
    assert (known.status_code, known.content) == (304, b"")


def test_half_a_board_never_passes_for_the_whole_one(stored: Stored, admin: Person) -> None:
    whole = admin.get("/api/board")
    piece = next(iter(stored.values))
    # The server keeps its last answer for each DAG; another board makes it read again.
    stored.remove(contents_key(DAG))
    assert admin.get("/api/board").json()["rows"] == []
    stored.remove(piece)
    stored.put(contents_key(DAG))

    broken = admin.get("/api/board")
    known = admin.get("/api/board", headers={"If-None-Match": whole.headers["ETag"]})

    assert (broken.status_code, broken.headers.get("ETag")) == (503, None)
    assert "the next run stores it again" in broken.json()["detail"]
    assert broken.headers["Cache-Control"] == "no-store"
    assert known.status_code == 304
    stored.put(piece)
    mended = admin.get("/api/board")
    assert (mended.content, mended.headers["ETag"]) == (whole.content, whole.headers["ETag"])
