"""What a failed run wrote and no event has told yet: noted in the assets' own store, for the next run that is green.

A run never fails for it. Where the store does not answer, a run knows of itself alone: whether it wrote.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowRuntimeError

_log = logging.getLogger(__name__)
_UNTOLD = "untold"


class UntoldTotals:
    """Whether the assets' totals changed without an event.

    :param context: of the running task
    :param assets: its outlets
    """

    def __init__(self, context: Any, assets: Sequence[Asset]) -> None:
        self._context = context
        self._assets = assets

    @property
    def are_there(self) -> bool:
        """Whether an earlier run left some; ``False`` where the store can't be read."""
        return any(self._each(lambda store: store.get(_UNTOLD)))

    def note(self) -> None:
        """Leave it to a later run to tell them."""
        self._each(lambda store: store.set(_UNTOLD, True))

    def note_told(self) -> None:
        """An event tells them."""
        self._each(lambda store: store.delete(_UNTOLD))

    def _each(self, ask: Callable[[Any], object]) -> list[object]:
        try:
            return [ask(self._context["asset_state_store"][asset]) for asset in self._assets]
        except (AirflowRuntimeError, LookupError) as error:
            # No such asset is known (a run outside the scheduler), or the store does not answer.
            _log.warning("Which totals were told can't be kept between runs (%s)", error)
            return []
