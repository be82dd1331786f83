#!/bin/sh
# As the image of Docker's library starts Postgres: an empty folder gets a cluster, and the .sql files of
# /docker-entrypoint-initdb.d are run in it, here one statement a line.
set -eu
[ "${1:-}" = postgres ] || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=${POSTGRES_PASSWORD:-}
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(cat "$POSTGRES_PASSWORD_FILE")
  [ -n "$password" ] || { echo 'POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE has to be set.' >&2; exit 1; }
  user=${POSTGRES_USER:-postgres} database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
  # Whole or not at all: one that was interrupted is begun anew.
  rm -rf "$PGDATA.new"
  mkdir -p "$PGDATA.new"
  chmod 700 "$PGDATA.new"
  printf '%s\n' "$password" | initdb -D "$PGDATA.new" --username="$user" --pwfile=/dev/stdin --encoding=UTF8 --locale=C \
    --auth-local=trust --auth-host=scram-sha-256 >/dev/null
  printf "listen_addresses = '*'\nunix_socket_directories = '/tmp'\n" >>"$PGDATA.new/postgresql.conf"
  echo 'host all all all scram-sha-256' >>"$PGDATA.new/pg_hba.conf"
  [ "$database" = postgres ] || echo "CREATE DATABASE \"$database\";" | postgres --single -D "$PGDATA.new" postgres >/dev/null
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$file" ] || postgres --single -D "$PGDATA.new" "$database" <"$file" >/dev/null
  done
  rm -rf "$PGDATA"
  mv "$PGDATA.new" "$PGDATA"
fi
shift
exec postgres -D "$PGDATA" "$@"
