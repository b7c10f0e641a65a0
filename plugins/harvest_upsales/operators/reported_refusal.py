"""Has a person cleared the task since it ended with the billing app's refusal?

What the app refuses is never tried again without a person, so that a second call is somebody's decision. Airflow does
not say whether a try is a retry of its own or a person's clearing. But clearing, and nothing else, resets
``max_tries``, from the number of the last try: if it differs from when the refusal was reported, somebody has cleared
the task. The number is kept in the task's own store, which neither retries nor clearings touch. Only where the DAG's
``retries`` were lowered by as many as there were tries does a clearing leave the same number: the refusal is reported
again, and the next clearing counts.
"""

from __future__ import annotations

from typing import Any

_REPORTED, _CALLED = "refusal_told", "called_again"


class ReportedRefusal:
    """What earlier tries of this task instance have reported of the billing app's refusal of one order.

    :param context: of the running task
    :param order_id: part of the store's keys, as a cleared run may give the task instance another order
    """

    def __init__(self, context: Any, order_id: int) -> None:
        self._store = context["task_state_store"]
        self._max_tries = int(context["ti"].max_tries)
        self._order_id = order_id

    @property
    def was_cleared(self) -> bool:
        """Whether a person has cleared the task since a refusal was reported."""
        reported = self._store.get(self._key(_REPORTED))
        return reported is not None and reported != self._max_tries

    @property
    def may_be_called(self) -> bool:
        """Whether a try since that clearing was about to have the app called when it was lost."""
        return bool(self._store.get(self._key(_CALLED)) == self._max_tries)

    def note_call(self) -> None:
        """Right before the app is called again."""
        self._store.set(self._key(_CALLED), self._max_tries)

    def note_reported(self) -> None:
        """Right before the task ends with the app's refusal."""
        self._store.set(self._key(_REPORTED), self._max_tries)

    def _key(self, name: str) -> str:
        return f"{name}_{self._order_id}"
