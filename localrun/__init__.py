"""The whole product on this machine: Airflow's real parts, the sandbox, and a story that runs through both."""
