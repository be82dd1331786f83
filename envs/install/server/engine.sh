# shellcheck shell=bash
# Docker 20.10 and Compose 2.20, or newer. What works is left alone.

docker() { as_root docker "$@"; }

engine_version() { as_root timeout 20 docker version --format '{{.Server.Version}}' 2>/dev/null; }

has_engine() { engine_version >/dev/null; }

is_new_engine() { at_least "$1" 20 10; }

has_compose() { at_least "$(as_root docker compose version --short 2>/dev/null)" 2 20; }

# at_least VERSION MAJOR MINOR, also of a package's version
at_least() {
  [[ $1 =~ ^(v|[0-9]+:)?([0-9]+)\.([0-9]+) ]] &&
    ((BASH_REMATCH[2] > $2 || (BASH_REMATCH[2] == $2 && BASH_REMATCH[3] >= $3)))
}

engine_root() {
  local root
  root=$(as_root timeout 20 docker info --format '{{.DockerRootDir}}' 2>/dev/null) || root=''
  printf '%s' "${root:-/var/lib/docker}"
}

check_engine() {
  local version
  if version=$(engine_version); then
    check_running_engine "$version"
  elif command -v dockerd >/dev/null; then
    plan 'start Docker, which is installed and does not run'
  elif [ -n "$engine_in_bundle" ]; then
    [ "$engine_in_bundle" = "$system_id-$system_version" ] ||
      trouble "The bundle has Docker for $engine_in_bundle; this is $system_id-$system_version." 'Make one on such a machine, or install Docker on this one.'
    plan "install Docker of the bundle: $(engine_packages)"
    reply 'engine missing'
  elif ! knows_packages; then
    trouble "There is no Docker, and this script does not install it on $system_name." 'Install it as https://docs.docker.com/engine/install/ says, and type the same line again.'
  else
    plan "install Docker of the distribution: $(engine_packages); of ${docker_repository#*//}, should that be older than 20.10"
  fi
}

check_running_engine() {
  if is_new_engine "$1"; then
    if [ -n "$offline" ] && has_other_ids; then
      trouble "Docker $1 keeps images in the store of containerd, where those of a bundle have other ids than it names." \
        'Without a bundle it will do. For one: { "features": { "containerd-snapshotter": false } } in /etc/docker/daemon.json, and restart Docker.'
    fi
    fine "Docker $1, which is left alone"
  elif ! knows_packages; then
    trouble "Docker $1 is too old: 20.10 or newer is needed." 'Update it as https://docs.docker.com/engine/install/ says, and type the same line again.'
  elif [ -n "$(docker ps -q)" ]; then
    trouble "Docker $1 is too old: 20.10 or newer is needed, and containers run in it." 'Stop them, or update it yourself, and type the same line again.'
  else
    plan "replace Docker $1, which is older than 20.10, by that of ${docker_repository#*//}"
  fi
}

engine_packages() {
  case $system_id-$system_version in
    debian-13) printf 'docker.io docker-cli iptables ca-certificates' ;;
    *) printf 'docker.io iptables ca-certificates' ;;
  esac
}

# The distribution's Compose, where it may be new enough.
compose_package() {
  case $system_id in
    ubuntu) printf docker-compose-v2 ;;
    *) printf docker-compose ;;
  esac
}

step_engine() {
  local version
  version=$(engine_version) || version=''
  if [ -n "$version" ]; then
    ! is_new_engine "$version" || return 0
    [ -z "$(docker ps -q)" ] || fail "Docker $version is too old, and containers run in it."
    install_dockers_own
  elif ! command -v dockerd >/dev/null; then
    set_image_store
    install_engine
    # So that docker can be typed without sudo, as in the guides; it counts from the next login on.
    [ "$(id -u)" = 0 ] || as_root usermod -aG docker "$(id -un)"
  fi
  has_engine || start_engine
}

# What is set up by nobody yet: images are kept so that each has the id that releases and bundles name it by. Docker 29 would
# call it by another digest.
set_image_store() {
  [ ! -e /etc/docker/daemon.json ] || return 0
  as_root install -d -m 755 /etc/docker
  put_as_root /etc/docker/daemon.json <<<'{ "features": { "containerd-snapshotter": false } }'
}

# Whether the engine calls images by the digest of their manifest.
has_other_ids() { docker info --format '{{json .DriverStatus}}' 2>/dev/null | grep -q 'io\.containerd\.snapshotter'; }

install_engine() {
  local packages
  read -r -a packages <<<"$(engine_packages)"
  if [ "$from" = payload ]; then
    use_mirror
  else
    apt_update
    if ! is_new_engine "$(candidate docker.io)"; then
      install_dockers_own
      return
    fi
    ! at_least "$(candidate "$(compose_package)")" 2 20 || packages+=("$(compose_package)")
  fi
  say "  installing ${packages[*]}"
  apt_install "${packages[@]}"
}

docker_repository=https://download.docker.com
docker_key=9DC858229FC7DD38854AE2D88D81803C0EBFCD88

# What is there is only replaced when what takes its place has been fetched.
install_dockers_own() {
  local address=$docker_repository/linux/$system_id packages=(docker-ce docker-ce-cli containerd.io docker-compose-plugin)
  [ -n "$system_codename" ] || fail "This system does not say its codename, which Docker's repository is ordered by."
  say "  installing ${packages[*]} of ${docker_repository#*//}"
  # Against what it is reached with.
  apt_install ca-certificates
  add_repository docker "$address/gpg" "$docker_key" "$address $system_codename stable"
  quietly apt_get install -y --no-install-recommends --download-only "${packages[@]}" ||
    fail 'Docker could not be fetched, as shown above. What is there is left alone.'
  quietly apt_get install -y --no-install-recommends "${packages[@]}" || fail "Could not be installed, as shown above: ${packages[*]}"
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
  elif [ -n "$compose_in_bundle" ] || [ "$system_id-$system_version" = debian-12 ] || command -v dockerd >/dev/null; then
    if [ -z "$compose_in_bundle" ] && [ ! -x /usr/lib/apt/apt-helper ]; then
      trouble 'There is no Docker Compose 2.20 or newer.' 'Install it as https://docs.docker.com/compose/install/ says.'
    else
      plan "put Docker Compose $compose_version into $compose_folder"
    fi
  else
    plan "install Docker Compose of the distribution, $(compose_package); $compose_version, should that be older than 2.20"
  fi
}

step_compose() {
  if has_compose; then
    # To its end: the other side would take it for a lost connection.
    if [ "$from" = payload ]; then incoming >/dev/null; fi
    return
  fi
  say "  Docker Compose $compose_version"
  scratch=$(umask 077 && mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  local file=$scratch/docker-compose
  if [ "$from" = payload ]; then
    incoming >"$file"
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
