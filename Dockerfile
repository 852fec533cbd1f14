# Concord's one image: web, workers, schedule and rehearsal differ by their command (docker-compose.yml).
# No secret is in it: they come from the environment when a container starts.

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
       --only-binary :all: --no-deps --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONCORD_VAR_DIR=/var/lib/concord
RUN useradd --system --uid 10001 --home-dir /var/lib/concord --create-home --shell /usr/sbin/nologin concord
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY config config
COPY synclog synclog
COPY connectors connectors
COPY companies companies
COPY contacts contacts
COPY templates templates
# Outside production a secret key is made for the moment, in a folder that this very step removes.
RUN CONCORD_ENV=development CONCORD_VAR_DIR=/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /build
ENV CONCORD_ENV=production
USER concord
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "8", "--respawn-failed-workers", "config.wsgi:application"]
