# shellcheck shell=bash
# Docker Compose 2.20 or newer: the machine's own, else Debian 13's binary, which needs no newer system.

# shellcheck source=/dev/null
. "$(dirname -- "${BASH_SOURCE[0]}")/../../envs/install/server/compose-package.sh"

# Sets compose to the words that it is started with.
prepare_compose() {
  compose=(docker compose)
  has_compose && return
  compose=(docker-compose)
  has_compose && return
  pinned_compose
  compose=("$compose_folder/docker-compose")
  has_compose || fail 'Docker Compose could not be started.'
}

# Sets compose_folder to that of Debian 13's binary, with what its package says about its licences.
pinned_compose() {
  compose_folder=$HORDE_CACHE/docker-compose-$compose_version
  [ -d "$compose_folder" ] || with_lock "$HORDE_CACHE" bring_compose "$compose_folder"
}

has_compose() {
  [[ $("${compose[@]}" version --short 2>/dev/null) =~ ^v?([0-9]+)\.([0-9]+) ]] &&
    ((BASH_REMATCH[1] > 2 || (BASH_REMATCH[1] == 2 && BASH_REMATCH[2] >= 20)))
}

bring_compose() {
  [ ! -d "$1" ] || return 0
  local architecture
  case $(uname -sm) in
    'Linux x86_64') architecture=amd64 ;;
    'Linux aarch64' | 'Linux arm64') architecture=arm64 ;;
    *) fail "There is no Docker Compose 2.20 or newer, and ./horde cannot bring it to $(uname -sm)." ;;
  esac
  command -v dpkg-deb >/dev/null || fail 'There is no Docker Compose 2.20 or newer on this machine.' \
    'Install it as https://docs.docker.com/compose/install/ says.'
  say 'Fetching Docker Compose (13 MB)…'
  place "$1" compose_into "$architecture" || fail "Docker Compose could not be fetched from $compose_host."
}

# compose_into ARCHITECTURE FOLDER
compose_into() {
  (
    cd -- "$2" &&
      node -e 'fetch(process.argv[1]).then(async (answer) => {
          if (!answer.ok) throw new Error(`${process.argv[1]}: ${answer.status}`);
          require("node:fs").writeFileSync("compose.deb", Buffer.from(await answer.arrayBuffer()));
        }).catch((error) => { console.error(error.message); process.exit(1); })' "$(compose_url "$1")" &&
      printf '%s  compose.deb\n' "$(compose_sum "$1")" | sha256sum --check --quiet - >&2 &&
      dpkg-deb --fsys-tarfile compose.deb |
      tar -x ./usr/libexec/docker/cli-plugins/docker-compose ./usr/share/doc/docker-compose/copyright &&
      mv usr/libexec/docker/cli-plugins/docker-compose usr/share/doc/docker-compose/copyright . &&
      rm -rf usr compose.deb
  )
}
