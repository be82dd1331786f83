# shellcheck shell=bash
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
