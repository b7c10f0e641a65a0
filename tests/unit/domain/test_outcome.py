"""What a run may have written."""

import pytest

from harvest_upsales.domain.outcome import Outcome, may_have_written
from harvest_upsales.domain.plan import Action


@pytest.mark.parametrize("action", Action)
def test_a_failed_write_counts_as_one_and_what_was_left_alone_does_not(action: Action) -> None:
    outcome = Outcome(project_id=1, project="Webb", action=action)
    assert may_have_written([outcome]) is (action in {Action.CREATE, Action.UPDATE, Action.FAIL})


@pytest.mark.parametrize("position", range(4))
def test_so_does_whatever_became_of_an_order_in_settlement(position: int) -> None:
    of_settlement = [[5] if position == n else [] for n in range(4)]
    assert may_have_written([], *of_settlement)
    assert not may_have_written([], [], {}, frozenset())
