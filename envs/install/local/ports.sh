# shellcheck shell=bash
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
