const ofAll = [
  'back_up',
  'change_admin_password',
  'change_admin_role',
  'create_admin',
  'doctor',
  'dynamic_config_history',
  'evict_old_data',
  'explain',
  'fetch_dynamic_config',
  'list_admins',
  'make_backup_key',
  'migrate_database',
  'remove_admin',
  'restore',
  'send_test_alert',
  'set_dynamic_config',
  'support_bundle',
  'unset_dynamic_config',
];

const ofThoseThatTakeOver = ['changes_since_take_over', 'take_over'];

/** The services that `horde run` starts, and their commands; a spec compares these with what the services have. */
export const serviceCommands: Readonly<Record<string, readonly string[]>> = {
  facilitator: [
    ...ofAll,
    'debug_add_validator',
    'fetch_miner_versions',
    'fetch_receipts',
    'list_hardware',
    'list_whitelist',
    'process_raw_specs',
    'sync_metagraph',
    'unwhitelist_hotkey',
    'whitelist_hotkey',
  ],
  validator: [
    ...ofAll,
    ...ofThoseThatTakeOver,
    'blacklist_miner',
    'calculate_allowance_paid_job_scores',
    'cancel_job',
    'debug_connect_facilitator',
    'debug_run_mock_streaming_job_to_miner',
    'debug_run_organic_job',
    'debug_set_scores',
    'explain_weights',
    'list_blacklist',
    'scan_archive_blocks_and_calculate_allowance',
    'scan_blocks_and_calculate_allowance',
    'sync_collaterals',
    'sync_manifests',
    'transfer_receipts',
    'unblacklist_miner',
    'whitelist_hotkey',
  ],
  miner: [
    ...ofAll,
    ...ofThoseThatTakeOver,
    'announce_address_and_port',
    'archive_receipt_pages',
    'blacklist_validator',
    'debug_add_validator',
    'debug_create_random_receipts',
    'drain',
    'fetch_validators',
    'host',
    'liveness_check',
    'prepare_receipts',
    'self_test',
    'unblacklist_validator',
  ],
  executor: ['run_executor'],
  devnet: [],
};

/** What arguments of `horde run` take. @param words behind `horde`, the last of them begun only */
export function runValues(words: readonly string[]): Record<string, readonly string[]> {
  if (words[0] !== 'run') return {};
  const service = words.slice(1, -1).find((word) => Object.hasOwn(serviceCommands, word));
  return {
    service: Object.keys(serviceCommands),
    arguments: service === undefined ? [] : serviceCommands[service]!,
  };
}
