"""A DAG that is switched on before settings are saved: its schedule's runs are left out, and ask nobody anything."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.errors import RunFailedError, SettingsError
from harvest_upsales.operators.check_setup_operator import CheckSetupOperator
from harvest_upsales.operators.reconcile_operator import ReconcileOperator

VARIABLE = "second_settings"
CONNECTIONS = {
    "harvest_conn_id": "no_harvest",
    "upsales_conn_id": "no_upsales",
    "settings_variable": VARIABLE,
}


class Instance:
    """What an operator asks of its task instance."""

    dag_id = "d"

    def __init__(self, *, found: object = None, **states: str) -> None:
        self.found, self.states = found, states

    def get_task_states(self, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        return {run_id: self.states for run_id in run_ids if dag_id == self.dag_id}

    def xcom_pull(self, **_: Any) -> object:
        return self.found

    def xcom_push(self, **_: Any) -> None:
        pass


def context(run_type: str, *, found: object = None, **states: str) -> Any:
    return {"dag_run": SimpleNamespace(run_type=run_type, run_id="r"), "ti": Instance(found=found, **states)}


def check(
    run_type: str, monkeypatch: pytest.MonkeyPatch, text: str | None, *, earlier: object = None
) -> None:
    harvest = {"conn_type": "harvest", "login": "1", "password": "x", "extra": {"contact": "ops@example.com"}}
    monkeypatch.setenv("AIRFLOW_CONN_NO_HARVEST", json.dumps(harvest))
    monkeypatch.setenv("AIRFLOW_CONN_NO_UPSALES", json.dumps({"conn_type": "upsales", "password": "x"}))
    operator = CheckSetupOperator(task_id="check_setup", **CONNECTIONS)
    # Not the thing under test: where Airflow keeps Variables.
    monkeypatch.setattr(
        "harvest_upsales.operators.base_operator.Variable.get",
        lambda key, default: text if key == VARIABLE else default,
    )
    operator.execute(context(run_type, found=earlier))


def test_a_run_of_the_schedule_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowSkipException, match=r"No settings yet \(Variable second_settings\)"):
        check("scheduled", monkeypatch, None)


@pytest.mark.parametrize(("run_type", "text"), [("manual", None), ("scheduled", "{}"), ("scheduled", "")])
def test_what_somebody_asked_for_or_saved_wrongly_fails(
    monkeypatch: pytest.MonkeyPatch, run_type: str, text: str | None
) -> None:
    with pytest.raises(SettingsError, match=VARIABLE):
        check(run_type, monkeypatch, text)


def test_settings_that_were_there_once_and_are_gone_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=VARIABLE):
        check("scheduled", monkeypatch, None, earlier={"key_field": 7})


def test_the_comparison_is_left_out_with_the_set_up() -> None:
    reconcile = ReconcileOperator(task_id="reconcile", **CONNECTIONS)

    with pytest.raises(AirflowSkipException, match="check_setup was skipped"):
        reconcile.execute(context("scheduled", check_setup="skipped"))
    with pytest.raises(RunFailedError, match="check_setup"):
        reconcile.execute(context("scheduled", check_setup="failed"))
    with pytest.raises(RunFailedError, match="Nothing was checked"):
        reconcile.execute(context("scheduled", check_setup="success"))
