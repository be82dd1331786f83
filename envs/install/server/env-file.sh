# shellcheck shell=bash
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
