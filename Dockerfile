# Two images: concord (web, workers and schedule differ by their command) and, for rehearsals, sandbox.
# No secret is in either: they come from the environment when a container starts (docker-compose.yml).

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
       --only-binary :all: --no-deps --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm AS base
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONCORD_VAR_DIR=/var/lib/concord
RUN useradd --system --uid 10001 --home-dir /var/lib/concord --create-home --shell /usr/sbin/nologin concord
COPY --from=packages /venv /venv
WORKDIR /app

# The rehearsal's servers, without Concord: docker build --target sandbox
FROM base AS sandbox
COPY connectors/__init__.py connectors/__init__.py
COPY connectors/sandbox connectors/sandbox
ENV CONCORD_ENV=rehearsal
USER concord
EXPOSE 8100
CMD ["python", "-m", "connectors.sandbox", "--host", "0.0.0.0", "--port", "8100"]

# Concord without the rehearsal's servers: what is removed here is in no layer of the image below.
FROM base AS source
COPY manage.py ./
COPY config config
COPY synclog synclog
COPY connectors connectors
COPY companies companies
COPY contacts contacts
COPY templates templates
RUN rm -rf connectors/sandbox connectors/management/commands/sandbox.py
# In development a secret key is made for the moment, in a folder that this very step removes.
RUN CONCORD_ENV=development CONCORD_VAR_DIR=/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /build

FROM base AS concord
COPY --from=source /app /app
ENV CONCORD_ENV=production
USER concord
# 8001 answers /healthz and /readyz, in a process of its own.
EXPOSE 8000 8001
CMD ["python", "-m", "config.serve", "--host", "0.0.0.0", "--port", "8000", "--health-port", "8001"]
