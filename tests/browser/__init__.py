"""The page in Airflow's UI, as people use it: a real browser, Airflow's real parts, both services in the sandbox."""
