# shellcheck shell=bash
# A Docker engine that answers. Only the engine counts: a client may be there without one.

engine_pid_file=/var/run/docker.pid
engine_log=/var/log/horde-dockerd.log

# Reads DOCKER_HOST like the services do; by default the usual socket.
engine_address() { printf '%s' "${DOCKER_HOST:-unix:///var/run/docker.sock}"; }

engine_answers() {
  local address
  address=$(engine_address)
  case $address in
    unix://*)
      [ -S "${address#unix://}" ] || return 1
      if command -v curl >/dev/null; then
        curl -sf --noproxy '*' --max-time 5 --unix-socket "${address#unix://}" http://localhost/_ping >/dev/null
      else
        node -e 'require("node:http").get({ socketPath: process.argv[1], path: "/_ping", timeout: 5000 }, (answer) =>
          process.exit(answer.statusCode === 200 ? 0 : 1)).on("timeout", () => process.exit(1)).on("error", () => process.exit(1))' \
          "${address#unix://}"
      fi
      ;;
    tcp://* | http://*)
      [ -n "${DOCKER_TLS_VERIFY:-}" ] ||
        node -e 'fetch(process.argv[1], { signal: AbortSignal.timeout(5000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))' \
          "http://${address#*://}/_ping"
      ;;
  esac # any other kind (TLS, SSH) is tried by the first container
}

prepare_engine() {
  engine_answers && return
  local address
  address=$(engine_address)
  case $address in
    unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) fail "No Docker engine answers at DOCKER_HOST=$address." 'Start it, or unset DOCKER_HOST to use the one of this machine.' ;;
  esac
  [ ! -S /var/run/docker.sock ] || [ -w /var/run/docker.sock ] || fail \
    'This user may not use the Docker engine. Let it, and log in again:' "  sudo usermod -aG docker $(id -un)"
  [ "$(id -u)" = 0 ] || fail 'No Docker engine answers at /var/run/docker.sock. Run as root:' "$(engine_commands)" 'then run ./horde again.'
  # Its own lock, since a first container may be minutes away from the packages.
  with_lock /var/run bring_engine
}

engine_commands() {
  command -v dockerd >/dev/null || printf '  %s\n' "$(apt_command docker.io iptables)"
  if has_systemd; then printf '  systemctl start docker'; else printf '  dockerd >%s 2>&1 &' "$engine_log"; fi
}

has_systemd() { [ "$(cat /proc/1/comm)" = systemd ]; }

bring_engine() {
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v iptables >/dev/null || missing+=(iptables)
  if [ ${#missing[@]} -gt 0 ]; then
    can_apt || fail 'There is no Docker engine on this machine. Run as root on Debian or Ubuntu:' "$(engine_commands)" 'then run ./horde again.'
    say "Installing the distribution's Docker engine: ${missing[*]} (about a minute)…"
    apt_install "${missing[@]}" || fail 'The Docker engine could not be installed.'
  fi
  engine_answers || start_engine
}

start_engine() {
  if has_systemd; then
    say 'Starting the Docker engine: systemctl start docker'
    quietly systemctl start docker || fail 'The Docker engine did not start; its log: journalctl -u docker'
    wait_for_engine || fail 'The Docker engine does not answer after 60 s; its log: journalctl -u docker'
    return
  fi
  drop_stale_pid "$engine_pid_file" dockerd
  drop_stale_pid /var/run/docker/containerd/containerd.pid containerd
  local pid=
  if [ ! -f "$engine_pid_file" ]; then
    say "Starting the Docker engine (its log: $engine_log)…"
    # Out of reach of a Ctrl-C, and without the lock that this shell holds.
    setsid dockerd >"$engine_log" 2>&1 </dev/null 9<&- &
    pid=$!
  fi
  wait_for_engine "$pid" || fail "The Docker engine does not answer. Its log, $engine_log, ends:" "$(tail -n 15 "$engine_log")"
  [ -z "$pid" ] || say "The Docker engine runs, and stays when ./horde ends. To stop it: kill \$(cat $engine_pid_file)"
}

# drop_stale_pid FILE PROGRAM: dockerd refuses to start while the number in a pid file is any process, a zombie
# included, so the file goes when the number is not the program's. A running one that does not answer yet is waited for.
drop_stale_pid() {
  [ -f "$1" ] || return 0
  case $(readlink "/proc/$(cat "$1")/exe" || true) in */"$2"*) ;; *) rm -f "$1" ;; esac
}

# wait_for_engine [PID]: at most 60 s, and no longer than the process lives.
wait_for_engine() {
  local end=$((SECONDS + 60))
  until engine_answers; do
    [ "$SECONDS" -lt "$end" ] || return 1
    [ -z "${1:-}" ] || kill -0 "$1" 2>/dev/null || return 1
    sleep 0.25
  done
}

# The example job's image is made of a static busybox. Where it cannot be had, the CLI says what is missing.
prepare_example_image() {
  has_static_busybox && return
  can_apt || return 0
  say 'Installing busybox-static, for the image of the example job…'
  apt_install busybox-static >/dev/null 2>&1 || true
}

has_static_busybox() { [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; }

# The specs of image pulls run against a real registry; where it cannot be had, they are skipped.
prepare_test_registry() {
  local folder=$HORDE_CACHE/docker-registry
  if [ -x /usr/bin/docker-registry ] || [ -d "$folder" ] || ! can_apt; then return; fi
  say 'Fetching docker-registry, for the specs of image pulls…'
  with_lock "$HORDE_CACHE" bring_test_registry "$folder" || say 'docker-registry could not be fetched.'
}

bring_test_registry() {
  [ -d "$1" ] || place "$1" apt_unpack docker-registry
}
