"""What the steps of one settlement share."""

from __future__ import annotations

from dataclasses import dataclass, field

from harvest_upsales.flows.services import Services


@dataclass(frozen=True, slots=True)
class Progress:
    """Both services, and what was done so far.

    :param dry_run: decide everything, write nothing
    :param done: what was done, found or would be done, in the order of the steps
    """

    services: Services
    dry_run: bool = False
    done: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        """Add to what was done."""
        self.done.append(what)
