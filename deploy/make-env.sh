#!/bin/sh
# Write .env for docker-compose.yml, with secrets of this installation alone. Never touches a file that is there.
set -eu
cd "$(dirname "$0")/.."

if [ -e .env ]; then
  echo ".env is already there; nothing was changed. To begin anew, move it away first (and keep it: it opens your backups)."
  exit 1
fi

hex() { od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

umask 077
cat >.env.new <<EOF
# Where players reach the bank, with commas between several names.
ALLOWED_HOSTS=localhost,127.0.0.1
# 1 as soon as something in front of the bank speaks TLS; its address then belongs into TRUSTED_PROXIES.
HTTPS=0
TRUSTED_PROXIES=
# 0.0.0.0 to be reachable from other machines.
NEOBANK_BIND=127.0.0.1

# Write BACKUP_KEY down where fire and thieves do not find it: without it no backup can be opened.
BACKUP_KEY=$(key)
FIELD_KEYS=1:$(key)
SECRET_KEY=$(hex 32)
JWT_SECRET=$(hex 32)
SEARCH_KEY=$(hex 32)
OWNER_DATABASE_PASSWORD=$(hex 24)
WEB_DATABASE_PASSWORD=$(hex 24)
VALKEY_PASSWORD=$(hex 24)
EOF
mv .env.new .env
echo "Wrote .env. Look at its first lines, write BACKUP_KEY down, then: docker compose up --build --detach"
