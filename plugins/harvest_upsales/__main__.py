"""Commands: ``python -m harvest_upsales import-settings``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import msgspec

from harvest_upsales.errors import HarvestUpsalesError, SetupError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 where it went well."""
    parser = argparse.ArgumentParser(prog="python -m harvest_upsales")
    commands = parser.add_subparsers(required=True, metavar="command")
    take_over = commands.add_parser(
        "import-settings",
        help="print the settings of Upsales' own Harvest app as ours; its API key is neither read nor printed",
    )
    take_over.add_argument(
        "--upsales-conn-id", default="upsales_default", help="Airflow connection to Upsales"
    )
    take_over.set_defaults(command=import_settings)
    options = parser.parse_args(arguments)
    try:
        print(options.command(options))
    except HarvestUpsalesError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


def import_settings(options: argparse.Namespace) -> str:
    """The old app's settings as the JSON of the Airflow Variable, with where to put the rest."""
    from airflow.sdk.exceptions import AirflowNotFoundException

    from harvest_upsales.domain.old_app import old_settings
    from harvest_upsales.domain.setup_checks import HARVEST_APP_ID
    from harvest_upsales.hooks.upsales_hook import UpsalesHook

    try:
        client = UpsalesHook(options.upsales_conn_id).client
    except AirflowNotFoundException:
        variable = f"AIRFLOW_CONN_{options.upsales_conn_id.upper()}"
        msg = (
            f"There is no connection {options.upsales_conn_id} that a command can see. Commands see environment "
            f"variables and secrets backends, not connections kept in Airflow's database: set {variable}."
        )
        raise SetupError(msg) from None
    old = old_settings(client.integration_settings(HARVEST_APP_ID))
    if old.harvest_account_id:
        print(f"The Harvest account ID, login of the connection: {old.harvest_account_id}", file=sys.stderr)
    return msgspec.json.format(msgspec.json.encode(old.settings)).decode()


if __name__ == "__main__":
    sys.exit(main())
