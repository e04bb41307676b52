# syntax=docker/dockerfile:1
# Two stages: what builds, and what runs. The second holds no compiler, no pip cache and no secret, and needs no write
# access outside /tmp and /data.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --require-virtualenv -r requirements.txt
WORKDIR /app
COPY . .
# With production's settings, so that the manifest has the names production asks for. No secret is needed for it.
RUN /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && /opt/venv/bin/python -m compileall -q . /opt/venv/lib

FROM python:3.11.14-slim-bookworm
# The client programs of the server's own version, for `manage.py backup` and `restore`.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install --yes --no-install-recommends postgresql-client-18 \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 neobank \
 && useradd --uid 10001 --gid neobank --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin neobank \
 && install --directory --owner neobank --group neobank --mode 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=0 HOST=0.0.0.0 PORT=8080 VAR_DIR=/data
USER 10001:10001
EXPOSE 8080
VOLUME /data
# Liveness alone: a database that is away is no reason to restart the web server.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "manage.py", "serve"]
