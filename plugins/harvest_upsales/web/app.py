"""The application: every route below ``/harvest-upsales`` of the API server, and the headers of each answer."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harvest_upsales.errors import HarvestUpsalesError
from harvest_upsales.web import board_routes, checks_routes, me_routes, run_routes, settings_routes
from harvest_upsales.web.static_files import StaticPage

# The page is part of Airflow's own window; nothing of it may be framed, scripted or sent elsewhere.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app() -> FastAPI:
    """The whole application, without OpenAPI pages beside Airflow's own."""
    app = FastAPI(title="Harvest – Upsales", docs_url=None, redoc_url=None, openapi_url=None)
    for routes in (me_routes, board_routes, settings_routes, run_routes, checks_routes):
        app.include_router(routes.router, prefix="/api")
    app.mount("/static", StaticPage())
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HarvestUpsalesError, _told)
    app.add_exception_handler(404, _unknown)
    app.add_middleware(_SafeHeaders)
    return app


class _SafeHeaders:
    """The headers of every answer, errors and files too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def _not_understood(_: Request, problem: Exception) -> Response:
    """What was sent is not repeated: the message names the fields alone."""
    errors = problem.errors() if isinstance(problem, RequestValidationError) else []
    fields = sorted({str(error["loc"][-1]) for error in errors if error.get("loc")})
    return JSONResponse({"detail": f"The request is not understood: {', '.join(fields)}"}, status_code=422)


def _told(_: Request, problem: Exception) -> Response:
    """Errors of this package carry a message for people, without secrets."""
    message = problem.message if isinstance(problem, HarvestUpsalesError) else "Failed"
    return JSONResponse({"detail": message}, status_code=502)


def _unknown(_: Request, problem: Exception) -> Response:
    detail = problem.detail if isinstance(problem, HTTPException) else "Not found"
    return JSONResponse({"detail": detail}, status_code=404)
