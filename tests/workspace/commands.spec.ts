import { runCommand, type CommandContext, type CommandProgram } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { describe, expect, it } from 'vitest';
import { facilitatorProgram } from '../../apps/facilitator/src/commands/program.ts';
import { minerProgram } from '../../apps/miner/src/commands/program.ts';
import { validatorProgram } from '../../apps/validator/src/commands/program.ts';

/** The commands of ComputeHorde's services, those that it has retired among them; its executor is one. */
const commands = {
  facilitator: `debug_add_validator evict_old_data fetch_compute_subnet_hardware fetch_miner_versions fetch_receipts
    process_raw_specs sync_metagraph whitelist_hotkey`,
  validator: `calculate_allowance_paid_job_scores check_s3_setup connect_facilitator debug_connect_facilitator
    debug_run_llm_prompt_task debug_run_mock_streaming_job_to_miner debug_run_organic_job debug_run_synthetic_jobs
    debug_set_scores evict_old_data fetch_dynamic_config run_synthetic_jobs
    scan_archive_blocks_and_calculate_allowance scan_blocks_and_calculate_allowance sync_collaterals sync_manifests
    transfer_receipts`,
  miner: `announce_address_and_port archive_receipt_pages debug_add_validator debug_create_random_receipts
    evict_old_data fetch_dynamic_config fetch_validators liveness_check prepare_receipts self_test`,
};
const programs = { facilitator: facilitatorProgram, validator: validatorProgram, miner: minerProgram };

async function typed<C extends CommandContext>(program: CommandProgram<C>, word: string) {
  const said: string[] = [];
  const context = new program.context(
    {},
    (text) => void said.push(text),
    createLogger(program.name),
    new AbortController().signal,
  );
  const exitCode = await runCommand(program, [word], context, (text) => void said.push(text));
  return { exitCode, said: said.join('\n') };
}

describe.each(Object.entries(programs))('the commands of ComputeHorde’s %s', (service, program) => {
  const words = commands[service as keyof typeof commands].split(/\s+/);
  const absent = Object.keys(program.absent ?? {});

  it('are all in its help, but for those that are absent', async () => {
    const { said } = await typed(program as CommandProgram, '--help');
    const shown = words.filter((word) => new RegExp(`^  ${word}\\b`, 'm').test(said));
    expect([...shown, ...absent].toSorted()).toEqual(words);
  });

  it.each([...absent, 'migrate', 'createsuperuser', 'changepassword', 'shell', 'dbshell'])(
    '%s says why it is absent when it is typed',
    async (word) => {
      const { exitCode, said } = await typed(program as CommandProgram, word);
      expect(said).toMatch(new RegExp(`^There is no ${word}: .+\\.$`));
      expect(exitCode).toBe(2);
    },
  );
});
