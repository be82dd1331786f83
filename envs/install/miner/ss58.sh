# shellcheck shell=bash
# Addresses of the chain: base58 of a prefix, 32 bytes of a key, and two bytes of a checksum.

# is_address TEXT
is_address() {
  local text=$1 digits='123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  case $text in '' | *[!A-Za-z0-9]*) return 1 ;; esac
  if [ "${#text}" -lt 46 ] || [ "${#text}" -gt 50 ]; then return 1; fi
  local bytes=() digit before carry i j
  for ((i = 0; i < ${#text}; i++)); do
    before=${digits%%"${text:i:1}"*}
    [ "${#before}" -lt 58 ] || return 1
    carry=${#before}
    for ((j = 0; j < ${#bytes[@]}; j++)); do
      carry=$((carry + bytes[j] * 58))
      bytes[j]=$((carry % 256))
      carry=$((carry / 256))
    done
    while [ "$carry" -gt 0 ]; do
      bytes[${#bytes[@]}]=$((carry % 256))
      carry=$((carry / 256))
    done
  done
  local size=${#bytes[@]} hex=
  # The prefix has one byte or two.
  case $size in 35 | 36) ;; *) return 1 ;; esac
  for ((i = size - 1; i >= 0; i--)); do hex+=$(printf '\\x%02x' "${bytes[i]}"); done
  # Where there is no b2sum, as on a Mac, the length has to do.
  command -v b2sum >/dev/null || return 0
  local sum
  # shellcheck disable=SC2059
  sum=$(printf "SS58PRE${hex:0:(size - 2) * 4}" | b2sum)
  digit=$(printf '%02x%02x' "${bytes[1]}" "${bytes[0]}")
  [ "${sum:0:4}" = "$digit" ]
}
