"""Who gets what: an administrator, an operator, an ordinary user, a viewer, and nobody."""

import pytest

from tests.web.conftest import PAGE, Person, Site

pytestmark = pytest.mark.scheduler
LOOKING = ("/api/board", "/api/plan?run_id=none")
SETTING_UP = ("/api/settings", "/api/choices", "/api/checks")
VALUES = {"values": {"default_user_id": 2, "default_stage_id": 11, "default_product_id": 2}}
WRITES = (
    ("POST", "/api/settings/check", VALUES),
    ("POST", "/api/settings/plan", VALUES),
    ("PUT", "/api/settings", VALUES),
    ("POST", "/api/runs", {"dry_run": True}),
)


@pytest.mark.parametrize("path", ["/api/me", *LOOKING, *SETTING_UP, "/static/page.js", "/static/../app.py"])
def test_nobody_gets_anything(site: Site, path: str) -> None:
    answer = site.person(None).get(path)

    assert answer.status_code in (401, 404)
    assert (answer.status_code == 401) == (".." not in path)
    assert set(answer.json()) == {"detail"}


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_nobody_writes_anything(site: Site, method: str, path: str, body: object) -> None:
    assert site.person(None).send(method, path, body).status_code == 401


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("admin", {"can_view": True, "can_run": True, "can_edit": True}),
        ("olle", {"can_view": True, "can_run": True, "can_edit": False}),
        ("una", {"can_view": True, "can_run": True, "can_edit": False}),
        ("vera", {"can_view": True, "can_run": False, "can_edit": False}),
    ],
)
def test_everybody_is_told_what_they_may_do(site: Site, name: str, rights: dict[str, bool]) -> None:
    told = site.person(name).get("/api/me").json()

    assert told == {"user": name, "dags": ["harvest_upsales", "other"], **rights}


@pytest.mark.parametrize("name", ["olle", "una", "vera"])
@pytest.mark.parametrize("path", SETTING_UP)
def test_settings_and_checks_are_for_administrators(site: Site, name: str, path: str) -> None:
    answer = site.person(name).get(path)

    assert answer.status_code == 403
    assert "administrator" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["olle", "una", "vera"])
@pytest.mark.parametrize(("method", "path", "body"), WRITES[:3])
def test_only_administrators_change_settings(
    site: Site, name: str, method: str, path: str, body: object
) -> None:
    assert site.person(name).send(method, path, body).status_code == 403


def test_a_viewer_may_look_and_not_run(site: Site) -> None:
    viewer = site.person("vera")

    assert viewer.get("/api/board").status_code == 200
    assert viewer.get("/api/plan", run_id="none").status_code == 404
    assert viewer.send("POST", "/api/runs", {"dry_run": True}).status_code == 403


def test_only_dags_of_the_plugin_are_known(admin: Person) -> None:
    assert admin.get("/api/board", dag_id="no_such_dag").status_code == 404
    assert admin.get("/api/board", dag_id="other").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"X-Harvest-Upsales": None}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_another_sites_page_writes_nothing(
    admin: Person, method: str, path: str, body: object, headers: dict[str, str | None], status: int
) -> None:
    assert admin.send(method, path, body, headers=headers).status_code == status


def test_a_program_with_a_token_needs_no_page(site: Site, admin: Person) -> None:
    token = admin.session.cookies["_token"]
    program = site.person(None)
    sent = {"Authorization": f"Bearer {token}", "Origin": None, "X-Harvest-Upsales": None}

    assert program.send("POST", "/api/settings/check", VALUES, headers=sent).json()["ok"] is True


@pytest.mark.parametrize("bearer", ["Bearer ", "Bearer", "bearer   "])
def test_an_empty_token_is_no_token(admin: Person, bearer: str) -> None:
    headers = {"Authorization": bearer, "Origin": "https://elsewhere.example"}

    assert admin.send("POST", "/api/settings/check", VALUES, headers=headers).status_code == 403


def test_a_broken_token_is_refused(site: Site) -> None:
    stranger = site.person(None)
    stranger.session.cookies.set("_token", "eyJhbGciOiJub25lIn0.e30.")

    assert stranger.get("/api/board").status_code in (401, 403)
    assert stranger.get("/static/page.js").status_code in (401, 403)


@pytest.mark.parametrize("path", ["/api/me", "/api/board", "/api/nothing", "/static/nothing.js"])
def test_every_answer_says_what_browsers_may_do_with_it(admin: Person, path: str) -> None:
    headers = admin.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_routes_describe_themselves_to_nobody(site: Site) -> None:
    person = site.person("admin")

    for path in ("/docs", "/redoc", "/openapi.json"):
        assert person.session.get(f"{site.home.url}{PAGE}{path}", timeout=30).status_code == 404
