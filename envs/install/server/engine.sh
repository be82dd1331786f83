# shellcheck shell=bash
# Docker, and Compose 2.20 or newer. What works is left alone.

docker() { as_root docker "$@"; }

has_engine() { as_root timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

has_compose() {
  [[ $(as_root docker compose version --short 2>/dev/null) =~ ^v?([0-9]+)\.([0-9]+) ]] &&
    ((BASH_REMATCH[1] > 2 || (BASH_REMATCH[1] == 2 && BASH_REMATCH[2] >= 20)))
}

engine_root() {
  local root
  root=$(as_root timeout 20 docker info --format '{{.DockerRootDir}}' 2>/dev/null) || root=''
  printf '%s' "${root:-/var/lib/docker}"
}

check_engine() {
  if has_engine; then
    fine "Docker $(docker version --format '{{.Server.Version}}'), which is left alone"
  elif command -v dockerd >/dev/null; then
    plan 'start Docker, which is installed and does not run'
  elif ! knows_packages; then
    trouble "There is no Docker, and this script does not install it on $system_name." 'Install it as https://docs.docker.com/engine/install/ says, and type the same line again.'
  else
    plan "install Docker of the distribution: $(engine_packages)"
  fi
}

engine_packages() {
  case $system_id-$system_version in
    debian-13) printf 'docker.io docker-cli docker-compose iptables ca-certificates' ;;
    ubuntu-*) printf 'docker.io docker-compose-v2 iptables ca-certificates' ;;
    *) printf 'docker.io iptables ca-certificates' ;;
  esac
}

step_engine() {
  has_engine && return
  if ! command -v dockerd >/dev/null; then
    local packages
    read -r -a packages <<<"$(engine_packages)"
    say "  installing ${packages[*]}"
    apt_install "${packages[@]}"
    # So that docker can be typed without sudo, as in the guides; it counts from the next login on.
    [ "$(id -u)" = 0 ] || as_root usermod -aG docker "$(id -un)"
  fi
  has_engine || start_engine
}

start_engine() {
  say '  starting Docker'
  if [ -d /run/systemd/system ]; then
    quietly as_root systemctl enable --now docker || fail 'Docker does not start. Its log: journalctl -u docker'
  else
    # A machine without systemd, such as a container, may not be allowed what the script in /etc/init.d does before.
    quietly as_root service docker start || as_root sh -c 'setsid dockerd >>/var/log/docker.log 2>&1 &'
  fi
  local end=$((SECONDS + 60))
  until has_engine; do
    [ "$SECONDS" -lt "$end" ] || fail 'Docker does not answer after a minute. Its log: /var/log/docker.log, or journalctl -u docker'
    sleep 0.5
  done
}

compose_folder=/usr/local/lib/docker/cli-plugins

check_compose() {
  if has_compose; then
    fine "Docker Compose $(docker compose version --short)"
  elif [ "$system_id-$system_version" = debian-12 ] || command -v dockerd >/dev/null; then
    if [ -z "$compose_in_bundle" ] && [ ! -x /usr/lib/apt/apt-helper ]; then
      trouble 'There is no Docker Compose 2.20 or newer.' 'Install it as https://docs.docker.com/compose/install/ says.'
    else
      plan "put Docker Compose $compose_version into $compose_folder"
    fi
  fi
}

step_compose() {
  if has_compose; then
    # To its end: the other side would take it for a lost connection.
    if [ "$from" = payload ]; then cat >/dev/null; fi
    return
  fi
  say "  Docker Compose $compose_version"
  scratch=$(umask 077 && mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  local file=$scratch/docker-compose
  if [ "$from" = payload ]; then
    cat >"$file"
  else
    fetch "$(compose_url "$machine")" "$scratch/compose.deb" "SHA256:$(compose_sum "$machine")" ||
      fail "Docker Compose could not be fetched from $compose_host."
    as_root cat "$scratch/compose.deb" | dpkg-deb --fsys-tarfile /dev/stdin |
      tar -xO ./usr/libexec/docker/cli-plugins/docker-compose >"$file"
  fi
  as_root mkdir -p "$compose_folder"
  as_root install -m 755 "$file" "$compose_folder/docker-compose.new"
  as_root mv -f "$compose_folder/docker-compose.new" "$compose_folder/docker-compose"
  has_compose || fail 'Docker Compose cannot be started on the server.'
}
