"""Who may come in: each service's own checks of headers, credentials and rate, in its own order."""

import math
from http.cookies import CookieError, SimpleCookie

from starlette.requests import Request

from sandbox.credentials import HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.upsales.strictness import THROTTLE_LIMIT, failure
from sandbox.web import Answer
from sandbox.world import World

INVALID_TOKEN = {
    "error": "invalid_token",
    "error_description": "The access token provided is expired, revoked or malformed.",
}


def harvest_door(world: World, request: Request, path: str) -> Answer | None:
    """The answer that keeps the request out, or None."""
    agent = request.headers.get("user-agent", "")
    if "@" not in agent and "http" not in agent:
        return Answer(400, {"message": "A User-Agent header with your app's name and a contact is required"})
    token_fits = request.headers.get("authorization", "") == f"Bearer {HARVEST_TOKEN}"
    if not token_fits or request.headers.get("harvest-account-id") != world.harvest.account_id:
        return Answer(401, INVALID_TOKEN)
    window = world.limits.harvest_reports if path.startswith("/reports/") else world.limits.harvest
    wait = window.wait_s() if world.limits.enabled else 0
    if wait:
        headers = {"Retry-After": str(math.ceil(wait))}
        return Answer(429, {"message": "You have exceeded the rate limit"}, headers)
    return None


def upsales_door(world: World, request: Request, path: str) -> Answer | None:
    """The answer that keeps the request out, or None."""
    if UPSALES_TOKEN not in (request.query_params.get("token"), _cookie_token(request)):
        return Answer(401, "Unauthorized", {"Content-Type": "text/plain; charset=utf-8"})
    if world.limits.enabled and not world.limits.upsales.take(is_write=_is_write(request)):
        return failure(429, "ThrottleLimit", THROTTLE_LIMIT, "Too many requests")
    return None


def rate_headers(world: World, request: Request, sequence: int) -> dict[str, str]:
    """Upsales' rate-limit headers: absent from a third of the answers, the reset now and then negative."""
    if sequence % 3 == 0:
        return {}
    window = world.limits.upsales.tightest(is_write=_is_write(request))
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(-2 if sequence % 7 == 0 else window.reset_s),
    }


def _is_write(request: Request) -> bool:
    return request.method not in ("GET", "HEAD")


def _cookie_token(request: Request) -> str | None:
    try:
        cookie = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return None
    return cookie["token"].value if "token" in cookie else None
