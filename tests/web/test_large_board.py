"""A board of 2,000 projects, through a real API server and Airflow's own store."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import pytest

from harvest_upsales.domain.board import Board, BoardRow, State
from harvest_upsales.domain.board_text import contents_key, in_pieces
from harvest_upsales.domain.links import WebAddresses
from tests.web.conftest import DAG, PAGE, Person, Site

pytestmark = pytest.mark.scheduler
PROJECTS = 2000
NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
MONTHS = {"2026-09": Decimal("1250.50"), "2026-10": Decimal("17.25"), "2026-11": Decimal("980.1")}


def large_board() -> Board:
    rows = (
        BoardRow(
            project_id=14_000_000 + n * 7919 % 100_000,
            state=State.TRACKING,
            client=f"Client {n * 31 % 400} AB",
            project=f"Delivery {n * 7919 % 9973} of {n}",
            code=f"D-{n}",
            hours=Decimal(n * 17 % 1000) / 4,
            amount=Decimal(n * 7919 % 100_000) / 100,
            uninvoiced=Decimal(n * 7919 % 100_000) / 100,
            upsales=Decimal(n * 7919 % 100_000) / 100,
            currency="SEK" if n % 5 else "EUR",
            order_id=500_000 + n * 6007 % 100_000,
            stage="Verbal agreement" if n % 3 else "Prospect 2",
            probability=Decimal(90 if n % 3 else 50),
            last_sync=NOW - dt.timedelta(minutes=n),
            months=MONTHS,
        )
        for n in range(PROJECTS)
    )
    return Board(
        NOW, "run", tuple(rows), WebAddresses("https://nordlys.harvestapp.com", "https://power.upsales.com")
    )


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
    contents, pieces = in_pieces(large_board(), None)
    values: dict[str, object] = dict(zip(contents.keys(DAG), pieces, strict=True))
    values[contents_key(DAG)] = msgspec.to_builtins(contents)
    stored = Stored(site, f"/assets/{found[0]['id']}/state-store", values)
    for key in values:
        stored.put(key)
    yield stored
    for key in values:
        stored.remove(key)


@pytest.mark.usefixtures("stored")
def test_two_thousand_projects_stay_quick(admin: Person) -> None:
    admin.get("/api/me")
    first = admin.get("/api/board")
    later = [admin.get("/api/board") for _ in range(5)]
    known = [admin.get("/api/board", headers={"If-None-Match": first.headers["ETag"]}) for _ in range(5)]

    assert len(first.json()["rows"]) == PROJECTS
    with admin.session.get(f"{admin.url}{PAGE}/api/board", stream=True, timeout=30) as answer:
        travelled = len(b"".join(answer.raw.stream(decode_content=False)))
    quickest = [
        min(answer.elapsed for answer in answers).total_seconds() * 1000 for answers in (later, known)
    ]
    print(
        f"\n2,000 projects: first {first.elapsed.total_seconds() * 1000:.0f} ms, again {quickest[0]:.0f} ms, "
        f"unchanged {quickest[1]:.0f} ms; {travelled / 1000:.0f} kB travel"
    )
    assert first.headers["Content-Encoding"] == "gzip"
    assert 1_000 < travelled < 250_000
    assert [answer.status_code for answer in known] == [304] * 5
    assert quickest[0] < 100
    assert quickest[1] < 100


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
    assert "the next run stores it anew" in broken.json()["detail"]
    assert broken.headers["Cache-Control"] == "no-store"
    assert known.status_code == 304
    stored.put(piece)
    mended = admin.get("/api/board")
    assert (mended.content, mended.headers["ETag"]) == (whole.content, whole.headers["ETag"])
