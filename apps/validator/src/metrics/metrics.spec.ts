import type { INestApplication } from '@nestjs/common';
import { scrape } from '@horde/testing/metrics';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from './metrics-registry.ts';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();

const metricsOf = async (validator: INestApplication) => (await scrape(await validator.getUrl())).text();

it('metrics tell of the jobs, of what waits for peers, and of the process', async () => {
  scene.miner.script = wholeJob;
  const validator = await scene.start({ VALIDATOR_VERSION: '1.2' });
  const uuid = await scene.send();
  await scene.facilitator.update(uuid, 'completed');
  const text = await metricsOf(validator);
  expect(text).toMatch(/^validator_jobs\{status="completed"\} 1$/m);
  expect(text).toMatch(/^validator_system_events_unsent 1$/m);
  expect(text).toMatch(/^validator_outbox_waiting \d+$/m);
  expect(text).toMatch(/^validator_info\{version="1.2",hotkey="5\w+",bittensor_network="none"\} 1$/m);
  for (const name of ['horde_ready', 'horde_waiting_oldest_seconds', 'horde_database_bytes'])
    expect(text).toMatch(new RegExp(`^${name}\\{service="validator"\\} \\d+$`, 'm'));
  expect(text).toMatch(/^horde_jobs_last_hour\{service="validator",status="completed"\} 1$/m);
  expect(text).toMatch(/^horde_last_done_seconds\{service="validator",work="retention"\} [\d.]+$/m);
  expect(text).not.toMatch(/work="receipts"/);
  expect(text).toMatch(/^horde_disk_free_ratio\{service="validator",folder="working"\} 0\.\d+$/m);
  expect(text).toMatch(/^validator_(cycles_missed|updates_oldest_seconds) \d/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});

/** The metrics of ComputeHorde's validator, with their types and labels. Those of Celery's queues and of Django's models have nothing here that they could count. */
const ofComputeHorde = `
  validator_reserve_allowance_duration_seconds histogram
  validator_undo_allowance_reservation_duration_seconds histogram
  validator_block_allowance_processing_duration_seconds histogram
  validator_block_allowance_checkpoint_seconds gauge miner_hotkey,validator_hotkey,executor_class
  validator_stake_share_fraction gauge validator_hotkey
  validator_miner_manifest_count gauge miner_hotkey,executor_class
  validator_block_duration_seconds gauge
  validator_allowance_blocks_processed gauge validator_hotkey,miner_hotkey,executor_class,result
  validator_allowance_spending_attempts gauge validator_hotkey,miner_hotkey,executor_class,result
  validator_allowance_paid_job_scores gauge miner_hotkey,executor_class
  validator_miner_incident_reported_total counter incident_type,miner_hotkey,executor_class
  receipttransfer_receipts_total counter
  receipttransfer_miners gauge
  receipttransfer_successful_transfers_total counter
  receipttransfer_line_errors_total counter exc_type
  receipttransfer_transfer_errors_total counter exc_type
  receipttransfer_transfer_duration histogram
  receipttransfer_catchup_pages_left gauge`;

describe('the metrics of ComputeHorde’s validator', () => {
  it('are all there, under their names', async () => {
    const validator = await scene.start();
    const text = await metricsOf(validator);
    const registry = validator.get(MetricsRegistry);
    const lines = ofComputeHorde.trim().split(/\n\s*/);
    const found = lines.map((line) => {
      const [name = '', type] = line.split(' ');
      const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
      const shown = text.includes(`# TYPE ${name} ${type}\n`) ? type : 'nothing';
      return [name, shown, labelNames.join()].join(' ').trim();
    });
    expect(found).toEqual(lines);
  });
});
