"""The page "Harvest – Upsales" in Airflow's UI: its routes, below ``/harvest-upsales`` of the API server."""
