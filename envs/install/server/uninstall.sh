# shellcheck shell=bash
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
