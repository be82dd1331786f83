#!/usr/bin/env bash
# Installs a miner over SSH, and repairs one: curl -sSfL ADDRESS/install_miner.sh | bash -s - ARGUMENTS
# Written by ./horde docs from envs/install: change it there.

release_place() {
  registry=''
  repository_prefix=''
  script_address=''
  public_keys=''
}

executor_classes() { printf '%s' 'spin_up-4min.gpu-24gb always_on.gpu-24gb always_on.llm.a6000 always_on.test always_on.cpu.8c.16gb'; }

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

# The way from the checked arguments to a service that works. Each step finds out what is left to do.

install_on_server() {
  choose_image
  connect
  look_at_server
  show_plan
  [ -z "$dry_run" ] || exit 0
  bring_to_server
  say 'Start…'
  on_server start
  on_server ready
}

look_at_server() {
  say "Looking at $destination…"
  ask_server check "${settings[@]}" now "$(date +%s)" image "$image" number "${release_number:-}" offline "${offline:+yes}" architecture "${architecture:-}" \
    compose_in_bundle "$(bundled docker-compose)" registry "$registry" hotkey "$hotkey" \
    engine_in_bundle "${offline:+$(of_bundle engine)}"
  check_ports
  [ -n "$image" ] || image=$(answer held)
  if [ -z "$image" ]; then
    released_image "$(answer architecture)" digest
    image=$registry/$repository_prefix/$role-runner@$released
  fi
}

# All but the start.
bring_to_server() {
  say 'Docker…'
  if [ "$(answer engine)" = missing ]; then
    payload=engine.tar.gz on_server engine from payload
  else
    on_server engine from network
  fi
  if [ -n "$(bundled docker-compose)" ]; then
    payload=docker-compose on_server compose from payload
  else
    on_server compose from network
  fi
  on_server gpu
  say 'Images…'
  if [ -n "$offline" ]; then
    # They may be there.
    ask_server has_image image "$image"
    [ "$(answer image)" = there ] || payload=images.tar.gz on_server load
  fi
  on_server image image "$image"
  say 'Files…'
  ask_server files "${settings[@]}" image "$image" hotkey "$hotkey" coldkeypub "$coldkeypub"
  answer file | sed 's/^/  /' >&2
}

bundled() {
  if [ -n "$offline" ] && bundle_has "$1"; then printf yes; fi
}

show_plan() {
  local line
  {
    if [ -n "$old" ]; then
      printf 'To move the %s from %s to %s:\n' "$role" "$old" "$destination"
    elif [ "$(answer installed)" = yes ]; then
      printf 'The %s is on %s. This run repairs it:\n' "$role" "$destination"
    else
      printf 'To install the %s on %s:\n' "$role" "$destination"
    fi
    while IFS= read -r line; do printf '  - %s\n' "$line"; done <<<"$(answer plan)"
    [ -z "$dry_run" ] || printf 'Nothing was changed.\n'
  } >&"$([ -n "$dry_run" ] && printf 1 || printf 2)"
}

# The password is given once: by the install that made it. Whether it was, the server keeps.
password_line() {
  if [ -n "$(answer password)" ]; then
    printf '    Password: %s\n' "$(answer password)"
  else
    printf '    Password: unchanged\n'
  fi
}

uninstall_from_server() {
  connect
  on_server uninstall dry_run "$dry_run" with_data "$with_data"
}

# A service goes from one server to another, through this machine. The old one works until all is ready on the new one; from
# then on it is not started there any more, and never works on both.

# move_service OLD NEW
move_service() {
  check_destination "$1"
  old=$destination
  check_destination "$2"
  [ "$old" != "$destination" ] || fail "$(shown "$old") is the old server and the new one."
  if [ -n "$offline$unsigned" ]; then choose_image; fi
  new=$destination
  destination=$old
  connect
  old_folder=$ssh_folder old_words=("${ssh_words[@]}")
  destination=$new
  connect

  say "Looking at $old…"
  at_old ask_server leaving
  read_leaving
  look_at_server
  if [ -n "$(answer arrived)" ] && [ -n "$works" ]; then
    fail "A $role with these settings works on $old, and there is one on $destination: nothing was changed." \
      "If $old is to move: install_$role.sh uninstall $destination --with-data, and type the same line again."
  fi
  arrived=$(answer arrived)
  show_plan
  [ -z "$dry_run" ] || exit 0
  bring_to_server
  if [ -z "$arrived" ]; then hand_over; fi
  say 'Start…'
  on_server start || exit
  (at_old on_server left) || say "$old starts nothing all the same."
  on_server ready
}

# What OLD has said of its installation.
read_leaving() {
  [ -n "$image" ] || image=$(answer image)
  is_pinned "$image" || fail "$old names no runner image by its digest: --unsigned or --offline says which one $destination starts."
  works=$(answer works)
  wallet_name=$(plain_name "$(answer wallet_name)" mywallet)
  hotkey_name=$(plain_name "$(answer hotkey_name)" default)
  decoded hotkey hotkey
  decoded coldkeypub coldkeypub
  decoded env moved_env
  settings=(wallet_name "$wallet_name" hotkey_name "$hotkey_name" migrating 0 moved_env "$moved_env"
    old_bridge "$(answer bridge)" old_addresses "$(answer addresses)" address "$address")
}

# decoded KEY NAME: an answer that has more than a line, into a variable.
decoded() {
  local text
  text=$(answer "$1" | base64 -d && printf .) || fail "$old has not said what was asked."
  printf -v "$2" '%s' "${text%.}"
}

# at_old COMMAND...
at_old() {
  local destination=$old ssh_folder=$old_folder ssh_words
  ssh_words=("${old_words[@]}")
  "$@"
}

hand_over() {
  local key
  ask_server expect
  key=$(answer key)
  [[ $key =~ ^age1[0-9a-z]{58}$ ]] || fail "$destination names no key to hand over for."
  say "$old hands over…"
  handing=yes
  payload=beats at_old on_server hand_over key "$key" at_once "$at_once"
  at_old on_server give | payload=handed on_server take_in
  handing=''
}

# shellcheck disable=SC2317 # a trap calls it, by way of clean_up
# Where it was not handed over, whatever the reason: nothing was started on the new server.
give_back() {
  handing='' payload=''
  if (at_old on_server take_back); then
    say "It was not moved: $old works as before, and $new has started nothing. Type the same line again when that is mended."
  else
    say "It was not moved: $new has started nothing, and $old may stand still. Type the same line again; or, to have $old work" \
      "again, there:  docker exec PROJECT-$role-runner-1 runner take_back PROJECT"
  fi
}

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

# Whether what the server will listen at is reached from here, which is outside of it as its peers are.

# Of a closed port it tells, and goes on: this machine may be one that reaches less than others do.
check_ports() {
  tried=$(answer outside)
  [ -n "$tried" ] || return 0
  if ! command -v curl >/dev/null; then
    say '  note  There is no curl on this machine: ports were not tried from outside.'
    return
  fi
  word=$(od -An -N 8 -t x1 /dev/urandom | tr -d ' \n')
  payload=ports on_server listen word "$word" ports "$(cut -d ' ' -f 1 <<<"$tried" | tr '\n' ' ')" >"$ssh_folder/listening"
}

# What the step `listen` reads: nothing, for as long as the ports are tried.
try_ports() {
  local host inner outer i
  host=$(url_host)
  for ((i = 0; i < 100; i++)); do
    ! grep -qE '^horde: listening (all|no)' "$ssh_folder/listening" || break
    sleep 0.1
  done
  while read -r inner outer; do try_port "http://$host:$outer/" "$inner" "$outer"; done <<<"$tried"
}

# try_port URL INNER OUTER
try_port() {
  local found status=0 what="Port $3 of $host"
  # The service that is being repaired has it, or a job; or the server cannot listen so.
  grep -q "^horde: listening $2\$" "$ssh_folder/listening" || return 0
  found=$(curl -s --max-time 5 --max-filesize 1000 "$1" </dev/null) || status=$?
  if [ "$status" = 0 ] && [ "$found" = "$word" ]; then
    say "  ok    port $3 from outside"
  elif [ "$status" = 28 ]; then
    closed_port "$what does not answer from here"
  elif [ "$status" = 0 ]; then
    say "  note  $what is answered by something else, while the server listens at it: ssh and this port lead to two machines."
  else
    closed_port "$what is closed from here"
  fi
}

closed_port() {
  say "  note  $1, while the server listens at it: a firewall may be in between."
  say "        Open it in the server's firewall, or its provider's, unless it is closed on purpose, or only from here."
}

# The name that the server is reached at, of which the configuration may have another one.
host_of() {
  ssh -T -G -- "$destination" </dev/null | sed -n 's/^hostname //p'
}

# The same as it is in an address of the web.
url_host() {
  local host
  host=$(host_of)
  case $host in *:*) printf '[%s]' "$host" ;; *) printf '%s' "$host" ;; esac
}

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

# What a person reads goes to standard error; standard output has the block at the end alone.

say() { printf '%s\n' "$*" >&2; }

# The reason on the first line, what to do about it on the next ones.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# One connection, which all steps share: a password is asked for once.

connect() {
  command -v ssh >/dev/null || fail 'There is no ssh on this machine.'
  ssh_folder=$(mktemp -d /tmp/horde-ssh.XXXXXX)
  connections+=("$ssh_folder" "$destination")
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  # A host that is not known is asked about at the terminal, whatever the configuration says.
  ssh_words=(ssh -S "$ssh_folder/socket" -T -a -x -o StrictHostKeyChecking=ask -o UpdateHostKeys=no
    -o ClearAllForwardings=yes -o PermitLocalCommand=no -o ConnectTimeout=20
    -o ServerAliveInterval=15 -o ServerAliveCountMax=4)
  # It ends by itself, a minute after the last step, where this script is killed.
  "${ssh_words[@]}" -o ControlMaster=yes -o ControlPersist=60 -- "$destination" true </dev/null >/dev/null ||
    fail "$destination cannot be reached by ssh, or does not let you in: its own words are above." \
      "This works once:  ssh $destination true"
}

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  local i
  [ -z "$handing" ] || give_back
  for ((i = 0; i < ${#connections[@]}; i += 2)); do
    ssh -S "${connections[i]}/socket" -O exit -- "${connections[i + 1]}" </dev/null >/dev/null 2>&1 || true
    rm -rf "${connections[i]}"
  done
  [ -z "$release_folder" ] || rm -rf "$release_folder"
}

# on_server STEP [NAME VALUE]...: runs a step of the program for the server, which comes with its values on standard input:
# nothing of them is in a command line, here or there. payload names a part of the bundle that follows them, or `ports`; or what
# comes on standard input, `handed`, or a sign of life for as long as the step takes, `beats`.
on_server() {
  local step=$1 status=0
  shift
  {
    server_program
    printf '%s\0' "$step" role "$role" "$@" ''
    case $payload in
      '') ;;
      ports) try_ports ;;
      handed) cat ;;
      # It ends with the step, which is no failure.
      beats)
        trap '' PIPE
        while printf x 2>/dev/null; do sleep 3; done
        ;;
      *) tar -xOf "$offline" "$payload" ;;
    esac
  } | "${ssh_words[@]}" -- "$destination" 'exec bash --norc --noprofile -s' || status=$?
  # What the step itself refuses, it has said.
  case $status in
    0) ;;
    127) fail 'The server has no bash, which this script needs there.' ;;
    255) fail "The connection to $destination was lost while it was at: $step." 'Type the same line again: what is done stays done.' ;;
    *) exit 1 ;;
  esac
}

# on_server, of which the answers are kept: lines KEY VALUE in answers.
ask_server() {
  answers=$(on_server "$@") || exit
}

# answer KEY: all values that the server gave it, a line each.
answer() { printf '%s\n' "$answers" | sed -n "s/^horde: $1 //p"; }

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

# install_miner.sh: what is the miner's own.

usage() {
  cat <<'END'
USAGE: install_miner.sh production DEST HOTKEY_PATH [MINER_PORT] [DEFAULT_EXECUTOR_CLASS]
       install_miner.sh local DEST VALIDATOR_SS58 [MINER_PORT] [DEFAULT_EXECUTOR_CLASS]
       install_miner.sh uninstall DEST [--with-data]
       install_miner.sh move OLD NEW [--now]

DEST is where ssh goes: a name of ~/.ssh/config, or USER@HOST. A second run repairs, and keeps what is there.
  --dry-run                  looks, prints what it would do, and changes nothing
  --unsigned IMAGE@DIGEST    starts this runner image instead of a signed release; or sha256:… of one on the server
  --offline BUNDLE           brings the images from a file; the server needs no registry
  --now                      move: jobs that run are not waited for, and fail
  --with-data                uninstall: the database and the settings, too
Environment: MIGRATING=1 (the new server of a miner that moves by hand), CHANNEL (stable); move: BITTENSOR_MINER_ADDRESS (what
NEW announces, where that is not what it had on OLD).
END
}

install_miner() {
  set -euo pipefail
  role=miner
  release_place
  local port class validator=''
  read_options "$@"
  set -- ${words[@]+"${words[@]}"}
  if [ "${1:-}" = uninstall ] && [ $# = 2 ]; then
    check_destination "$2"
    uninstall_from_server
    return
  fi
  address=${BITTENSOR_MINER_ADDRESS:-}
  if [ "${1:-}" = move ] && [ $# = 3 ]; then
    is_host "$address" || fail "BITTENSOR_MINER_ADDRESS=$(shown "$address") is no address of a host."
    move_service "$2" "$3"
    test_miner
    return
  fi
  if [ $# -lt 3 ] || [ $# -gt 5 ]; then fail "$(usage)"; fi
  case $1 in production | local) ;; *) fail "There is no mode $(shown "$1")." "$(usage)" ;; esac
  check_destination "$2"
  port=${4:-} class=${5:-}
  [ -z "$port" ] || check_port "$port"
  [ -z "$class" ] || check_class "$class"
  if [ "$1" = local ]; then
    is_address "$3" || fail "$(shown "$3") is no address of a validator's hotkey."
    validator=$3 wallet_name=dummy hotkey_name=dummy hotkey='' coldkeypub=''
  else
    read_wallet "$3"
  fi
  settings=(port "$port" class "$class" validator "$validator" wallet_name "$wallet_name"
    hotkey_name "$hotkey_name" migrating "$migrating" channel "$channel")
  install_on_server
  test_miner
}

test_miner() {
  say 'Self-test…'
  on_server self_test
  report_miner
}

report_miner() {
  local host port
  ask_server report
  host=$(url_host)
  port=$(answer port)
  cat <<END
============================================================
Miner installed successfully
    URL: http://$host:$port/admin/login/
    Username: admin
$(password_line)
To change the password:
    1. ssh -t $destination
    2. $(answer docker) exec -it $(answer container) miner change_admin_password admin
    3. type the new one twice, and log in with it
============================================================
END
  on_server reported
  curl -sf --max-time 10 -o /dev/null "http://$host:$port/admin/login/" </dev/null || say \
    "From here http://$host:$port/ does not answer, while the miner works on the server: open port $port in its firewall."
}

check_class() {
  case " $(executor_classes) " in
    *" $1 "*) [[ $1 =~ ^[a-z0-9._-]+$ ]] && return ;;
  esac
  fail "$(shown "$1") is no executor class. There are: $(executor_classes)"
}

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

# What runs on the server: it reads this text, and then its values, from its standard input.
server_program() {
  cat <<'END_OF_SERVER_PROGRAM'
# What steps on the server share. They are started as the user who logs in.

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# An answer for the script on the other side.
reply() { printf 'horde: %s\n' "$*"; }

# Reads names and values, each ended by a zero byte, to an empty name; what follows is the step's own.
read_values() {
  local name value
  while IFS= read -t 60 -r -d '' name && [ -n "$name" ]; do
    IFS= read -t 60 -r -d '' value || fail 'The connection ended too early.'
    case $name in
      role | port | class | validator | wallet_name | hotkey_name | migrating | channel | now | image | number | offline | architecture) ;;
      compose_in_bundle | registry | hotkey | coldkeypub | trusted_address | trusted_port | from | dry_run | with_data) ;;
      word | ports | engine_in_bundle) ;;
      moved_env | old_bridge | old_addresses | address | key | at_once) ;;
      *) fail "The value $name is not known." ;;
    esac
    printf -v "$name" '%s' "$value"
  done
  [ "$role" = miner ] || [ "$role" = validator ] || [ -z "$role" ] || fail 'There is no such role.'
  folder=$HOME/compute_horde_$role
}

# as_root COMMAND...: without the lock, which what it starts may outlive.
as_root() { as_root_reading "$@" </dev/null; }

# The same for one that reads what is left of the step's input.
as_root_reading() {
  if [ "$(id -u)" = 0 ]; then command "$@" 8<&-; else sudo -n -- "$@" 8<&-; fi
}

# Passes on what is left of the step's input, and gives up where nothing more comes, as after a link that was cut: else it would
# wait for ever, and hold the lock. Later than ssh on the other side, which then says what to type.
incoming() {
  local said
  while :; do
    said=$(timeout 120 dd bs=1M count=1 iflag=fullblock 2>&1 >&7) || fail 'Nothing more came through the connection.'
    case $said in '0+0 records in'*) return ;; esac
  done 7>&1
}

# What a person types for it.
docker_word() {
  if [ "$(id -u)" = 0 ] || [ -w /var/run/docker.sock ]; then printf docker; else printf 'sudo docker'; fi
}

# Shows the end of what a command says only when it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1) || status=$?
  [ "$status" = 0 ] || printf '%s\n' "$output" | tail -n 30 >&2
  return "$status"
}

# put FILE MODE: its new content from standard input, whole or not at all.
put() {
  local new
  # What a killed run has left.
  rm -f "$1".new-*
  new=$(umask 077 && mktemp "$1.new-XXXXXX")
  cat >"$new" && chmod "$2" "$new" && sync "$new" && mv -f "$new" "$1"
}

# One run at a time; the lock goes with its process.
lock() {
  exec 8<"$HOME"
  flock -n 8 || { say 'Waiting for another run of this script, which is at work on the server…' && flock -w 600 8; } || fail 'Another run of this script is at work on the server.'
}

# Looks, changes nothing, and answers with the plan. All that is wrong is said at once.

troubles=0
fine() { say "  ok    $*"; }
note() { say "  note  $*"; }
trouble() {
  say "  WRONG $1"
  shift
  [ $# = 0 ] || say "        $*"
  troubles=$((troubles + 1))
}
plan() { reply "plan $*"; }

step_check() {
  reply "architecture $machine"
  check_system
  check_rights
  check_clock
  if [ "$troubles" = 0 ]; then
    check_engine
    check_compose
    check_gpu
    check_port
    check_registry
  fi
  check_disk
  check_wallet
  check_folder
  check_release_number
  plan_files
  [ "$troubles" = 0 ] || fail "Nothing was changed: $troubles of these are in the way."
}

check_system() {
  case $machine in amd64 | arm64) ;; *) trouble "The images are made for amd64 and arm64; this is $machine." ;; esac
  if [ -n "$architecture" ] && [ "$architecture" != "$machine" ]; then
    trouble "The bundle is for $architecture; this is $machine."
  fi
  local program missing=()
  for program in flock mktemp od sed grep df stat date timeout readlink sync; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  [ ${#missing[@]} = 0 ] || trouble "The server lacks: ${missing[*]}"
  [[ $HOME =~ ^/[A-Za-z0-9/._-]+$ ]] || trouble "The home folder's name, $HOME, has signs that settings cannot carry."
  fine "$system_name, $machine"
}

check_rights() {
  if [ "$(id -u)" = 0 ]; then
    fine 'root'
  elif ! command -v sudo >/dev/null; then
    trouble "$(id -un) is not root, and there is no sudo." 'Log in as root, or install sudo.'
  elif ! sudo -n true 2>/dev/null </dev/null; then
    trouble "$(id -un) may not use sudo without a password." "As root: echo '$(id -un) ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/$(id -un)"
  else
    fine "$(id -un), with sudo"
  fi
}

# What peers sign has a time in it.
check_clock() {
  local away=$(($(date +%s) - now))
  away=${away#-}
  if [ "$away" -gt 60 ]; then
    trouble "The clocks of the server and of this machine are $away s apart." 'Set them, for example: timedatectl set-ntp true'
  elif [ "$away" -gt 5 ]; then
    note "The clocks of the server and of this machine are $away s apart."
  else
    fine 'clock'
  fi
}

# check_room FOLDER GB: the file system that the folder is, or will be, on.
check_room() {
  local place=$1 free
  while [ ! -d "$place" ]; do place=$(dirname -- "$place"); done
  free=$(df -Pk -- "$place" | sed -n '2p' | tr -s ' ' | cut -d ' ' -f 4)
  if [ "$free" -lt $(($2 * 1000000)) ]; then
    trouble "The disk of $1 has $((free / 1000)) MB free; at least $2 GB are needed." 'Free some, or give it another disk.'
  else
    fine "disk of $1: $((free / 1000000)) GB free"
    [ "$role-$2" != miner-5 ] || [ "$free" -gt 100000000 ] || note 'images and data of jobs take room: a miner should have 500 GB'
  fi
}

check_disk() {
  check_room "$HOME" 1
  check_room "$(engine_root)" 5
}

# Sockets that listen, without a program that may not be there.
listens() {
  local hex
  hex=$(printf '%04X' "$1")
  grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

check_port() {
  local wanted=$port
  read_env
  [ -n "$wanted" ] || wanted=$(port_of_role)
  if ! [[ $wanted =~ ^[1-9][0-9]{0,4}$ ]]; then
    trouble "$folder/.env names no port that can be read." 'Correct it there: BITTENSOR_MINER_PORT of a miner, HTTP_PORT of a validator.'
  elif listens "$wanted" && ! is_our_port "$wanted"; then
    local other='Choose another one as the fourth argument.'
    [ "$role" = miner ] || other='Choose another one for the panel: HTTP_PORT=8080 before bash.'
    trouble "Port $wanted is taken on the server by another program." "$other"
  else
    fine "port $wanted"
    reply_outside "$wanted"
  fi
}

is_our_port() {
  has_engine && [ -n "$(docker ps -q --filter "label=com.docker.compose.project=$(project)" --filter "publish=$1")" ]
}

# Of a signed list nothing is started where the operator holds the release that is there, as its runner does.
held_image() {
  local image hold
  read_env
  image=$(env_value RUNNER_IMAGE) hold=$(env_value UPDATE_HOLD)
  case ${hold,,} in
    1 | true | yes | on) [[ $image != *sha256:* ]] || printf '%s' "$image" ;;
  esac
}

# Only whether it is reached: what it has, the engine asks.
check_registry() {
  local host=${image%%/*} port=443 held=
  [ -n "$image" ] || held=$(held_image)
  if [ -n "$held" ]; then
    reply "held $held"
    plan "leave the runner image $held, since UPDATE_HOLD is set in .env"
    return
  fi
  case $image in sha256:*) check_local_image && return ;; '') host=$registry ;; esac
  if [ -n "$offline" ]; then
    plan "load the images of the bundle, runner ${image:0:19}…"
    return
  fi
  plan "pull the runner image${image:+ $image}"
  case $host in *:*) port=${host##*:} host=${host%:*} ;; esac
  if [ -n "${HTTPS_PROXY:-}${https_proxy:-}" ]; then return; fi
  # shellcheck disable=SC2016
  if timeout 15 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$host" "$port" 2>/dev/null; then
    fine "registry $host"
  else
    trouble "The image registry $host cannot be reached from the server at port $port." 'Where it must not be: --offline BUNDLE brings the images.'
  fi
}

check_local_image() {
  if has_engine && docker image inspect "$image" >/dev/null 2>&1; then
    fine "image ${image:0:19}… is on the server"
  elif [ -n "$offline" ]; then
    return 1
  else
    trouble "The image $image is not on the server." 'Load it there first, or bring it with --offline BUNDLE.'
  fi
}

# Another hotkey is never written over.
check_wallet() {
  [ -n "$hotkey" ] || return 0
  local file=$HOME/.bittensor/wallets/$wallet_name/hotkeys/$hotkey_name there
  if [ -e "$file" ]; then
    IFS= read -r -d '' there <"$file" || true
    [ "$there" = "$hotkey" ] || trouble "Another hotkey is on the server as $file." 'It is not written over: move it away, or give yours another name.'
  fi
}

check_folder() {
  if [ -e "$folder" ] && { [ ! -d "$folder" ] || [ ! -w "$folder" ]; }; then
    trouble "$folder is no folder that $(id -un) can write in."
  fi
  if [ -f "$folder/.env" ] && [ ! -r "$folder/.env" ]; then trouble "$folder/.env cannot be read by $(id -un)."; fi
  read_env
  if env_line SECRET_KEY >/dev/null; then reply 'installed yes'; fi
  check_move
}

# A list that is signed and in time may still be an older one, which somebody has kept.
check_release_number() {
  [ -n "$number" ] && has_engine || return 0
  local newest
  newest=$(as_root timeout 60 docker exec "$(project)-$role-runner-1" runner newest "${channel:-stable}" 2>/dev/null </dev/null) || return 0
  [[ $newest =~ ^[0-9]{1,15}$ ]] || return 0
  [ "$number" -ge "$newest" ] ||
    trouble "The release list has number $number, and this server has seen number $newest: it is an older one." 'It may come from a place that is behind. To go back on purpose: --unsigned IMAGE@DIGEST.'
}

plan_files() {
  if [ -n "$moved_env" ]; then
    plan "write $folder/.env, with the settings and secrets that are there, and docker-compose.yml"
  elif env_line SECRET_KEY >/dev/null; then
    plan "keep the secrets, your own keys and the database of $folder; bring its settings up to date"
  else
    plan "write $folder/.env, with new secrets, and docker-compose.yml"
  fi
  [ -z "$hotkey" ] || plan "put the hotkey and coldkeypub.txt below $HOME/.bittensor/wallets/$wallet_name"
  [ -z "$moved_env" ] || plan 'end it there, and take in what it has'
  plan 'start it, wait until it is ready, and test it'
}

# Debian 13's Docker Compose, which needs no newer system: what ./horde brings, and the install scripts.

compose_version=2.26.1-4
compose_host=deb.debian.org

# compose_sum ARCHITECTURE: the SHA-256 of its package, as Debian names architectures.
compose_sum() {
  case $1 in
    amd64) printf 47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea ;;
    arm64) printf bbafaa666f3e7fa00ad36f2a8bab889f1c791ca8743d674e7267a3d07203869c ;;
  esac
}

# compose_url ARCHITECTURE
compose_url() {
  local package=docker-compose component=main
  printf '%s' "http://$compose_host/debian/pool/$component/${package:0:1}/$package/${package}_${compose_version}_$1.deb"
}

# Docker 20.10 and Compose 2.20, or newer. What works is left alone.

docker() { as_root docker "$@"; }

engine_version() { as_root timeout 20 docker version --format '{{.Server.Version}}' 2>/dev/null; }

has_engine() { engine_version >/dev/null; }

is_new_engine() { at_least "$1" 20 10; }

has_compose() { at_least "$(as_root docker compose version --short 2>/dev/null)" 2 20; }

# at_least VERSION MAJOR MINOR, also of a package's version
at_least() {
  [[ $1 =~ ^(v|[0-9]+:)?([0-9]+)\.([0-9]+) ]] &&
    ((BASH_REMATCH[2] > $2 || (BASH_REMATCH[2] == $2 && BASH_REMATCH[3] >= $3)))
}

engine_root() {
  local root
  root=$(as_root timeout 20 docker info --format '{{.DockerRootDir}}' 2>/dev/null) || root=''
  printf '%s' "${root:-/var/lib/docker}"
}

check_engine() {
  local version
  if version=$(engine_version); then
    check_running_engine "$version"
  elif command -v dockerd >/dev/null; then
    plan 'start Docker, which is installed and does not run'
  elif [ -n "$engine_in_bundle" ]; then
    [ "$engine_in_bundle" = "$system_id-$system_version" ] ||
      trouble "The bundle has Docker for $engine_in_bundle; this is $system_id-$system_version." 'Make one on such a machine, or install Docker on this one.'
    plan "install Docker of the bundle: $(engine_packages)"
    reply 'engine missing'
  elif ! knows_packages; then
    trouble "There is no Docker, and this script does not install it on $system_name." 'Install it as https://docs.docker.com/engine/install/ says, and type the same line again.'
  else
    plan "install Docker of the distribution: $(engine_packages); of ${docker_repository#*//}, should that be older than 20.10"
  fi
}

check_running_engine() {
  if is_new_engine "$1"; then
    if [ -n "$offline" ] && has_other_ids; then
      trouble "Docker $1 keeps images in the store of containerd, where those of a bundle have other ids than it names." \
        'Without a bundle it will do. For one: { "features": { "containerd-snapshotter": false } } in /etc/docker/daemon.json, and restart Docker.'
    fi
    fine "Docker $1, which is left alone"
  elif ! knows_packages; then
    trouble "Docker $1 is too old: 20.10 or newer is needed." 'Update it as https://docs.docker.com/engine/install/ says, and type the same line again.'
  elif [ -n "$(docker ps -q)" ]; then
    trouble "Docker $1 is too old: 20.10 or newer is needed, and containers run in it." 'Stop them, or update it yourself, and type the same line again.'
  else
    plan "replace Docker $1, which is older than 20.10, by that of ${docker_repository#*//}"
  fi
}

engine_packages() {
  case $system_id-$system_version in
    debian-13) printf 'docker.io docker-cli iptables ca-certificates' ;;
    *) printf 'docker.io iptables ca-certificates' ;;
  esac
}

# The distribution's Compose, where it may be new enough.
compose_package() {
  case $system_id in
    ubuntu) printf docker-compose-v2 ;;
    *) printf docker-compose ;;
  esac
}

step_engine() {
  local version
  version=$(engine_version) || version=''
  if [ -n "$version" ]; then
    ! is_new_engine "$version" || return 0
    [ -z "$(docker ps -q)" ] || fail "Docker $version is too old, and containers run in it."
    install_dockers_own
  elif ! command -v dockerd >/dev/null; then
    set_image_store
    install_engine
    # So that docker can be typed without sudo, as in the guides; it counts from the next login on.
    [ "$(id -u)" = 0 ] || as_root usermod -aG docker "$(id -un)"
  fi
  has_engine || start_engine
}

# What is set up by nobody yet: images are kept so that each has the id that releases and bundles name it by. Docker 29 would
# call it by another digest.
set_image_store() {
  [ ! -e /etc/docker/daemon.json ] || return 0
  as_root install -d -m 755 /etc/docker
  put_as_root /etc/docker/daemon.json <<<'{ "features": { "containerd-snapshotter": false } }'
}

# Whether the engine calls images by the digest of their manifest.
has_other_ids() { docker info --format '{{json .DriverStatus}}' 2>/dev/null | grep -q 'io\.containerd\.snapshotter'; }

install_engine() {
  local packages
  read -r -a packages <<<"$(engine_packages)"
  if [ "$from" = payload ]; then
    use_mirror
  else
    apt_update
    if ! is_new_engine "$(candidate docker.io)"; then
      install_dockers_own
      return
    fi
    ! at_least "$(candidate "$(compose_package)")" 2 20 || packages+=("$(compose_package)")
  fi
  say "  installing ${packages[*]}"
  apt_install "${packages[@]}"
}

docker_repository=https://download.docker.com
docker_key=9DC858229FC7DD38854AE2D88D81803C0EBFCD88

# What is there is only replaced when what takes its place has been fetched.
install_dockers_own() {
  local address=$docker_repository/linux/$system_id packages=(docker-ce docker-ce-cli containerd.io docker-compose-plugin)
  [ -n "$system_codename" ] || fail "This system does not say its codename, which Docker's repository is ordered by."
  say "  installing ${packages[*]} of ${docker_repository#*//}"
  # Against what it is reached with.
  apt_install ca-certificates
  add_repository docker "$address/gpg" "$docker_key" "$address $system_codename stable"
  quietly apt_get install -y --no-install-recommends --download-only "${packages[@]}" ||
    fail 'Docker could not be fetched, as shown above. What is there is left alone.'
  quietly apt_get install -y --no-install-recommends "${packages[@]}" || fail "Could not be installed, as shown above: ${packages[*]}"
}

start_engine() {
  say '  starting Docker'
  if [ -d /run/systemd/system ]; then
    quietly as_root systemctl enable --now docker || fail 'Docker does not start. Its log: journalctl -u docker'
  else
    # A machine without systemd, such as a container, may not be allowed what the script in /etc/init.d does before.
    quietly as_root service docker start || as_root sh -c 'setsid dockerd >>/var/log/docker.log 2>&1 &'
  fi
  local end=$((SECONDS + 60))
  until has_engine; do
    [ "$SECONDS" -lt "$end" ] || fail 'Docker does not answer after a minute. Its log: /var/log/docker.log, or journalctl -u docker'
    sleep 0.5
  done
}

compose_folder=/usr/local/lib/docker/cli-plugins

check_compose() {
  if has_compose; then
    fine "Docker Compose $(docker compose version --short)"
  elif [ -n "$compose_in_bundle" ] || [ "$system_id-$system_version" = debian-12 ] || command -v dockerd >/dev/null; then
    if [ -z "$compose_in_bundle" ] && [ ! -x /usr/lib/apt/apt-helper ]; then
      trouble 'There is no Docker Compose 2.20 or newer.' 'Install it as https://docs.docker.com/compose/install/ says.'
    else
      plan "put Docker Compose $compose_version into $compose_folder"
    fi
  else
    plan "install Docker Compose of the distribution, $(compose_package); $compose_version, should that be older than 2.20"
  fi
}

step_compose() {
  if has_compose; then
    # To its end: the other side would take it for a lost connection.
    if [ "$from" = payload ]; then incoming >/dev/null; fi
    return
  fi
  say "  Docker Compose $compose_version"
  scratch=$(umask 077 && mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  local file=$scratch/docker-compose
  if [ "$from" = payload ]; then
    incoming >"$file"
  else
    fetch "$(compose_url "$machine")" "$scratch/compose.deb" "SHA256:$(compose_sum "$machine")" ||
      fail "Docker Compose could not be fetched from $compose_host."
    as_root cat "$scratch/compose.deb" | dpkg-deb --fsys-tarfile /dev/stdin |
      tar -xO ./usr/libexec/docker/cli-plugins/docker-compose >"$file"
  fi
  as_root mkdir -p "$compose_folder"
  as_root install -m 755 "$file" "$compose_folder/docker-compose.new"
  as_root mv -f "$compose_folder/docker-compose.new" "$compose_folder/docker-compose"
  has_compose || fail 'Docker Compose cannot be started on the server.'
}

# The settings, .env: lines stay as they are, whoever wrote them, but for those whose value is another one now.

env_lines=() kept=() changed=() added=()

read_env() {
  env_lines=() kept=() changed=() added=()
  if [ -r "$folder/.env" ]; then
    mapfile -t env_lines <"$folder/.env"
  elif [ -n "$moved_env" ]; then
    # Those of the server that it comes from, until there are some here.
    mapfile -t env_lines < <(printf '%s' "$moved_env")
  fi
}

# The number of the line that counts for a key: the last one.
env_line() {
  local i
  for ((i = ${#env_lines[@]} - 1; i >= 0; i--)); do
    if [[ ${env_lines[i]} =~ ^[[:space:]]*(export[[:space:]]+)?"$1"[[:space:]]*= ]]; then
      printf '%s' "$i"
      return
    fi
  done
  return 1
}

# The value of a key without its quotes, or nothing.
env_value() {
  local i value
  i=$(env_line "$1") || return 0
  value=${env_lines[i]#*=}
  value=${value#"${value%%[![:space:]]*}"}
  case $value in
    '"'*) value=${value#?} value=${value%%'"'*} ;;
    "'"*) value=${value#?} value=${value%%"'"*} ;;
    *) value=${value%%[[:space:]]#*} value=${value%"${value##*[![:space:]]}"} ;;
  esac
  printf '%s' "${value%$'\r'}"
}

# env_set KEY VALUE: it has this value from now on. Values are plain words.
env_set() {
  local i line=$1=$2
  case $1 in BITTENSOR_WALLET_* | MIGRATING) line="$1=\"$2\"" ;; esac
  if ! i=$(env_line "$1"); then
    env_lines+=("$line")
    added+=("$1")
  elif [ "$(env_value "$1")" = "$2" ]; then
    kept+=("$1")
  else
    env_lines[i]=$line
    changed+=("$1")
  fi
}

# env_default KEY VALUE: only where there is none.
env_default() {
  if env_line "$1" >/dev/null; then kept+=("$1"); else env_set "$1" "$2"; fi
}

# env_secret KEY BYTES: made here, and never again.
env_secret() {
  if [ -n "$(env_value "$1")" ]; then kept+=("$1"); else env_set "$1" "$(random_word "$2")"; fi
}

# As many random bytes, in letters, digits, - and _.
random_word() {
  local word
  word=$(head -c "$1" /dev/urandom | base64 -w 0)
  word=${word//+/-} word=${word//\//_}
  printf '%s' "${word//=/}"
}

write_env() {
  if [ -e "$folder/.env" ] && [ ${#changed[@]} = 0 ] && [ ${#added[@]} = 0 ]; then
    chmod 600 "$folder/.env"
    return
  fi
  printf '%s\n' "${env_lines[@]}" | put "$(readlink -f -- "$folder/.env")" 600
}

# Where the service is reached on the server.
port_of_role() {
  local key=BITTENSOR_MINER_PORT usual=8000 value
  [ "$role" = miner ] || key=HTTP_PORT usual=80
  value=$(env_value "$key")
  printf '%s' "${value:-$usual}"
}

# The project that the containers are of. Without the key, as in installs made by hand, the inner file's folder names it.
project() {
  local name
  name=$(env_value COMPOSE_PROJECT_NAME)
  if [ -n "$name" ]; then
    printf '%s' "$name"
  elif ! env_line SECRET_KEY >/dev/null; then
    printf 'compute_horde_%s' "$role"
  elif [ "$role" = miner ]; then
    printf root
  else
    printf validator
  fi
}

# The wallet, the settings, and the compose file of the runner.

step_files() {
  umask 077
  # Others' programs may look into the folder for the compose file, as they could before.
  [ -d "$folder" ] || (umask 022 && mkdir "$folder")
  put_wallet
  put_settings
  put_compose_file
  hide_old_values
}

put_wallet() {
  # Where it is missing the engine would make it, as root's.
  (umask 022 && mkdir -p "$HOME/.bittensor/wallets")
  [ -n "$hotkey" ] || return 0
  local wallet=$HOME/.bittensor/wallets/$wallet_name file
  (umask 022 && mkdir -p "$wallet/hotkeys")
  file=$wallet/hotkeys/$hotkey_name
  if [ ! -e "$file" ]; then
    printf '%s' "$hotkey" | put "$file" 600
    reply "file added    $file"
  else
    local there
    IFS= read -r -d '' there <"$file" || true
    [ "$there" = "$hotkey" ] || fail "Another hotkey is on the server as $file. It is not written over."
    reply "file kept     $file"
  fi
  [ -e "$wallet/coldkeypub.txt" ] || printf '%s' "$coldkeypub" | put "$wallet/coldkeypub.txt" 644
}

put_settings() {
  read_env
  local new=yes first=''
  # Lines that were put there before the first install make no install.
  if env_line SECRET_KEY >/dev/null; then new=''; fi
  # ComputeHorde's script makes no account of the validator's panel.
  if [ "$role" = validator ] && ! env_line RUNNER_IMAGE >/dev/null; then first=yes; fi
  if [ ${#env_lines[@]} = 0 ]; then env_lines=("# Settings of the $role. Lines that you add stay; what each means: docs/settings.md"); fi
  env_secret SECRET_KEY 25
  env_secret POSTGRES_PASSWORD 16
  env_default BITTENSOR_NETUID 12
  env_default BITTENSOR_NETWORK finney
  env_set BITTENSOR_WALLET_NAME "$wallet_name"
  env_set BITTENSOR_WALLET_HOTKEY_NAME "$hotkey_name"
  env_default HOST_WALLET_DIR "$HOME/.bittensor/wallets"
  # One that was made by hand goes on under the name that its containers have.
  [ -z "$new" ] || env_default COMPOSE_PROJECT_NAME "compute_horde_$role"
  if [ "$role" = miner ]; then settings_of_miner; else settings_of_validator; fi
  [ -z "$moved_env" ] || settings_of_move
  # First the mark: a run that ends here is to show the password when another one comes to its end.
  if env_line DEFAULT_ADMIN_PASSWORD >/dev/null; then
    kept+=(DEFAULT_ADMIN_PASSWORD)
  elif [ -n "$new$first" ]; then
    : >"$folder/.password-not-shown"
    env_secret DEFAULT_ADMIN_PASSWORD 25
  fi
  if [ "$migrating" = 1 ]; then env_set MIGRATING 1; else env_default MIGRATING 0; fi
  if [ -n "$channel" ]; then env_set CHANNEL "$channel"; else env_default CHANNEL stable; fi
  env_set RUNNER_IMAGE "$image"
  write_env
  [ ${#kept[@]} = 0 ] || reply "file kept     .env: ${kept[*]}"
  [ ${#changed[@]} = 0 ] || reply "file changed  .env: ${changed[*]}"
  [ ${#added[@]} = 0 ] || reply "file added    .env: ${added[*]}"
}

settings_of_miner() {
  if [ -n "$port" ]; then env_set BITTENSOR_MINER_PORT "$port"; else env_default BITTENSOR_MINER_PORT 8000; fi
  env_default BITTENSOR_MINER_ADDRESS auto
  if [ -n "$class" ]; then env_set DEFAULT_EXECUTOR_CLASS "$class"; else env_default DEFAULT_EXECUTOR_CLASS ''; fi
  if [ -n "$port" ]; then env_set PORT_FOR_EXECUTORS "$port"; else env_default PORT_FOR_EXECUTORS "$(env_value BITTENSOR_MINER_PORT)"; fi
  local bridge
  bridge=$(bridge_address)
  # What the old script wrote, whatever the bridge's address was.
  if [ "$(env_value ADDRESS_FOR_EXECUTORS)" = 172.17.0.1 ]; then
    env_set ADDRESS_FOR_EXECUTORS "$bridge"
  else
    env_default ADDRESS_FOR_EXECUTORS "$bridge"
  fi
  [ -z "$validator" ] || env_set IS_LOCAL_MINER 1
  [ -z "$validator" ] || env_set LOCAL_MINER_VALIDATOR_PUBLIC_KEY "$validator"
}

settings_of_validator() {
  env_default FACILITATOR_URI wss://facilitator.computehorde.io/ws/v0/
  [ -z "$port" ] || env_set HTTP_PORT "$port"
  [ -z "$trusted_address" ] || env_set TRUSTED_MINER_ADDRESS "$trusted_address"
  [ -z "$trusted_port" ] || env_set TRUSTED_MINER_PORT "$trusted_port"
}

# Where containers of Docker's own bridge reach the server. An engine that has made its bridge since it was started does not
# name the gateway: it is the first address then.
bridge_address() {
  local subnet gateway
  while read -r subnet gateway; do
    [[ $subnet =~ ^(([0-9]+\.){3})([0-9]+)/ ]] || continue
    printf '%s' "${gateway:-${BASH_REMATCH[1]}$((BASH_REMATCH[3] + 1))}"
    return
  done < <(docker network inspect bridge --format '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{"\n"}}{{end}}' 2>/dev/null)
  printf 172.17.0.1
}

put_compose_file() {
  local file=$folder/docker-compose.yml text
  text=$(compose_file)
  if [ -f "$file" ] && [ "$(cat "$file")" = "$text" ]; then
    reply "file kept     docker-compose.yml"
    return
  fi
  if [ -f "$file" ]; then
    # The way back, of which the first is the one that counts.
    [ -e "$file.before" ] || cp -p "$file" "$file.before"
    reply "file changed  docker-compose.yml; the one before is docker-compose.yml.before"
  else
    reply "file added    docker-compose.yml"
  fi
  printf '%s\n' "$text" | put "$file" 644
}

compose_file() {
  local env_in_runner=/root/.env
  [ "$role" = miner ] || env_in_runner=/root/validator/.env
  cat <<END
# Written by install_$role.sh, and again by its next run. What it starts is named in .env, by its digest.
services:
  $role-runner:
    image: \${RUNNER_IMAGE:?}
    restart: unless-stopped
    pull_policy: missing
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
      - \${HOST_WALLET_DIR:-\$HOME/.bittensor/wallets}:/root/.bittensor/wallets
      - ./.env:$env_in_runner
    logging:
      driver: json-file
      options: { max-size: 10m, max-file: '3' }
END
}

# The old script leaves its values there, open to all.
hide_old_values() {
  if [ -f "$HOME/tmpvars" ]; then
    chmod 600 "$HOME/tmpvars"
    reply "file changed  ~/tmpvars: secrets that the old script left open to all are yours alone now; nothing needs the file"
  fi
}

# NVIDIA's driver and container toolkit: only where there is such a GPU, and only what does not work.

has_gpu() {
  if command -v lspci >/dev/null; then
    lspci -n 2>/dev/null | grep -qE ' 03[0-9a-f]{2}: 10de:'
  else
    local device
    for device in /sys/bus/pci/devices/*; do
      [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
      case $(cat "$device/class") in 0x03*) return ;; esac
    done
    return 1
  fi
}

has_driver() { timeout 60 nvidia-smi -L >/dev/null 2>&1; }

# With one before that a job can escape from its container (CVE-2025-23266): executors give GPUs to none.
oldest_toolkit=1.17.8

toolkit_version() { nvidia-ctk --version 2>/dev/null | sed -n 's/.* version v\?\([0-9][0-9.]*\).*/\1/p' | head -n 1; }

has_toolkit() {
  command -v nvidia-container-runtime >/dev/null &&
    [ "$(printf '%s\n' "$oldest_toolkit" "$(toolkit_version)" | sort -V | head -n 1)" = "$oldest_toolkit" ]
}

check_gpu() {
  [ "$role" = miner ] || return 0
  if ! has_gpu; then
    note 'no NVIDIA GPU is seen: classes that promise one will not run here'
  elif has_driver && has_toolkit; then
    fine "GPU: $(nvidia-smi -L | sed 's/ *(.*//; q'), whose driver is left alone"
  elif ! can_install_gpu; then
    trouble "There is an NVIDIA GPU, whose driver or container toolkit, $oldest_toolkit or newer, does not work." \
      "This script installs them on Debian and Ubuntu of x86_64, with a network; here, do as NVIDIA's guide says."
  else
    has_driver || plan "install NVIDIA's driver: cuda-drivers, from developer.download.nvidia.com; a reboot may be due then"
    has_toolkit || plan "install NVIDIA's container toolkit, $oldest_toolkit or newer, from nvidia.github.io, and register it with Docker"
  fi
}

can_install_gpu() { knows_packages && [ "$machine" = amd64 ] && [ -z "$offline" ]; }

step_gpu() {
  if [ "$role" != miner ] || ! has_gpu; then return; fi
  if has_driver && has_toolkit; then return; fi
  can_install_gpu || fail 'The GPU does not work, and this script cannot install what it lacks here.'
  say '  NVIDIA'
  apt_install ca-certificates
  if ! has_driver; then
    local address=https://developer.download.nvidia.com/compute/cuda/repos/$system_id${system_version//./}/x86_64
    add_repository nvidia-driver "$address/3bf863cc.pub" EB693B3035CD5710E231E123A4B469963BF863CC "$address/ /"
    apt_install "linux-headers-$(uname -r)" cuda-drivers
  fi
  if ! has_toolkit; then
    local address=https://nvidia.github.io/libnvidia-container
    add_repository nvidia-toolkit "$address/gpgkey" C95B321B61E88C1809C4F759DDCAE044F796ECB0 "$address/stable/deb/$machine /"
    apt_install 'nvidia-container-toolkit'
    has_toolkit || fail "NVIDIA's container toolkit $(toolkit_version) is what there is to install, and $oldest_toolkit or newer is needed."
  fi
  register_runtime
  has_driver || fail 'The driver is installed; it works after a reboot of the server.' 'Reboot it, and type the same line again.'
}

# Restarts Docker only where that ends nobody's containers.
register_runtime() {
  quietly as_root nvidia-ctk runtime configure --runtime=docker || fail "NVIDIA's runtime could not be registered with Docker."
  if docker info --format '{{json .Runtimes}}' | grep -q nvidia; then return; fi
  if [ -n "$(docker ps -q)" ]; then
    fail 'Docker has to be restarted to know the GPU, and containers are running.' \
      'When they may end: systemctl restart docker. Then type the same line again.'
  fi
  as_root systemctl restart docker
}

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

# Ports that are tried from outside, before the service listens at them.

# Tells the other side which it is to try: INNER OUTER, of which the second is the port that others see.
reply_outside() {
  [ "$role" = miner ] || return 0
  reply "outside $1 $1"
  local streaming
  # The first of those that jobs are reached at.
  streaming=$(env_value STREAMING_PORTS)
  if [[ ${streaming:-6000} =~ ^([1-9][0-9]{0,4})(:([1-9][0-9]{0,4}))?([,-]|$) ]]; then
    reply "outside ${BASH_REMATCH[1]} ${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}"
  fi
}

# Answers every request at the ports with the word, until the other side ends its input: by Perl, which every Debian and
# Ubuntu has. A port that is taken is left out.
step_listen() {
  local words
  read -r -a words <<<"$ports"
  if command -v perl >/dev/null; then
    as_root_reading perl -e "$listener" -- "$word" "${words[@]}" || reply 'listening no'
  else
    reply 'listening no'
  fi
}

# What a stranger sends is never read.
# shellcheck disable=SC2016
listener='
use Socket qw(:DEFAULT IPPROTO_IPV6 IPV6_V6ONLY pack_sockaddr_in6 IN6ADDR_ANY);
my ($word, @ports) = @ARGV;
my (@listening, @accepted);
sub opened {
  my ($family, $address) = @_;
  socket(my $socket, $family, SOCK_STREAM, 0) or return;
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($socket, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $family == PF_INET6;
  return bind($socket, $address) && listen($socket, 16) ? $socket : undef;
}
for my $port (grep { $_ < 65536 } @ports) {
  my $socket = opened(PF_INET6, pack_sockaddr_in6($port, IN6ADDR_ANY))
    || opened(PF_INET, pack_sockaddr_in($port, INADDR_ANY)) or next;
  push @listening, $socket;
  syswrite STDOUT, "horde: listening $port\n";
}
syswrite STDOUT, "horde: listening all\n";
$SIG{PIPE} = "IGNORE";
alarm 120;
while (1) {
  my $read = "";
  vec($read, fileno($_), 1) = 1 for \*STDIN, @listening;
  select($read, undef, undef, undef);
  last if vec($read, fileno(STDIN), 1);
  for my $socket (grep { vec($read, fileno($_), 1) } @listening) {
    accept(my $peer, $socket) or next;
    syswrite $peer, "HTTP/1.0 200 OK\r\nContent-Length: " . length($word) . "\r\n\r\n$word";
    # One that is closed with unread words in it takes the answer back.
    push @accepted, $peer;
    shift @accepted if @accepted > 100;
  }
}
'

# The two ends of a move.

# The old one, which works on: what the new one needs of it.
step_leaving() {
  read_env
  local runner wallet file
  env_line SECRET_KEY >/dev/null || fail "There is no $role in $folder to move."
  runner=$(runner_container)
  [ "$(docker inspect -f '{{.State.Status}}' "${runner:-none}" 2>/dev/null)" = running ] ||
    fail "The runner of the $role does not run there: docker compose up -d in $folder starts it."
  # Read to its end: one that ends before may have the other fail.
  [[ $(docker exec "$runner" runner help 2>/dev/null) = *' hand_over '* ]] ||
    fail "The runner there is none that can hand over. Install or update it first."
  wallet=$(env_value HOST_WALLET_DIR)
  wallet=${wallet:-$HOME/.bittensor/wallets}/$(env_value BITTENSOR_WALLET_NAME)
  file=$wallet/hotkeys/$(env_value BITTENSOR_WALLET_HOTKEY_NAME)
  hotkey=$(as_root base64 -w 0 -- "$file") || fail "The hotkey $file cannot be read."
  coldkeypub=$(as_root base64 -w 0 -- "$wallet/coldkeypub.txt") || fail "There is no coldkeypub.txt in $wallet."
  reply "hotkey $hotkey"
  reply "coldkeypub $coldkeypub"
  reply "env $(base64 -w 0 -- "$folder/.env")"
  reply "wallet_name $(env_value BITTENSOR_WALLET_NAME)"
  reply "hotkey_name $(env_value BITTENSOR_WALLET_HOTKEY_NAME)"
  reply "image $(env_value RUNNER_IMAGE)"
  reply "bridge $(bridge_address)"
  reply "addresses $(hostname -I 2>/dev/null || true)"
  [ -z "$(service_container)" ] || reply 'works yes'
}

service_container() {
  docker ps -aq --filter "label=com.docker.compose.project=$(project)" --filter label=com.docker.compose.service=app \
    --filter label=com.docker.compose.oneoff=False
}

# check_move: what of the old server's settings the new one cannot have.
check_move() {
  local key value
  [ -n "$moved_env" ] || return 0
  if [ "$(env_value SECRET_KEY)" != "$(moved_value SECRET_KEY)" ]; then
    trouble "There is another $role in $folder." "It is not written over: install_$role.sh uninstall removes it."
  elif has_engine && [ -n "$(service_container)" ]; then
    reply 'arrived yes'
  fi
  for key in HOST_VENDOR_DIR BACKUP_FOLDER; do
    value=$(moved_value "$key")
    [ -z "$value" ] || [ -d "$value" ] || trouble "$key is $value, which is not here." 'Copy or make it here first, or take the line out there.'
  done
}

# moved_value KEY: as the old server has it.
moved_value() {
  local env_lines
  mapfile -t env_lines <<<"$moved_env"
  env_value "$1"
}

# What is of the machine is the new one's.
settings_of_move() {
  env_set HOST_WALLET_DIR "$HOME/.bittensor/wallets"
  [ "$role" = miner ] || return 0
  if [ "$(env_value ADDRESS_FOR_EXECUTORS)" = "$old_bridge" ]; then env_set ADDRESS_FOR_EXECUTORS "$(bridge_address)"; fi
  if [ -n "$address" ]; then
    env_set BITTENSOR_MINER_ADDRESS "$address"
  elif [[ " $old_addresses " = *" $(env_value BITTENSOR_MINER_ADDRESS) "* ]]; then
    env_set BITTENSOR_MINER_ADDRESS auto
  fi
}

# The runner, before it has a container of its own.
run_runner() {
  (cd -- "$folder" && as_root_reading env "HOME=$HOME" docker compose --progress quiet run --rm --no-deps -T "$role-runner" "$@")
}

step_expect() {
  local said
  said=$(run_runner take_in --key </dev/null) || fail 'Nothing can be taken in here, as shown above.'
  reply "key $said"
}

handed_over() { printf '%s' "$folder/.handed-over"; }

# A miner's jobs come to their end first, for as long as the other side is there: without it all goes on as before.
step_hand_over() {
  read_env
  local drain
  if [ "$role" = miner ] && [ -z "$at_once" ] && [ -n "$(service_container)" ]; then
    docker exec "$(app)" miner drain >&2 &
    drain=$!
    while kill -0 "$drain" 2>/dev/null; do
      IFS= read -t 60 -r -N 1 _ || fail 'The connection ended while jobs were waited for.'
    done
    wait "$drain" || fail 'Its jobs did not come to their end, as shown above. --now moves it all the same, and they fail.'
  fi
  (umask 077 && docker exec "$(runner_container)" runner hand_over "$key" --now >"$(handed_over)")
}

step_give() { cat -- "$(handed_over)"; }

step_take_in() { incoming | run_runner take_in >&2; }

step_take_back() {
  read_env
  rm -f -- "$(handed_over)"
  docker exec "$(runner_container)" runner take_back "$(project)" >&2
}

# From its log a person learns why it starts nothing.
step_left() {
  rm -f -- "$(handed_over)"
  quietly docker restart "$(runner_container)"
}

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

# The first word on standard input is the step.

serve() {
  set -euo pipefail
  LC_ALL=C
  export LC_ALL
  umask 022
  role='' port='' class='' validator='' wallet_name='' hotkey_name='' migrating='' channel='' now='' image='' number='' offline=''
  architecture='' compose_in_bundle='' registry='' hotkey='' coldkeypub='' trusted_address='' trusted_port=''
  from='' dry_run='' with_data='' word='' ports=''
  engine_in_bundle='' moved_env='' old_bridge='' old_addresses='' address='' key='' at_once=''
  local step
  IFS= read -t 60 -r -d '' step || fail 'The connection ended too early.'
  read_values
  read_system
  case $step in check | leaving | listen | has_image | ready | doctor | report) ;; *) lock ;; esac
  case $step in
    check) step_check ;;
    listen) step_listen ;;
    engine) step_engine ;;
    compose) step_compose ;;
    gpu) step_gpu ;;
    has_image) step_has_image ;;
    load) step_load ;;
    image) step_image ;;
    files) step_files ;;
    start) step_start ;;
    ready) step_ready ;;
    self_test) step_self_test ;;
    doctor) step_doctor ;;
    report) step_report ;;
    reported) step_reported ;;
    uninstall) step_uninstall ;;
    leaving) step_leaving ;;
    expect) step_expect ;;
    hand_over) step_hand_over ;;
    give) step_give ;;
    take_in) step_take_in ;;
    take_back) step_take_back ;;
    left) step_left ;;
    *) fail "There is no step $step." ;;
  esac
}

# Started, waited for, tested.

# shellcheck disable=SC2317 # quietly calls it
compose() { (cd -- "$folder" && as_root env "HOME=$HOME" docker compose "$@"); }

step_start() {
  read_env
  retire_watchtower
  # The runner sees the file of settings that was there when it was made.
  local words=(--detach) runner there
  runner=$(runner_container)
  if [ -n "$runner" ]; then
    there=$(docker inspect -f '{{.Created}}' "$runner")
    if [ "$(date -d "$there" +%s%N)" -lt "$(date -r "$folder/.env" +%s%N)" ]; then words+=(--force-recreate); fi
  fi
  quietly compose up "${words[@]}" || fail 'The runner could not be started, as shown above.'
}

runner_container() {
  docker ps -aq --no-trunc --filter "label=com.docker.compose.service=$role-runner" \
    --filter label=com.docker.compose.oneoff=False \
    --filter "label=com.docker.compose.project.working_dir=$folder" | head -n 1
}

# It would go on to start what others push, or stands still, as it does with Docker 29; the runner updates itself.
retire_watchtower() {
  local container state
  for container in $(docker ps -aq --filter label=com.docker.compose.service=watchtower \
    --filter "label=com.docker.compose.project.working_dir=$folder"); do
    state=$(docker inspect -f '{{.State.Status}}' "$container")
    docker rm -f "$container" >/dev/null
    say "  watchtower of the old install ($state) is removed: the runner updates itself"
  done
}

app() { printf '%s-app-1' "$(project)"; }

# Says what it waits for, when that changes.
step_ready() {
  read_env
  local end=$((SECONDS + 900)) state last='' restarts=''
  while :; do
    state=''
    is_settled || state='not there yet: the runner is at work'
    [ -n "$state" ] || state=$(docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$(app)" 2>/dev/null) || state='not there'
    if [ "$state" = 'running healthy' ]; then break; fi
    case $state in *unhealthy* | *starting*) state="$state $(why_not_ready)" ;; esac
    # A validator whose own parts work may have to wait for its facilitator longer than anybody waits here.
    case $role$state in validator*'\"database\":\"ok\"'*) break ;; esac
    [ "$state" = "$last" ] || say "  $(app): $state"
    last=$state
    # Of the runner and of the app the one that ended more often; the app may not be there yet.
    restarts=$({ docker inspect -f '{{.RestartCount}}' "$(runner_container)" "$(app)" 2>/dev/null || true; } | sort -n | tail -n 1)
    ! docker logs --tail 5 "$(runner_container)" 2>&1 | grep -F ' was handed over to another host ' >&2 || exit 1
    if [ "${restarts:-0}" -ge 6 ]; then not_ready "The $role ends again and again, $restarts times so far."; fi
    [ "$SECONDS" -lt "$end" ] || not_ready "The $role is not ready after 15 minutes: $(app) is $state."
    sleep 1
  done
  say "  $(app) is ready"
}

# Whether the runner has started what it starts: until then an app may be there that it replaces. Of one that has run for
# long the log may not reach back to its start.
is_settled() {
  local runner started
  runner=$(runner_container)
  started=$(docker inspect -f '{{.State.StartedAt}}' "$runner") || return 1
  [ "$(($(date +%s) - $(date -d "$started" +%s)))" -lt 1800 ] || return 0
  [ "$(docker logs --since "$started" "$runner" 2>&1 | grep -cF 'has been started, as ')" -gt 0 ]
}

# What the last check of its health said.
why_not_ready() {
  docker inspect -f '{{range .State.Health.Log}}{{json .Output}}{{"\n"}}{{end}}' "$(app)" 2>/dev/null | grep . | tail -n 1 | cut -c 1-300 || true
}

not_ready() {
  docker logs --tail 20 "$(app)" 2>&1 | cut -c 1-400 >&2 || true
  docker logs --tail 20 "$(runner_container)" 2>&1 | cut -c 1-400 >&2
  fail "$1" "The end of the runner's log is above; all of it: $(docker_word) logs $(docker inspect -f '{{.Name}}' "$(runner_container)" | cut -c 2-)"
}

step_self_test() {
  read_env
  docker exec "$(app)" "$role" self_test >&2 || fail \
    "The $role runs, and its self-test fails, as shown above." 'When that is mended, type the same line again.'
}

# What a validator needs beyond this server, such as stake and peers, it may get later.
step_doctor() {
  read_env
  docker exec "$(app)" "$role" doctor >&2 || say '  It waits for what is wrong above.'
}

step_report() {
  read_env
  reply "port $(port_of_role)"
  reply "container $(app)"
  reply "docker $(docker_word)"
  if [ -e "$folder/.password-not-shown" ]; then reply "password $(env_value DEFAULT_ADMIN_PASSWORD)"; fi
}

step_reported() { rm -f "$folder/.password-not-shown"; }

# What kind of machine it is, and what packages it can have.

read_system() {
  system_id='' system_version='' system_codename='' system_name='another system'
  local name value
  while IFS='=' read -r name value; do
    value=${value#\"} value=${value%\"}
    case $name in
      ID) system_id=$value ;;
      VERSION_ID) system_version=$value ;;
      VERSION_CODENAME) system_codename=$value ;;
      PRETTY_NAME) system_name=$value ;;
    esac
  done </etc/os-release
  case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
  esac
}

# Where this script knows what the packages are called.
knows_packages() {
  case $system_id-$system_version in debian-12 | debian-13 | ubuntu-22.04 | ubuntu-24.04) ;; *) return 1 ;; esac
}

# Where packages come from, as options; none of them: as the server says.
apt_source=()

# shellcheck disable=SC2317 # quietly calls it
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    ${apt_source[@]+"${apt_source[@]}"} "$@"
}

apt_update() {
  # What a killed run has left half done.
  quietly as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || fail 'dpkg --configure -a fails on the server, as shown above.'
  quietly apt_get update || fail 'The lists of packages could not be fetched, as shown above.'
}

# Never removes a package that is there: it fails instead.
apt_install() {
  apt_update
  quietly apt_get install -y --no-install-recommends --no-remove "$@" || fail "Could not be installed, as shown above: $*"
}

# candidate PACKAGE: the version that would be installed, or nothing.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9].*\)/\1/p'; }

# fetch ADDRESS FILE [SHA256:SUM]: by apt's own means, since a server may have no curl.
fetch() {
  quietly as_root /usr/lib/apt/apt-helper download-file "$@"
}

# Ends it. The wallet and the backups stay, and without --with-data the database and the settings, too.

step_uninstall() {
  [ -d "$folder" ] || fail "There is no $role here: $folder is not there."
  read_env
  local name
  name=$(project)
  say "  containers and networks of the project $name"
  [ -z "$with_data" ] || say "  its volumes, with the database, and $folder without its backups"
  say "  $HOME/.bittensor/wallets stays"
  if [ -n "$dry_run" ]; then
    say 'Nothing was changed.'
    return
  fi
  # First an update and the runner, which would start the others again.
  remove ps -aq --filter "label=com.docker.compose.project=$name" --filter label=com.docker.compose.service=update
  remove ps -aq --filter "label=com.docker.compose.service=$role-runner" --filter "label=com.docker.compose.project.working_dir=$folder"
  remove ps -aq --filter "label=com.docker.compose.project=$name"
  remove network ls -q --filter "label=com.docker.compose.project=$name"
  if [ -n "$with_data" ]; then
    remove volume ls -q --filter "label=com.docker.compose.project=$name"
    rm -f "$folder/.env" "$folder/docker-compose.yml" "$folder/docker-compose.yml.before" "$folder/.password-not-shown"
    rmdir "$folder" 2>/dev/null || say "  $folder stays, with what is still in it"
  else
    say "  the database and $folder stay; install_$role.sh goes on with them, uninstall --with-data removes them"
  fi
}

# remove WORDS...: what this docker command lists
remove() {
  local found
  # Of the volumes the backups' stays.
  mapfile -t found < <(docker "$@" | grep -v '_backups$')
  [ ${#found[@]} -gt 0 ] || return 0
  case $1 in
    ps) quietly docker rm -f "${found[@]}" ;;
    *) quietly docker "$1" rm "${found[@]}" ;;
  esac || fail 'Not all could be removed, as shown above. Type the same line again.'
}

{ serve; exit; }
END_OF_SERVER_PROGRAM
}

{ install_miner "$@"; exit; }
