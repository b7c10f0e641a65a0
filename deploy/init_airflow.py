"""The administrator, the pools, both connections and the settings, as .env has them.

What is missing is made. What people changed since is kept, and told beside the command that makes .env win: this
program with ``--replace``. Only the pools' one slot is not theirs to change: one writer at a time is a rule.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

from airflow.models import Connection, Pool, Variable
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from airflow.utils.session import create_session
from cryptography.fernet import InvalidToken
from env_values import CONNECTION_LINES, SETTINGS_LINE, EnvValues, GivenConnection
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from harvest_upsales.settings import SETTINGS_VARIABLE

REPLACE = "--replace"
COMMAND = f"docker compose run --rm airflow-init bash /opt/airflow/deploy/init.sh {REPLACE}"
USUAL_HOST = {"harvest": HarvestHook.default_base_url, "upsales": UpsalesHook.default_base_url}
ONE_WRITER = "One writer at a time in Upsales"


class InitError(Exception):
    """Airflow would not take something; the message says what to do."""


def say(text: str) -> None:
    """One line of the container's log."""
    sys.stdout.write(f"init: {text}\n")
    sys.stdout.flush()


def tell_kept(what: str, lines: list[str]) -> None:
    """Say loudly that .env did not win.

    :param lines: names in .env whose values are others than Airflow's
    """
    say(
        f"WARNING: {what} was kept as Airflow has it, but .env has another {', '.join(lines)}. Make .env win: {COMMAND}"
    )


# --- the administrator ------------------------------------------------------------------------------------------


@providers_configuration_loaded
def set_up_administrator(values: EnvValues, *, replace: bool) -> None:
    """Make the user, or compare the password; it never stands in a command, which ``ps`` would show.

    :raises InitError: Airflow refuses the user
    """
    # Not stripped: a password may begin or end with a blank.
    name, password = values.text("AIRFLOW_ADMIN_USER"), values.given["AIRFLOW_ADMIN_PASSWORD"]
    with get_application_builder() as builder:
        users = builder.sm
        user = users.find_user(username=name)
        if user is None:
            _make_administrator(users, name, values.text("AIRFLOW_ADMIN_EMAIL"), password)
            say(f"user {name}: made")
        elif users.check_password(name, password):
            say(f"user {name}: as in .env")
        elif replace:
            users.reset_password(user.id, password)
            say(f"user {name}: password replaced")
        else:
            tell_kept(f"the password of user {name}", ["AIRFLOW_ADMIN_PASSWORD"])


def _make_administrator(
    users: FabAirflowSecurityManagerOverride, name: str, email: str, password: str
) -> None:
    if users.find_user(email=email):
        msg = (
            f"user {name} (AIRFLOW_ADMIN_USER) can't be made: another user has the address {email}. Change "
            "AIRFLOW_ADMIN_EMAIL, or put the other user's name back."
        )
        raise InitError(msg)
    users.add_user(name, "Airflow", "Administrator", email, users.find_role("Admin"), password)


# --- the pools --------------------------------------------------------------------------------------------------


def set_up_pool(session: Session, name: str) -> None:
    """One slot, whatever stood there; deferred tasks wait without it."""
    pool = session.scalar(select(Pool).where(Pool.pool == name))
    if pool is None:
        session.add(Pool(pool=name, slots=1, description=ONE_WRITER, include_deferred=False))
        say(f"pool {name}: made with one slot")
    elif (pool.slots, pool.include_deferred) == (1, False):
        say(f"pool {name}: one slot")
    else:
        had = f"{pool.slots} slots{', deferred tasks included' if pool.include_deferred else ''}"
        pool.slots, pool.include_deferred = 1, False
        say(
            f"WARNING: pool {name} had {had}. It has one slot again, as only one task may write to an Upsales account."
        )


# --- connections and settings -----------------------------------------------------------------------------------


def set_up_connection(session: Session, given: GivenConnection, *, replace: bool) -> None:
    """Make the connection, or compare each field that has a line in .env; all others are people's.

    :raises InitError: what is there can't be read
    """
    this = Connection.conn_id == given.conn_id
    try:
        held = session.scalar(select(Connection).where(this))
    except InvalidToken:
        if not replace:
            msg = (
                f"connection {given.conn_id} was encrypted with another AIRFLOW_FERNET_KEY. Put that one back into "
                f".env, or make the connection from .env again: {COMMAND}"
            )
            raise InitError(msg) from None
        session.execute(delete(Connection).where(this))
        held = None
    if held is None:
        held = Connection(conn_id=given.conn_id, conn_type=given.conn_type)
        _write(held, given)
        session.add(held)
        say(f"connection {given.conn_id}: made")
    elif not (lines := _differing(held, given)):
        say(f"connection {given.conn_id}: as in .env")
    elif replace:
        _write(held, given)
        say(f"connection {given.conn_id}: replaced {', '.join(lines)}")
    else:
        tell_kept(f"connection {given.conn_id}", lines)


def _differing(held: Connection, given: GivenConnection) -> list[str]:
    return [
        line
        for line, field in CONNECTION_LINES[given.conn_type].items()
        if _meant(given.conn_type, field, given.fields[line])
        != _meant(given.conn_type, field, _read(held, field))
    ]


def _read(held: Connection, field: str) -> object:
    _, is_extra, key = field.partition("extra ")
    return held.extra_dejson.get(key) if is_extra else getattr(held, field)


def _meant(conn_type: str, field: str, value: object) -> object:
    """Alike where it means the same: an empty host is the service's own."""
    if field == "host":
        return (str(value or "").strip() or USUAL_HOST[conn_type]).rstrip("/")
    if field == "extra verify":
        # Without a file; whether to check certificates at all is nothing that .env says.
        return value if isinstance(value, str) else ""
    return str(value or "").strip()


def _write(held: Connection, given: GivenConnection) -> None:
    held.conn_type = given.conn_type
    held.schema, held.port = None, None
    extra: dict[str, Any] = dict(held.extra_dejson)
    for line, field in CONNECTION_LINES[given.conn_type].items():
        _, is_extra, key = field.partition("extra ")
        if not is_extra:
            setattr(held, field, given.fields[line] or None)
        elif given.fields[line]:
            extra[key] = given.fields[line]
        elif isinstance(extra.get(key), str):
            del extra[key]
    held.extra = json.dumps(extra)


def set_up_settings(session: Session, given: str, *, replace: bool) -> None:
    """Make the Variable, or compare its JSON."""
    held = session.scalar(select(Variable).where(Variable.key == SETTINGS_VARIABLE))
    if held is None:
        session.add(Variable(key=SETTINGS_VARIABLE, val=given))
        say(f"settings {SETTINGS_VARIABLE}: made")
    elif _object(held.val) == json.loads(given):
        say(f"settings {SETTINGS_VARIABLE}: as in .env")
    elif replace:
        held.val = given
        say(f"settings {SETTINGS_VARIABLE}: replaced")
    else:
        tell_kept(f"Variable {SETTINGS_VARIABLE}", [SETTINGS_LINE])


def _object(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def main(arguments: list[str]) -> int:
    """Set everything up.

    :return: the exit code
    """
    if arguments not in ([], [REPLACE]):
        say(f"unknown: {' '.join(arguments)}. The one option is {REPLACE}.")
        return 2
    replace = arguments == [REPLACE]
    # Hundreds of lines about permissions otherwise, between which a warning is not seen.
    logging.getLogger("airflow.providers.fab").setLevel(logging.WARNING)
    values = EnvValues(os.environ)
    try:
        set_up_administrator(values, replace=replace)
        for pool in values.pools:
            with create_session() as session:
                set_up_pool(session, pool)
        for given in values.connections:
            with create_session() as session:
                set_up_connection(session, given, replace=replace)
    except InitError as error:
        say(f"ERROR: {error}")
        return 1
    if values.settings:
        with create_session() as session:
            set_up_settings(session, values.settings, replace=replace)
    for sentence in values.left_out():
        say(f"WARNING: {sentence}.")
    say("done")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
