import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { redact } from '@horde/operations';
import type { PanelCollateral, PanelIncident, PanelMinerAttempt, ValidatorMinerPage } from '@horde/panel-api';
import { timeText } from '@horde/panel-server';
import { detail } from '@horde/rest';
import { COLLATERAL, type Collateral } from '../../collateral/collateral.ts';
import { ValidatorConfig } from '../../dynamic-config/validator-config.ts';
import { BlacklistEntries } from '../blacklist/blacklist-entries.ts';
import { CapacityHours } from './capacity-hours.ts';
import { MinerList } from './miner-list.ts';
import { jobSeconds } from './standings.ts';

/** So many of the newest incidents and attempts are told. */
const most = 50;

/** A miner, with what is known of what it has, and of what it has done. */
@Injectable()
export class MinerPages {
  constructor(
    private readonly database: Database,
    private readonly miners: MinerList,
    private readonly hours: CapacityHours,
    private readonly blacklist: BlacklistEntries,
    private readonly config: ValidatorConfig,
    private readonly keypair: Keypair,
    @Inject(COLLATERAL) private readonly collateral: Collateral,
  ) {}

  /** @throws Refusal 404 */
  async of(hotkey: string): Promise<ValidatorMinerPage> {
    const [miner] = await this.miners.read(hotkey);
    if (!miner) throw detail(404, 'There is no such miner.');
    return {
      ...miner,
      job_seconds: jobSeconds,
      answer: await this.answer(hotkey),
      blacklist: await this.blacklist.read(hotkey),
      collateral: await this.collateralOf(hotkey),
      earnings: await this.earnings(hotkey),
      incident_hours: this.incidentHours,
      incidents: await this.incidents(hotkey),
      hours: await this.hours.of(hotkey, this.keypair.address),
      attempts: await this.attempts(hotkey),
    };
  }

  private get incidentHours(): number {
    return this.config.get('DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS');
  }

  private async answer(hotkey: string): Promise<ValidatorMinerPage['answer']> {
    const [row] = await this.database.manager.query<NonNullable<ValidatorMinerPage['answer']>[]>(
      `select ${timeText('answered_at')} as at, misses from miner_answer where hotkey = $1`,
      [hotkey],
    );
    return row ?? null;
  }

  private async earnings(hotkey: string): Promise<ValidatorMinerPage['earnings']> {
    const [row] = await this.database.manager.query<[ValidatorMinerPage['earnings']]>(
      'select incentive, emission from miner where hotkey = $1',
      [hotkey],
    );
    return row;
  }

  private async collateralOf(hotkey: string): Promise<PanelCollateral> {
    const least = this.config.get('DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI');
    const { isKept, source } = this.collateral;
    if (!isKept) return { wei: null, least, sentence: source };
    try {
      const deposits = await this.collateral.of([hotkey]);
      return { wei: String(deposits.get(hotkey) ?? 0n), least, sentence: source };
    } catch {
      return {
        wei: null,
        least,
        sentence: 'It cannot be read now, and is not looked at for jobs. The log says why.',
      };
    }
  }

  private incidents(hotkey: string): Promise<PanelIncident[]> {
    return this.database.manager.query(
      `select ${timeText('miner_incident.at')} as at, kind, executor_class,
         (select job_uuid from attempt where uuid = miner_incident.job_uuid) as job_uuid,
         miner_incident.at > now() - make_interval(secs => 3600 * $2::float8) as counts
       from miner_incident where hotkey = $1 order by miner_incident.at desc limit ${most}`,
      [hotkey, this.incidentHours],
    );
  }

  /** Those that run, and those that have ended last. */
  private async attempts(hotkey: string): Promise<PanelMinerAttempt[]> {
    const attempts = await this.database.manager.query<PanelMinerAttempt[]>(
      `select job_uuid, attempt.number, job.executor_class, ${timeText('attempt.started_at')} as started_at,
         ${timeText('attempt.ended_at')} as ended_at, attempt.outcome,
         attempt.message
       from attempt join job on job.uuid = job_uuid
       where miner_hotkey = $1 order by attempt.ended_at desc nulls first limit ${most}`,
      [hotkey],
    );
    return attempts.map((attempt) => ({ ...attempt, message: attempt.message && redact(attempt.message) }));
  }
}
