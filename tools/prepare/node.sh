# shellcheck shell=bash
# Node and npm: the machine's own when they are new enough, else pinned ones from the npm registry, kept in the cache.

NODE_VERSION=24.21.0
NPM_VERSION=11.21.2

# is_major LEAST VERSION: whether a version such as v24.21.0 has at least this major number.
is_major() {
  local version=${2#v}
  [[ ${version%%.*} =~ ^[0-9]+$ ]] && [ "${version%%.*}" -ge "$1" ]
}

# 24.7 brings what passwords are hashed with.
has_node() {
  [[ $(node --version 2>/dev/null) =~ ^v([0-9]+)\.([0-9]+) ]] &&
    ((BASH_REMATCH[1] > 24 || (BASH_REMATCH[1] == 24 && BASH_REMATCH[2] >= 7)))
}

# Puts a Node on PATH that runs this project.
prepare_node() {
  has_node && return
  local platform
  case $(uname -sm) in
    'Linux x86_64') platform=linux-x64 ;;
    'Linux aarch64' | 'Linux arm64') platform=linux-arm64 ;;
    *) fail "Node 24 or newer is needed, and ./horde cannot bring it to $(uname -sm)." 'Install it from https://nodejs.org/ and run ./horde again.' ;;
  esac
  local folder=$HORDE_CACHE/node-$NODE_VERSION
  [ -d "$folder" ] || bring_node "$folder" "node-$platform@$NODE_VERSION"
  PATH=$folder/node_modules/node-$platform/bin:$PATH
  has_node || fail "The Node in $folder does not run on this machine." 'Install Node 24 or newer from https://nodejs.org/ and run ./horde again.'
}

bring_node() {
  any_npm
  check_disk
  with_lock "$HORDE_CACHE" fetch "$1" "$2"
}

# Puts an npm on PATH that installs this project's packages; it is asked for only then.
prepare_npm() {
  is_major 11 "$(npm --version 2>/dev/null)" && return
  local folder=$HORDE_CACHE/npm-$NPM_VERSION
  any_npm
  [ -d "$folder" ] || with_lock "$HORDE_CACHE" fetch "$folder" "npm@$NPM_VERSION"
  PATH=$folder/node_modules/.bin:$PATH
}

# Fetching takes an npm of any age, and that a Node of any age.
any_npm() {
  npm --version >/dev/null 2>&1 && return
  can_apt || fail \
    'Node 24 is needed, and there is no npm to fetch it with. Run as root on Debian or Ubuntu:' \
    "  $(apt_command nodejs npm)" \
    'or install Node 24 from https://nodejs.org/. Then run ./horde again.'
  say "Installing the distribution's npm, to fetch Node 24 with (about a minute)…"
  apt_install nodejs npm || fail 'The packages nodejs and npm could not be installed.'
}

# fetch FOLDER PACKAGE: a package of the npm registry into FOLDER/node_modules.
fetch() {
  [ ! -d "$1" ] || return 0
  say "Fetching ${2/@/ } into $1…"
  place "$1" npm_into "$2" || fail "$2 could not be fetched from the npm registry."
}

npm_into() {
  cd -- "$2" && quietly at_once npm install --prefix "$2" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts "$1"
}
