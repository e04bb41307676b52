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
# 1 as soon as something in front of the bank speaks TLS; its address then belongs into TRUSTED_PROXIES. A proxy on this
# machine comes from 172.30.80.1, not from 127.0.0.1 (docs/containers.md).
HTTPS=0
TRUSTED_PROXIES=
# 0.0.0.0 to be reachable from other machines.
NEOBANK_BIND=127.0.0.1

# Write these three down where fire and thieves do not find them: without BACKUP_KEY no backup can be opened, without
# the other two the e-mail addresses in it can be neither read nor found.
BACKUP_KEY=$(key)
FIELD_KEYS=1:$(key)
SEARCH_KEY=$(hex 32)

# Passwords and signatures of this machine. After a loss new ones will do.
SECRET_KEY=$(hex 32)
JWT_SECRET=$(hex 32)
OWNER_DATABASE_PASSWORD=$(hex 24)
WEB_DATABASE_PASSWORD=$(hex 24)
VALKEY_PASSWORD=$(hex 24)
EOF
mv .env.new .env
echo "Wrote .env. Look at its first lines, write BACKUP_KEY, FIELD_KEYS and SEARCH_KEY down, then: docker compose up --build --detach"
