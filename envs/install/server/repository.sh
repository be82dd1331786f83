# shellcheck shell=bash
# Repositories of packages beside the distribution's own.

# add_repository NAME KEY_ADDRESS FINGERPRINT SOURCE: its key is the one that is known here, and the only one in its file, or it
# is not taken; and it answers, or it is taken away again.
add_repository() {
  local key=/etc/apt/keyrings/$1.gpg list=/etc/apt/sources.list.d/$1.list
  as_root install -d -m 755 /etc/apt/keyrings
  fetch "$2" "$key.new" || fail "The key of $2 could not be fetched."
  read_key < <(as_root head -c 100000 "$key.new")
  as_root rm -f "$key.new"
  [ "$key_fingerprint" = "$3" ] || fail \
    "The key of $2 is another one than this script knows: nothing is installed from there." \
    "It is ${key_fingerprint:-no single key of OpenPGP}, instead of $3."
  put_as_root "$key" < <(hex_bytes "$key_packets")
  put_as_root "$list" <<<"deb [signed-by=$key] $4"
  quietly apt_get -o "Dir::Etc::SourceList=$list" -o Dir::Etc::SourceParts=/dev/null -o APT::Get::List-Cleanup=0 update || {
    as_root rm -f "$list"
    fail "The repository does not answer as it should, as shown above, and is not taken: $4"
  }
  quietly apt_get update || fail 'The lists of packages could not be fetched, as shown above.'
}

# put_as_root FILE: its new content from standard input, for all to read.
put_as_root() {
  # shellcheck disable=SC2016
  as_root_reading sh -c 'umask 022 && cat >"$1.new" && mv -f "$1.new" "$1"' sh "$1"
}

# Reads a key of OpenPGP, in letters or as it is, and sets key_packets, in hexadecimal, and key_fingerprint: nothing where it is
# more than one key, or none. A server has no program for that before one is installed.
read_key() {
  local file at=0 tag kind size body found=''
  key_packets='' key_fingerprint=''
  file=$(od -An -v -t x1 | tr -d ' \n')
  # "-----BEGIN"
  if [[ $file == 2d2d2d2d2d424547494e* ]]; then
    file=$(hex_bytes "$file" | tr -d '\r' | sed -n '/^$/,/^[-=]/{/^[-=]/q;p}' | base64 -d 2>/dev/null | od -An -v -t x1 | tr -d ' \n') || return 0
  fi
  while [ "$at" -lt "${#file}" ]; do
    # A number with too few digits behind it is none.
    tag=$((16#${file:at:2}0 / 16)) at=$((at + 2))
    if ((tag & 64)); then
      kind=$((tag & 63)) size=$((16#0${file:at:2})) at=$((at + 2))
      if ((size == 255)); then
        size=$((16#0${file:at:8})) at=$((at + 8))
      elif ((size >= 224)); then
        return 0
      elif ((size >= 192)); then
        size=$(((size - 192) * 256 + 16#0${file:at:2} + 192)) at=$((at + 2))
      fi
    else
      kind=$((tag >> 2 & 15))
      case $((tag & 3)) in
        0) size=$((16#0${file:at:2})) at=$((at + 2)) ;;
        1) size=$((16#0${file:at:4})) at=$((at + 4)) ;;
        2) size=$((16#0${file:at:8})) at=$((at + 8)) ;;
        *) return 0 ;;
      esac
    fi
    body=${file:at:size * 2} at=$((at + size * 2))
    # The key first, and then what belongs to it: signatures, names, a picture, further keys.
    case $kind in
      6)
        if [ -n "$found" ] || [ "${body:0:2}" != 04 ]; then return 0; fi
        found=$(hex_bytes "$(printf '99%04x' "$size")$body" | sha1sum | cut -c 1-40)
        ;;
      2 | 13 | 14 | 17) [ -n "$found" ] || return 0 ;;
      *) return 0 ;;
    esac
  done
  [ "$at" = "${#file}" ] || return 0
  key_packets=$file key_fingerprint=${found^^}
}

# shellcheck disable=SC2001
hex_bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }

# A bundle's packages, with the lists that the distribution has signed: the only source from here on.
use_mirror() {
  local suite parts keys=/usr/share/keyrings/$system_id-archive-keyring.gpg
  # What a killed run has left.
  as_root find /var/tmp -maxdepth 1 -name 'horde-engine.*' -exec rm -rf {} +
  mirror=$(mktemp -d /var/tmp/horde-engine.XXXXXX)
  trap 'as_root rm -rf "$mirror"' EXIT
  say '  unpacking Docker of the bundle'
  incoming | tar -x -z -C "$mirror" || fail 'Docker of the bundle could not be unpacked: is the disk full, or was the connection cut?'
  # Apt reads it as a user of its own.
  chmod 755 "$mirror"
  mkdir -p "$mirror/lists/partial"
  while read -r suite parts; do
    [[ $suite$parts =~ ^[a-z0-9\ -]+$ ]] || fail 'The bundle names its packages in another way than this script knows.'
    printf 'deb [by-hash=no target=Packages signed-by=%s] copy:%s %s %s\n' "$keys" "$mirror" "$suite" "$parts"
  done <"$mirror/suites" >"$mirror/sources.list"
  apt_source=(-o "Dir::Etc::SourceList=$mirror/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$mirror/lists" -o Acquire::Languages=none)
}
