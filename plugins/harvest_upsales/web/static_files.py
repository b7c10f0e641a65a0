"""The page's scripts and styles, for those who are logged in."""

from __future__ import annotations

from pathlib import Path

from airflow.api_fastapi.core_api.security import get_user
from fastapi import HTTPException
from fastapi.security import HTTPBearer
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

FOLDER = Path(__file__).with_name("static")
_MIME_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_bearer = HTTPBearer(auto_error=False)


class StaticPage:
    """The folder ``static``, as it is in the package.

    Browsers keep each file and ask with its ETag whether it has changed, so that a new version is in use at once.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = StaticFiles(directory=folder, check_dir=False, follow_symlink=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            await get_user(request, None, await _bearer(request))
        except HTTPException as refusal:
            refused = JSONResponse({"detail": refusal.detail}, status_code=refusal.status_code)
            await refused(scope, receive, send)
            return
        media_type = _MIME_TYPES.get(Path(scope["path"]).suffix)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "private, no-cache"
                if media_type is not None:
                    headers["Content-Type"] = media_type
            await send(message)

        await self._files(scope, receive, with_headers)
