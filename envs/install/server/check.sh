# shellcheck shell=bash
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
