# shellcheck shell=bash
# The locked packages and the built apps of this checkout.

prepare_workspace() {
  has_packages && has_build && return
  with_lock "$HORDE_ROOT" bring_workspace
}

prepare_packages() {
  has_packages || with_lock "$HORDE_ROOT" bring_packages
}

bring_packages() {
  check_disk
  has_packages || install_packages
}

bring_workspace() {
  check_disk
  has_packages || install_packages
  has_build || build
}

# npm ci empties node_modules, the two stamps included: new packages mean a new build.
packages_stamp=$HORDE_ROOT/node_modules/.horde-stamp
build_stamp=$HORDE_ROOT/node_modules/.horde-built

lock_sum() { sha256sum <"$HORDE_ROOT/package-lock.json"; }

has_packages() { [ -f "$packages_stamp" ] && [ "$(cat "$packages_stamp")" = "$(lock_sum)" ]; }

install_packages() {
  prepare_npm
  say 'Installing packages (about a minute the first time)…'
  (cd -- "$HORDE_ROOT" && quietly at_once npm ci --include=dev) || fail 'The packages could not be installed: npm ci failed as shown above.'
  lock_sum >"$packages_stamp"
}

# Every app that is bundled has its bundle, and nothing that goes into one is newer than the last build.
has_build() {
  [ -f "$build_stamp" ] || return 1
  local main
  for main in "$HORDE_ROOT"/apps/*/src/main.ts; do
    [ -f "${main%/src/main.ts}/dist/main.mjs" ] || return 1
  done
  [ -z "$(changed_source)" ]
}

# A folder of sources changes when a file in it is removed or renamed.
changed_source() {
  cd -- "$HORDE_ROOT" && find apps libs tools package-lock.json package.json tsconfig.json nx.json \
    \( -name dist -o -name node_modules \) -prune -o \
    \( -type f -o -path '*/src*' \) -newer "$build_stamp" -print -quit
}

build() {
  say 'Building…'
  touch "$build_stamp.new" # before the build: what is edited meanwhile is built next time
  (cd -- "$HORDE_ROOT" && NX_DAEMON=false NX_TUI=false quietly node_modules/.bin/nx run-many -t build) ||
    fail 'The build failed as shown above.'
  mv "$build_stamp.new" "$build_stamp"
}
