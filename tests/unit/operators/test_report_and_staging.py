"""Tables in task logs, and what goes between tasks by reference."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from fsspec.implementations.memory import MemoryFileSystem

from harvest_upsales.api.rate_limit import ALL, UPSALES_LIMITS, WRITES, RateLimiter
from harvest_upsales.api.transport import Transport
from harvest_upsales.domain.money import Row
from harvest_upsales.domain.uninvoiced_report import Uninvoiced
from harvest_upsales.domain.upsales_side import ProjectOrders
from harvest_upsales.flows.overview import Sides
from harvest_upsales.operators.base_operator import to_xcom, truth
from harvest_upsales.operators.extract_time_operator import ids_of
from harvest_upsales.operators.report import amount, folded, hours, table
from harvest_upsales.operators.staging import clear, leave_count, place_of, stage, staged, take_over_count

SIDES = Sides(
    harvest={7: Uninvoiced(7, "Webb", "Fjord", "SEK", Decimal("3.75"), Decimal("4689.38"))},
    upsales={
        7: ProjectOrders(live_rows=(Row(Decimal("3.75"), Decimal("1250.50")),), currency="SEK", open=(12,))
    },
)
CONTEXT = {"dag_run": SimpleNamespace(dag_id="d", run_id="manual__2026-11-22T10:00:00+00:00")}


def test_columns_stand_below_each_other_and_a_cell_stays_on_its_line() -> None:
    assert table(("what", "who"), [("create", "Fjord\nAB"), ("skip", "S")]).split("\n") == [
        "what    who",
        "------  --------",
        "create  Fjord AB",
        "skip    S",
    ]
    assert table(("what",), []) == ""


def test_amounts_end_below_each_other_with_thousands_apart() -> None:
    rows = [("Fjord", amount(Decimal("1234567.50"), "SEK")), ("Skog", amount(Decimal("-2E+1"), "SEK"))]
    assert table(("who", "amount"), rows, right=("amount",)).split("\n") == [
        "who              amount",
        "-----  ----------------",
        "Fjord  1,234,567.50 SEK",
        "Skog         -20.00 SEK",
    ]
    assert (amount(Decimal("4689.375"), "SEK"), amount(Decimal(7), "JPY")) == ("4,689.375 SEK", "7 JPY")
    assert (amount(None, "SEK"), hours(Decimal("1234.50"))) == ("", "1,234.5")


@pytest.mark.parametrize(
    ("name", "columns"), [("Fjäll", 5), ("東京", 4), ("🚀 Go", 5), ("e\u0301", 1), ("a\u200db", 2)]
)
def test_wide_and_combining_characters_are_counted_in_columns(name: str, columns: int) -> None:
    first, second = table(("who", "n"), [(name, "1"), ("123456789", "2")]).split("\n")[2:]
    assert first == name + " " * (9 - columns) + "  1"
    assert second == "123456789  2"


def test_a_long_cell_is_cut_and_says_so() -> None:
    for sign, kept in (("x", 119), ("東", 59)):
        cell = table(("who",), [(sign * 500,)]).split("\n")[2]
        assert cell == sign * kept + "…"


def test_a_name_ends_no_group() -> None:
    logged: list[str] = []
    log = SimpleNamespace(info=lambda message, *values: logged.append(message % values))

    with folded(log, "Audit ::endgroup:: trail"):
        log.info("%s", table(("who",), [("::endgroup:: ::group::Fjord",)]))

    assert logged[0] == "::group::Audit endgroup trail"
    assert logged[1].endswith("endgroup groupFjord")
    assert logged[2:] == ["::endgroup::"]


def test_a_group_is_closed_where_the_task_fails_in_it() -> None:
    logged: list[str] = []
    with (
        pytest.raises(ValueError, match="lost"),
        folded(SimpleNamespace(info=lambda m, *_: logged.append(m)), "x"),
    ):
        raise ValueError("lost")
    assert logged[-1] == "::endgroup::"


@pytest.mark.parametrize(
    ("given", "meant"), [("True", True), (True, True), ("False", False), ("", False), (None, False)]
)
def test_a_flag_may_come_out_of_a_template(given: bool | str | None, meant: bool) -> None:
    assert truth(given) is meant


@pytest.mark.parametrize("given", ["[7, 12]", "12,7", [12, 7], ["7", "12"], (7, 12, 7)])
def test_project_ids_may_come_out_of_a_template(given: str | list[int]) -> None:
    assert ids_of(given) == [7, 12]


@pytest.mark.parametrize("given", ["[]", "None", "", None, []])
def test_no_project_ids_mean_all(given: str | list[int] | None) -> None:
    assert ids_of(given) == []


def test_money_goes_through_xcom_with_every_digit() -> None:
    assert to_xcom(Row(Decimal("3.750"), Decimal("1250.50"))) == {"quantity": "3.750", "price": "1250.50"}


def test_xcom_holds_lists_which_airflow_shows_as_they_are() -> None:
    assert to_xcom({"rows": (Row(Decimal(1), Decimal(2)),)}) == {"rows": [{"quantity": "1", "price": "2"}]}


def test_what_is_staged_comes_back_and_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HARVEST_UPSALES__STAGING_PATH", tmp_path.as_uri())

    place = place_of(stage(CONTEXT, "overview", SIDES))

    assert staged(place, Sides) == SIDES
    clear(place)
    assert staged(place, Sides) is None
    assert list(tmp_path.iterdir()) == []
    clear(place)


def test_what_cannot_be_staged_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("AIRFLOW__HARVEST_UPSALES__STAGING_PATH", (tmp_path / "file").as_uri())

    place = place_of(stage(CONTEXT, "overview", SIDES))

    assert place == ""
    assert staged(place, Sides) is None
    clear(place)


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is staged stands."""
    monkeypatch.setenv("AIRFLOW__HARVEST_UPSALES__STAGING_PATH", (tmp_path / "staging").as_uri())
    return tmp_path / "staging"


def test_the_place_is_found_in_what_the_first_release_handed_on(staging: Path) -> None:
    assert place_of("file:///staging/1a2b/overview.json") == "file:///staging/1a2b/overview.json"
    assert place_of(None) == place_of({}) == ""


def test_what_runs_left_behind_goes_after_a_week(staging: Path) -> None:
    kept = [f"run-{datetime.now(UTC).date() - timedelta(days=days)}-1a2b" for days in (0, 7)]
    old = [f"run-{datetime.now(UTC).date() - timedelta(days=days)}-1a2b" for days in (8, 400)]
    for name in (*kept, *old, "somebody's"):
        (staging / name).mkdir(parents=True)
        (staging / name / "overview.json").write_text("{}")
    (staging / "requests-1a2b.json").write_text("{}")

    run = Path(place_of(stage(CONTEXT, "overview", SIDES)).removeprefix("file://")).parent.name

    assert {path.name for path in staging.iterdir()} == {*kept, "somebody's", "requests-1a2b.json", run}


def test_a_store_of_objects_is_asked_for_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some drivers would make a mistyped bucket, and others refuse a key that may only write objects."""
    monkeypatch.setenv("AIRFLOW__HARVEST_UPSALES__STAGING_PATH", "memory://bucket/folder")
    made: list[str] = []
    monkeypatch.setattr(MemoryFileSystem, "mkdir", lambda self, path, **_: made.append(path))
    monkeypatch.setattr(MemoryFileSystem, "makedirs", lambda self, path, **_: made.append(path))

    place = place_of(stage(CONTEXT, "overview", SIDES))
    leave_count(transport(lambda: 5.0), "a" * 64)

    assert staged(place, Sides) == SIDES
    assert made == []
    clear(place)
    assert staged(place, Sides) is None


class CredentialsError(Exception):
    """As drivers of stores have them: no ``OSError``."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("Install s3fs"), "The driver for memory:// is missing: install the provider"),
        (CredentialsError("key AKIA-not-for-logs"), "and its rights (CredentialsError)"),
    ],
    ids=["driver missing", "credentials refused"],
)
def test_a_store_that_can_t_be_used_is_named_and_fails_no_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    def refuse(_place: str) -> None:
        raise error

    monkeypatch.setattr("harvest_upsales.operators.staging.ObjectStoragePath", refuse)
    monkeypatch.setenv("AIRFLOW__HARVEST_UPSALES__STAGING_PATH", "memory://name/folder")
    fresh = transport(lambda: 5.0)

    with caplog.at_level("INFO"):
        assert stage(CONTEXT, "overview", SIDES) == {}
        assert staged("memory://name/folder/overview.json", Sides) is None
        take_over_count(fresh, "a" * 64)
        leave_count(fresh, "a" * 64)
        clear("memory://name/folder/overview.json")

    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 5
    assert [line for line in told if words not in line or "[harvest_upsales] staging_path" not in line] == []
    assert "AKIA" not in caplog.text


def transport(clock: Callable[[], float]) -> Transport:
    return Transport(
        requests.Session(),
        "http://127.0.0.1:1",
        service="Upsales",
        limiter=RateLimiter(UPSALES_LIMITS),
        clock=clock,
    )


def test_a_task_goes_on_counting_where_the_one_before_stopped(staging: Path) -> None:
    first, second, other = transport(lambda: 1000.0), transport(lambda: 5.0), transport(lambda: 5.0)
    for _ in range(3):
        first._limiter.reserve(1000.0, WRITES)

    leave_count(first, "a" * 64)
    take_over_count(second, "a" * 64)
    take_over_count(other, "b" * 64)

    assert {budget: sum(ages.values()) for budget, ages in second.sent_lately().items()} == {
        ALL: 3,
        WRITES: 3,
    }
    assert other.sent_lately() == {ALL: {}, WRITES: {}}
    [file] = staging.glob("requests-*.json")
    assert file.name == f"requests-{'a' * 16}.json"


def test_a_count_that_can_t_be_read_is_none(staging: Path) -> None:
    staging.mkdir(parents=True, exist_ok=True)
    (staging / f"requests-{'a' * 16}.json").write_text("half of i")
    fresh = transport(lambda: 5.0)

    take_over_count(fresh, "a" * 64)

    assert fresh.sent_lately() == {ALL: {}, WRITES: {}}
