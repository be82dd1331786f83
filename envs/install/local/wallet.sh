# shellcheck shell=bash
# The hotkey that the service signs with, and the coldkey's public half. The coldkey itself is never looked at.

# Sets hotkey, coldkeypub, wallet_name and hotkey_name.
read_wallet() {
  hotkey='' coldkeypub=''
  local file=$1 folder
  [ -f "$file" ] || fail "There is no hotkey file $(shown "$file")." \
    'It is usually ~/.bittensor/wallets/WALLET/hotkeys/HOTKEY.'
  [ -r "$file" ] || fail "The hotkey file $(shown "$file") cannot be read by this user."
  folder=$(cd -- "$(dirname -- "$file")/.." && pwd) || fail "The wallet of $(shown "$file") cannot be read."
  [ -f "$folder/coldkeypub.txt" ] || fail \
    "There is no coldkeypub.txt in $(shown "$folder"), two folders above the hotkey, where a wallet has it."
  read_small "$file" hotkey
  read_small "$folder/coldkeypub.txt" coldkeypub
  case $hotkey in
    '{'*'}' | '{'*'}'$'\n') ;;
    \$NACL* | \$ANSIBLE* | gAAAA*) fail "The hotkey $(shown "$file") is encrypted: a service has to read it without a password." ;;
    *) fail "$(shown "$file") is no hotkey file: one begins with a brace." ;;
  esac
  hotkey_name=$(plain_name "$(basename -- "$file")" default)
  wallet_name=$(plain_name "$(basename -- "$folder")" mywallet)
}

# read_small FILE NAME: all of a file, its last line break too, into a variable.
read_small() {
  [ "$(wc -c <"$1")" -le 65536 ] || fail "$(shown "$1") is too large for a file of a wallet."
  IFS= read -r -d '' "$2" <"$1" || true
}

# On the server a name is part of paths and settings of several programs.
plain_name() {
  case $1 in
    '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9._@+-]*)
      say "$(shown "$1") is called $2 on the server: a name has letters, digits and ._@+- there."
      printf '%s' "$2"
      ;;
    *) printf '%s' "$1" ;;
  esac
}
