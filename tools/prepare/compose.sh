# shellcheck shell=bash
# Docker Compose 2.20 or newer: the machine's own, else Debian 13's binary, which needs no newer system.

COMPOSE_VERSION=2.26.1-4

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
  compose_folder=$HORDE_CACHE/docker-compose-$COMPOSE_VERSION
  [ -d "$compose_folder" ] || with_lock "$HORDE_CACHE" bring_compose "$compose_folder"
}

has_compose() {
  [[ $("${compose[@]}" version --short 2>/dev/null) =~ ^v?([0-9]+)\.([0-9]+) ]] &&
    ((BASH_REMATCH[1] > 2 || (BASH_REMATCH[1] == 2 && BASH_REMATCH[2] >= 20)))
}

bring_compose() {
  [ ! -d "$1" ] || return 0
  local architecture sum
  case $(uname -sm) in
    'Linux x86_64') architecture=amd64 sum=47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea ;;
    'Linux aarch64' | 'Linux arm64') architecture=arm64 sum=bbafaa666f3e7fa00ad36f2a8bab889f1c791ca8743d674e7267a3d07203869c ;;
    *) fail "There is no Docker Compose 2.20 or newer, and ./horde cannot bring it to $(uname -sm)." ;;
  esac
  command -v dpkg-deb >/dev/null || fail 'There is no Docker Compose 2.20 or newer on this machine.' \
    'Install it as https://docs.docker.com/compose/install/ says.'
  say 'Fetching Docker Compose (13 MB)…'
  place "$1" compose_into "$architecture" "$sum" || fail 'Docker Compose could not be fetched from deb.debian.org.'
}

# compose_into ARCHITECTURE SHA256 FOLDER
compose_into() {
  local package=docker-compose component=main
  local url=http://deb.debian.org/debian/pool/$component/${package:0:1}/$package/${package}_${COMPOSE_VERSION}_$1.deb
  (
    cd -- "$3" &&
      node -e 'fetch(process.argv[1]).then(async (answer) => {
          if (!answer.ok) throw new Error(`${process.argv[1]}: ${answer.status}`);
          require("node:fs").writeFileSync("compose.deb", Buffer.from(await answer.arrayBuffer()));
        }).catch((error) => { console.error(error.message); process.exit(1); })' "$url" &&
      printf '%s  compose.deb\n' "$2" | sha256sum --check --quiet - >&2 &&
      dpkg-deb --fsys-tarfile compose.deb |
      tar -x ./usr/libexec/docker/cli-plugins/docker-compose ./usr/share/doc/docker-compose/copyright &&
      mv usr/libexec/docker/cli-plugins/docker-compose usr/share/doc/docker-compose/copyright . &&
      rm -rf usr compose.deb
  )
}
