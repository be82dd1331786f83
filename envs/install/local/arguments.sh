# shellcheck shell=bash
# What was typed, checked before anything else happens.

# Sets options, and words to the rest.
read_options() {
  # Letters and digits are those of ASCII below, whatever the language of this machine.
  export LC_ALL=C
  dry_run='' unsigned='' offline='' with_data='' payload='' at_once=''
  connections=() handing='' release_folder='' old='' image=''
  words=()
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry_run=yes ;;
      --with-data) with_data=yes ;;
      --now) at_once=yes ;;
      --unsigned | --offline)
        [ -n "${2:-}" ] || fail "$1 needs a value." "$(usage)"
        if [ "$1" = --unsigned ]; then unsigned=$2; else offline=$2; fi
        shift
        ;;
      --help | -h) usage && exit ;;
      --*) fail "There is no option $(shown "$1")." "$(usage)" ;;
      *) words[${#words[@]}]=$1 ;;
    esac
    shift
  done
  channel=${CHANNEL:-}
  [[ $channel =~ ^([a-z][a-z0-9-]{0,31})?$ ]] || fail "CHANNEL=$(shown "$channel") is no channel's name."
  migrating=${MIGRATING:-0}
  case $migrating in 0 | 1) ;; *) fail "MIGRATING=$(shown "$migrating") is neither 0 nor 1." ;; esac
  [ -z "$unsigned" ] || is_pinned "$unsigned" || fail \
    "--unsigned $(shown "$unsigned") names no image by its digest." \
    'It is IMAGE@sha256:… in a registry, or sha256:… of an image that is on the server.'
}

# Of what a person typed, as much as may go back to a terminal.
shown() {
  local text=${1:0:80}
  printf '"%s"' "${text//[![:print:]]/?}"
}

is_pinned() {
  local name='[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)*'
  [[ $1 =~ ^($name@)?sha256:[0-9a-f]{64}$ ]]
}

# A name of ~/.ssh/config, a host, or ssh://USER@HOST:PORT.
check_destination() {
  local word='[A-Za-z0-9_][A-Za-z0-9._-]*'
  if [ "${#1}" -gt 300 ] || ! [[ $1 =~ ^(ssh://)?($word@)?(\[[0-9a-fA-F:.]+\]|[0-9a-fA-F:]+|$word)(:[0-9]{1,5})?$ ]]; then
    fail "$(shown "$1") is no destination of ssh: a name of your ~/.ssh/config, USER@HOST, or ssh://USER@HOST:PORT."
  fi
  destination=$1
}

# is_host TEXT: nothing, a name, or an address.
is_host() { [[ $1 =~ ^([A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9a-fA-F:]{2,45})?$ ]]; }

check_port() {
  if ! [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] || [ "$1" -gt 65535 ]; then
    fail "$(shown "$1") is no port: a number from 1 to 65535."
  fi
}
