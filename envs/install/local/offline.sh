# shellcheck shell=bash
# A bundle: a tar of a list, the images, Docker Compose, and, for a server without Docker, that. ./horde image bundle makes it.

# Sets bundle_list; whatever is in the bundle is what its list says.
read_bundle() {
  local file=$1 kind name sum
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then fail "There is no bundle $(shown "$file")."; fi
  bundle_list=$(tar -xOf "$file" list 2>/dev/null | head -c 65536) || true
  [ "$(head -n 1 <<<"$bundle_list")" = 'horde-bundle 1' ] || fail "$(shown "$file") is no bundle of this kind."
  [ "$(of_bundle role)" = "$role" ] || fail "$(shown "$file") is a bundle of the $(of_bundle role), not of the $role."
  say "Reading $(basename -- "$file")…"
  while read -r kind name sum; do
    [ "$kind" = file ] || continue
    case $name in images.tar.gz | docker-compose | engine.tar.gz | release | release.sig | keys | keys.sig) ;; *) fail "The bundle lists $(shown "$name"), which is not known." ;; esac
    [ "sha256:$(tar -xOf "$file" "$name" 2>/dev/null | sha256_of)" = "$sum" ] || fail "The bundle is damaged: $name is not what its list says."
  done <<<"$bundle_list"
  image=$(of_bundle runner)
  [[ $image =~ ^sha256:[0-9a-f]{64}$ ]] || fail 'The bundle names no runner image.'
  architecture=$(of_bundle architecture)
}

of_bundle() { sed -n "s/^$1 //p" <<<"$bundle_list" | head -n 1; }

bundle_has() { grep -q "^file $1 " <<<"$bundle_list"; }

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}
