# shellcheck shell=bash
# What specs use beside Node, Postgres and Docker. Where it cannot be had they are skipped, and ./horde test says why.

# The package redis-tools holds the server's program, under another name, and starts nothing.
prepare_spec_tools() {
  can_apt || return 0
  prepare_prometheus
  # For the specs of runners.
  (pinned_compose) || true
  local missing=()
  command -v curl >/dev/null || missing+=(curl)
  command -v redis-server >/dev/null || [ -x /usr/bin/redis-check-rdb ] || missing+=(redis-tools)
  command -v shellcheck >/dev/null || missing+=(shellcheck)
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
