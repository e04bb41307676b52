#!/bin/sh
# Runs once, when the database is made: the web server's own login. `manage.py migrate` gives it the rights of the
# application's role, and nothing more.
set -eu
psql --set=ON_ERROR_STOP=1 --no-psqlrc --quiet --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$WEB_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE neobank_web LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
SQL
