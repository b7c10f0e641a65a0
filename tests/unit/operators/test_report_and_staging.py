"""Tables in task logs, and what goes between tasks by reference."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from harvest_upsales.domain.money import Row
from harvest_upsales.domain.touched import Held, Uninvoiced
from harvest_upsales.flows.overview import Sides
from harvest_upsales.operators.base_operator import to_xcom, truth
from harvest_upsales.operators.extract_time_operator import ids_of
from harvest_upsales.operators.report import table
from harvest_upsales.operators.staging import clear, stage, staged

SIDES = Sides(
    harvest={7: Uninvoiced(7, "Webb", "Fjord", "SEK", Decimal("3.75"), Decimal("4689.38"))},
    upsales={7: Held(rows=(Row(Decimal("3.75"), Decimal("1250.50")),), currency="SEK", live=(12,))},
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

    place = stage(CONTEXT, "overview", SIDES)

    assert staged(place, Sides) == SIDES
    clear(place)
    assert staged(place, Sides) is None
    assert list(tmp_path.iterdir()) == []
    clear(place)


def test_what_cannot_be_staged_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("AIRFLOW__HARVEST_UPSALES__STAGING_PATH", (tmp_path / "file").as_uri())

    place = stage(CONTEXT, "overview", SIDES)

    assert place == ""
    assert staged(place, Sides) is None
    clear(place)
