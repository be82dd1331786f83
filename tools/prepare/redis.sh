# shellcheck shell=bash
# A Redis server for the specs of queues.

# The specs of queues run on a real Redis too; where it cannot be had, those are skipped. The package redis-tools holds
# the server's program, under another name, and starts nothing.
prepare_test_redis() {
  if command -v redis-server >/dev/null || [ -x /usr/bin/redis-check-rdb ] || ! can_apt; then return; fi
  say 'Installing redis-tools, for the specs of queues…'
  apt_install redis-tools || say 'redis-tools could not be installed.'
}
