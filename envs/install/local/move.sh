# shellcheck shell=bash
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
