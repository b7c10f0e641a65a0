"""Pure rules: from records to decisions. No I/O, no Airflow, no clock."""
