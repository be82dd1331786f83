# shellcheck shell=bash
# Which runner image is started. Its digest pins everything else.

# Sets image, and reference to how the server names it.
choose_image() {
  release_folder=$(mktemp -d /tmp/horde-release.XXXXXX)
  trap clean_up EXIT
  if [ -n "$offline" ]; then
    read_bundle "$offline"
    if [ -n "$unsigned" ]; then
      [ "$unsigned" = "$image" ] || fail "The bundle has the runner $image, not $unsigned."
    elif [ -n "$public_keys" ]; then
      if ! bundle_has release || ! bundle_has release.sig; then
        fail 'The bundle carries no signed release.' "To take it all the same: --unsigned $image"
      fi
      local part
      for part in "" .sig; do
        tar -xOf "$offline" "release$part" >"$release_folder/list$part"
        if bundle_has keys; then tar -xOf "$offline" "keys$part" >"$release_folder/keys$part"; fi
      done
      check_release
      released_image "$architecture" id
      [ "$released" = "$image" ] || fail 'The runner in the bundle is not the one of the signed release.'
    else
      say "No release key is known to this script: it takes the bundle as it is, runner $image."
    fi
  elif [ -n "$unsigned" ]; then
    say "Unsigned, as you ask for: $unsigned"
    image=$unsigned
  else
    if [ -z "$registry" ] || [ -z "$repository_prefix" ] || [ -z "$script_address" ] || [ -z "$public_keys" ]; then
      fail 'This script does not know yet where releases come from: its registry, prefix, address or public keys are empty.' \
        'Give it an image by its digest, --unsigned IMAGE@sha256:…, or a bundle, --offline FILE.'
    fi
    fetch_release
    check_release
    # Which architecture, the server says.
    image=
  fi
}

fetch_release() {
  local part
  for part in "" .sig; do
    fetch_listed "${channel:-stable}$part" "list$part" ||
      fail "The release list of ${channel:-stable} could not be fetched from $script_address."
  done
  # There is one when the release key has been replaced.
  if fetch_listed keys keys 2>/dev/null; then
    fetch_listed keys.sig keys.sig || fail "The list of keys at $script_address has no signature."
  fi
}

# fetch_listed NAME FILE
fetch_listed() {
  curl -sSfL --max-time 60 --max-filesize 1000000 -o "$release_folder/$2" "$script_address/releases/$1" </dev/null
}

# signed_by KEYS NAMESPACE FILE: whether one of the keys, a line each, has signed it as that.
signed_by() {
  local key
  while read -r key; do
    [ -z "$key" ] || printf 'horde namespaces="%s" %s\n' "$2" "$key"
  done <<<"$1" >"$release_folder/signers"
  ssh-keygen -Y verify -q -f "$release_folder/signers" -I horde -n "$2" -s "$3.sig" <"$3" >/dev/null 2>&1
}

# The keys that count: the first of this script's, or those that the second, which is kept offline, puts in its place.
release_keys() {
  local list=$release_folder/keys
  if [ ! -f "$list" ]; then
    printf '%s\n' "${public_keys%%,*}"
    return
  fi
  signed_by "${public_keys#*,}" horde-keys "$list" || fail 'The list of keys is not signed by the offline key. Nothing is installed.'
  [ "$(head -n 1 "$list")" = 'horde-keys 1' ] || fail 'The list of keys is of a kind that this script does not know.'
  sed -n 's/^key //p' "$list"
}

# Refuses a list that is not signed by a key that counts, is over, or is of another channel. Sets release_number.
check_release() {
  local list=$release_folder/list keys expires
  command -v ssh-keygen >/dev/null || fail 'There is no ssh-keygen on this machine, which checks the release list.'
  keys=$(release_keys) || exit
  signed_by "$keys" horde-release "$list" ||
    fail 'The release list is not signed by a key that this script knows. Nothing is installed.'
  [ "$(head -n 1 "$list")" = 'horde-release 1' ] || fail 'The release list is of a kind that this script does not know.'
  [ "$(of_release channel)" = "${channel:-stable}" ] || fail "The release list is of another channel than ${channel:-stable}."
  expires=$(of_release expires)
  [[ $expires =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]] || fail 'The release list has no end.'
  [[ $expires > $(date -u +%Y-%m-%dT%H:%M:%SZ) ]] || fail "The release list ended at $expires: there is a newer one, or this machine's clock is wrong."
  release_number=$(of_release number)
  [[ $release_number =~ ^[0-9]{1,15}$ ]] || fail 'The release list has no number.'
  say "Release $(of_release version), number $release_number of ${channel:-stable}."
}

of_release() { sed -n "s/^$1 //p" "$release_folder/list" | head -n 1; }

# released_image ARCHITECTURE digest|id: sets released
released_image() {
  local kind name architecture digest id
  released=
  while read -r kind name architecture digest id; do
    [ "$kind $name $architecture" = "image $role-runner $1" ] || continue
    if [ "$2" = id ]; then released=$id; else released=$digest; fi
  done <"$release_folder/list"
  [[ $released =~ ^sha256:[0-9a-f]{64}$ ]] || fail "The release has no $role-runner for $1."
}
