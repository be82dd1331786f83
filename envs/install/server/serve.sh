# shellcheck shell=bash
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
