"""When ``sync_billing`` may have the billing app called again: once a person cleared it, not on mere retries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harvest_upsales.operators.reported_refusal import ReportedRefusal

pytestmark = pytest.mark.airflow
ORDER = 70


class Store(dict[str, Any]):
    """What a task's store does, within one run: it outlives retries and clearings."""

    set = dict.__setitem__


class Task:
    """A task instance as Airflow counts its tries.

    :param retries: of the DAG; may be changed between two tries
    """

    def __init__(self, retries: int = 3) -> None:
        self.retries = self.max_tries = retries
        self.try_number = 1
        self.store = Store()

    def retried(self) -> Task:
        """The process was lost, and Airflow tries again."""
        self.try_number += 1
        return self

    def cleared(self) -> Task:
        """By a person."""
        self.max_tries = self.try_number + self.retries
        return self.retried()

    def sees_a_refusal(self, *, is_lost_after: str = "") -> str:
        """One try that finds the app's refusal: what it does about it."""
        told = self.told()
        if not told.was_cleared:
            if is_lost_after != "looking":
                told.note_reported()
            return "tells"
        did = "waits or calls" if told.may_be_called else "calls"
        told.note_call()
        return did

    def told(self, order_id: int = ORDER) -> ReportedRefusal:
        context = {"ti": SimpleNamespace(max_tries=self.max_tries), "task_state_store": self.store}
        return ReportedRefusal(context, order_id)


def test_a_refusal_is_told_first_however_many_tries_were_lost_before() -> None:
    task = Task()
    assert task.sees_a_refusal(is_lost_after="looking") == "tells"
    assert task.retried().sees_a_refusal(is_lost_after="looking") == "tells"
    assert task.retried().sees_a_refusal() == "tells"


@pytest.mark.parametrize("retries", [0, 1, 2, 3, 8])
def test_changed_retries_are_no_clearing(retries: int) -> None:
    task = Task()
    task.sees_a_refusal(is_lost_after="looking")
    task.retries = retries
    for _ in range(3):
        assert task.retried().sees_a_refusal() == "tells"


@pytest.mark.parametrize("retries", [0, 1, 3, 8])
def test_every_clearing_calls_the_app_once(retries: int) -> None:
    task = Task()
    task.sees_a_refusal()
    task.retries = retries
    for _ in range(3):
        assert task.cleared().sees_a_refusal() == "calls"
        # The app refuses again, and the task that waited for it ends with that.
        task.told().note_reported()


def test_a_try_that_was_lost_after_the_clearing_may_have_called() -> None:
    task = Task()
    task.sees_a_refusal()
    assert task.cleared().sees_a_refusal() == "calls"
    task.retries = 5
    assert task.retried().sees_a_refusal() == "waits or calls"
    task.told().note_reported()
    assert task.cleared().sees_a_refusal() == "calls"


def test_where_lowered_retries_hide_a_clearing_the_next_one_counts() -> None:
    """Rather a clearing too many than a call that nobody has asked for."""
    task = Task(retries=3)
    task.sees_a_refusal()
    task.retries = 2
    assert task.cleared().sees_a_refusal() == "tells"
    assert task.cleared().sees_a_refusal() == "calls"


def test_a_try_that_was_lost_before_it_looked_has_not_called() -> None:
    task = Task()
    task.sees_a_refusal()
    assert task.cleared().retried().sees_a_refusal() == "calls"


def test_what_was_told_of_one_order_says_nothing_of_another() -> None:
    """Clearing the task that lists the orders may give a mapped instance another one."""
    task = Task()
    task.sees_a_refusal()
    task.cleared()
    assert task.told().was_cleared
    assert not task.told(71).was_cleared
