# shellcheck shell=bash
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
