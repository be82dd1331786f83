import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import { errors, type ExecutorClass, type HordeError } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Allowance, type Booking } from '../allowance/allowance.ts';
import { maxSeconds } from '../allowance/rules.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { SystemEvents } from '../events/system-events.ts';
import { acceptedReceiptTtl, costOf } from '../jobs/stages.ts';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import type { Wanted } from '../jobs/wanted.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import { ValidatorSettings } from '../settings.ts';
import { Capacity } from '../capacity/capacity.ts';
import type { Candidate, Obstacle } from './candidate.ts';
import { Candidates, type MayAsk } from './candidates.ts';
import type { Choice, ChoiceOptions, ChosenMiner } from './choice.ts';
import { writeDecision } from './decision.ts';
import { Decisions } from './decisions.ts';
import { MinerDirectory } from './miner-directory.ts';
import { noMiner } from './no-miner.ts';
import { CHANCE, weightedShuffle, type Chance } from './shuffle.ts';

/** A job, and what of it decides which miners can have it. */
type WantedJob = Wanted & { uuid: string };

/** Chooses the miner for a job. */
@Injectable()
export class Router {
  constructor(
    private readonly directory: MinerDirectory,
    private readonly candidates: Candidates,
    private readonly capacity: Capacity,
    private readonly allowance: Allowance,
    private readonly decisions: Decisions,
    private readonly events: SystemEvents,
    private readonly config: ValidatorConfig,
    private readonly settings: ValidatorSettings,
    @Inject(CHANCE) private readonly chance: Chance,
  ) {}

  /**
   * Where no miner fits: a fresh look at the chain, and the answers of those whose manifest is not known. Resolves as
   * soon as another miner is known, or nothing is left to wait for.
   */
  lookAgain(): Promise<'more is known' | 'that was all'> {
    return this.directory.lookAgain();
  }

  /**
   * Chooses a miner for a job. Until the transaction is committed no other job gets an executor of the same class there.
   *
   * @param tx stores what is chosen
   */
  async choose(
    tx: Transaction,
    request: WantedJob,
    { attempt, excluded, only }: ChoiceOptions,
  ): Promise<Choice> {
    const mayAsk = (hotkey: string) => !excluded.has(hotkey) && (!only || only.has(hotkey));
    const candidates: Candidate[] = [];
    const choice = await this.find(tx, request, mayAsk, candidates);
    const chosen = choice.is === 'miner' ? choice.miner.hotkey : null;
    const says = choice.is === 'miner' ? `The miner ${chosen} was chosen.` : choice.error.message;
    const decision = writeDecision(says, candidates, chosen);
    await this.decisions.keep(tx, request.uuid, chosen === null ? null : attempt, decision);
    if (choice.is !== 'wait' && candidates.length > 0)
      await this.record(tx, request, choice.is === 'miner', says);
    return choice;
  }

  /** The event has no more than the outcome: the decision itself is kept with the job. */
  private record(tx: Transaction, job: WantedJob, isChosen: boolean, says: string): Promise<void> {
    const subtype = isChosen ? 'SUCCESS' : 'FAILURE';
    const data = { job_uuid: job.uuid, executor_class: job.executor_class };
    return this.events.recordIn(tx, { type: 'JOB_ROUTING', subtype, description: says, data });
  }

  /** @param candidates is filled with those that offer the class, and with what stood in their way */
  private async find(
    tx: Transaction,
    job: WantedJob,
    mayAsk: MayAsk,
    candidates: Candidate[],
  ): Promise<Choice> {
    if (job.on_trusted_miner) return this.trustedMiner(mayAsk);
    const { debugMinerKey } = this.settings;
    if (debugMinerKey) return this.debugMiner(tx.manager, debugMinerKey, mayAsk);
    const { executor_class } = job;
    const seconds = costOf(job);
    if (this.allowance.isRequired && seconds > maxSeconds)
      return reject(errors.JOB_COSTS_TOO_MUCH(seconds, maxSeconds));
    candidates.push(...(await this.candidates.of(tx.manager, executor_class, seconds, mayAsk)));
    const chosen = await this.walk(tx, job, seconds, candidates);
    if (chosen) return chosen;
    if (candidates.length > 0) return noMiner(executor_class, seconds, candidates);
    const [{ known }] = (await tx.manager.query(
      'select count(*)::int as known from miner where ip is not null',
    )) as [{ known: number }];
    return reject(errors.NO_MINER_OFFERS_CLASS(executor_class, known));
  }

  /** Takes the first, in an order of chance, that can have the job; notes of those before why not. */
  private async walk(
    tx: Transaction,
    job: WantedJob,
    seconds: number,
    candidates: readonly Candidate[],
  ): Promise<ChosenMiner | null> {
    const possible = candidates.filter(({ obstacle }) => obstacle === null);
    for (const candidate of weightedShuffle(possible, ({ chance }) => chance, this.chance)) {
      const taken = await this.take(tx, job, seconds, candidate);
      if (typeof taken !== 'string') return { is: 'miner', miner: candidate, booking: taken?.id ?? null };
      candidate.obstacle = taken;
    }
    return null;
  }

  /**
   * Sees to it that no other job gets the miner's executor until the transaction has ended, and books what the job costs.
   *
   * @returns what is booked; null: nothing is; what stands in the way
   */
  private async take(
    tx: Transaction,
    job: WantedJob,
    seconds: number,
    candidate: Candidate,
  ): Promise<Booking | null | Obstacle> {
    const { manager } = tx;
    const { hotkey: minerHotkey, offered } = candidate;
    const { executor_class: executorClass } = job;
    if (candidate.busy >= offered) return 'busy';
    // One miner's locks at a time: a transaction that kept those of full miners could wait in a circle with another.
    await manager.query(
      `savepoint candidate; select pg_advisory_xact_lock(${lockOf(minerHotkey, executorClass)})`,
    );
    // What was counted before may have been taken by another job while this one waited.
    candidate.busy = await this.capacity.busy(manager, executorClass, minerHotkey);
    const { limits } = this.config;
    const longest = limits.reservation + acceptedReceiptTtl(job, limits);
    const isFree = candidate.busy < offered;
    const booking =
      isFree && (await this.allowance.reserve(tx, { minerHotkey, executorClass, seconds, longest }));
    const taken = isFree && (booking || !this.allowance.isRequired);
    if (taken) return booking || null;
    await manager.query('rollback to savepoint candidate');
    return isFree ? 'reserved' : 'busy';
  }

  private trustedMiner(mayAsk: MayAsk): Choice {
    const { trustedMinerAddress: ip, trustedMinerPort: port } = this.settings;
    if (ip === '' || port === 0) return reject(errors.NO_TRUSTED_MINER());
    if (!mayAsk(trustedMinerHotkey)) return reject(errors.NO_OTHER_TRUSTED_MINER());
    return { is: 'miner', miner: { hotkey: trustedMinerHotkey, ip, port }, booking: null };
  }

  private async debugMiner(manager: EntityManager, hotkey: string, mayAsk: MayAsk): Promise<Choice> {
    const { debugMinerAddress: ip, debugMinerPort: port } = this.settings;
    const [known] =
      ip !== undefined && port !== undefined
        ? [{ hotkey, ip, port }]
        : ((await manager.query('select hotkey, ip, port from miner where hotkey = $1 and ip is not null', [
            hotkey,
          ])) as MinerAddress[]);
    return known && mayAsk(hotkey)
      ? { is: 'miner', miner: known, booking: null }
      : reject(errors.DEBUG_MINER_UNKNOWN(hotkey));
  }
}

const reject = (error: HordeError): Choice => ({ is: 'reject', error, candidates: [] });

/** The number of the lock that whoever takes an executor of a class at a miner holds. */
const lockOf = (hotkey: string, executorClass: ExecutorClass): bigint =>
  createHash('sha256').update(`executors of ${hotkey} ${executorClass}`).digest().readBigInt64BE();
