# shellcheck shell=bash
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
