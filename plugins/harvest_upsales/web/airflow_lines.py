"""The part of the set-up check that Airflow itself answers."""

from __future__ import annotations

from airflow.models.pool import Pool
from sqlalchemy import select
from sqlalchemy.orm import Session

from harvest_upsales.errors import SettingsError
from harvest_upsales.settings import Settings, parse_settings
from harvest_upsales.web.check_lines import CheckLine, green, grey, red
from harvest_upsales.web.plugin_dags import PluginDag
from harvest_upsales.web.settings_store import read_settings


def dag_line(dag: PluginDag) -> CheckLine:
    """Does the DAG load, and is it switched on?"""
    if dag.has_import_errors:
        text = f"The file of {dag.dag_id} does not load; the DAG stays as it was before."
        return red("DAG", text, "The list of Dags shows the import error: fix the file.")
    if dag.is_paused:
        saved = read_settings(dag.settings_variable).text is not None
        when = (
            "switch it on under Dags once the plan looks right."
            if saved
            else "switch it on under Dags. Until settings are saved, its runs write nothing."
        )
        return grey("DAG", f"{dag.dag_id} is paused: {when}")
    return green("DAG", f"{dag.dag_id} loads and is switched on.")


def pool_line(session: Session, dag: PluginDag) -> CheckLine:
    """Is there one writer at a time?"""
    slots = session.scalar(select(Pool.slots).where(Pool.pool == dag.pool))
    make = f'airflow pools set {dag.pool} 1 "One writer at a time for one Upsales account"'
    where = "under Admin, Pools, or on the command line"
    if slots is None:
        return red(
            "Pool",
            f"The pool {dag.pool} does not exist: tasks that need it never start.",
            f"Create it, with 1 slot, {where}: {make}",
        )
    if slots != 1:
        return red(
            "Pool",
            f"{dag.pool} has {slots} slots: several tasks could write at once.",
            f"Give it one, {where}: {make}",
        )
    return green("Pool", f"{dag.pool} has one slot: one task writes at a time.")


def settings_line(dag: PluginDag) -> tuple[CheckLine, Settings | None]:
    """Are the settings valid as such?"""
    try:
        settings = parse_settings(read_settings(dag.settings_variable).text, variable=dag.settings_variable)
    except SettingsError as error:
        return red("Settings", error.message, "Choose and save them under Settings."), None
    return green("Settings", f"The Variable {dag.settings_variable} is valid."), settings
