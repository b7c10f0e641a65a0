"""How many instances Airflow lets one task be mapped to; a longer list fails the task that hands it on."""

from airflow.sdk.configuration import conf


def most_mapped() -> int:
    """``[core] max_map_length`` of Airflow's configuration, 1024 unless it is set."""
    return int(conf.getint("core", "max_map_length", fallback=1024))
