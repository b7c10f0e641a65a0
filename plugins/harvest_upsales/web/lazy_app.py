"""The page's application, built when the first request comes.

Airflow imports plugins in every process. Only the API server is ever asked for a page, so only there is FastAPI
(and Airflow's own API code) imported.
"""

from __future__ import annotations

import threading
from typing import Any

URL_PREFIX = "/harvest-upsales"


class LazyApp:
    """An ASGI application that stands in for the real one."""

    def __init__(self) -> None:
        self._app: Any = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:
            with self._lock:
                if self._app is None:
                    from harvest_upsales.web.app import create_app

                    self._app = create_app()
        await self._app(scope, receive, send)
