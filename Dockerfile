# Airflow's own image with the pinned packages and the plugin. Built by docker-compose.yaml, used by deploy/helm-values.yaml.
FROM apache/airflow:3.3.2-python3.12 AS airflow

COPY requirements.txt requirements-cluster.txt /tmp/pins/
RUN pip install --no-cache-dir --requirement /tmp/pins/requirements.txt --requirement /tmp/pins/requirements-cluster.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /tmp/package/
COPY --chown=airflow:0 plugins/ /tmp/package/plugins/
RUN pip install --no-cache-dir --no-deps /tmp/package && rm -rf /tmp/package/build

COPY --chown=airflow:0 dags/ /opt/airflow/dags/
COPY --chown=airflow:0 deploy/init.sh deploy/env_values.py deploy/init_airflow.py /opt/airflow/deploy/
# Volumes take their owner from these.
RUN mkdir -p /opt/airflow/staging /opt/airflow/certificate

# The sandbox needs nothing that the image above does not have.
FROM airflow AS sandbox
COPY --chown=airflow:0 sandbox/ /opt/airflow/sandbox/
ENV PYTHONPATH=/opt/airflow

# What `docker build .` makes without naming a target.
FROM airflow
