"""The sandbox's time of day: it runs as the real clock does, but on the day that the world was given."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast


class Clock:
    """:param today: the day on which the world begins (UTC)."""

    def __init__(self, today: date) -> None:
        real = datetime.now(UTC)
        self._offset = datetime.combine(today, real.timetz()) - real
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        return self._frozen or datetime.now(UTC) + self._offset

    @property
    def today(self) -> date:
        return self.now().date()

    def advance(self, step: timedelta) -> None:
        """Let time pass at once."""
        self._offset += step

    @contextmanager
    def frozen(self, moment: datetime) -> Iterator[None]:
        """Everything inside happens at ``moment`` (aware)."""
        before, self._frozen = self._frozen, moment
        try:
            yield
        finally:
            self._frozen = before

    def harvest_stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def upsales_stamp(self, behind: timedelta = timedelta(0)) -> str:
        return (self.now() - behind).strftime("%Y-%m-%dT%H:%M:%S.000Z")


Method = TypeVar("Method", bound=Callable[..., Any])


def locked(method: Method) -> Method:
    """Run the method while holding its object's ``lock``."""

    @wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return method(self, *args, **kwargs)

    return cast("Method", guarded)
