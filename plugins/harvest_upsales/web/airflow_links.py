"""Addresses in Airflow's own UI."""

from __future__ import annotations

from urllib.parse import quote

from airflow.api_fastapi.app import get_cookie_path


def run_page(dag_id: str, run_id: str) -> str:
    """A run's page, as a path on this server, below the path that Airflow may be served under."""
    root = get_cookie_path().rstrip("/")
    return f"{root}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
