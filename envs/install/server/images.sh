# shellcheck shell=bash

is_here() { docker image inspect "$image" >/dev/null 2>&1; }

step_has_image() {
  if is_here; then reply 'image there'; fi
}

# The payload is an archive as docker save writes it.
step_load() {
  incoming | as_root_reading docker load -q >/dev/null ||
    fail 'The images could not be loaded on the server: is its disk full, or was the connection cut?'
}

step_image() {
  is_here && return
  case $image in
    sha256:*) fail "The image $image is not on the server." ;;
    *) quietly docker pull -q "$image" || fail "The image could not be pulled on the server, as shown above: $image" ;;
  esac
}
