import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import { errors, type ExecutorClass, type HordeError } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Allowance, lockAccount, type Booking } from '../allowance/allowance.ts';
import { maxSeconds } from '../allowance/rules.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { SystemEvents } from '../events/system-events.ts';
import { acceptedReceiptTtl, costOf } from '../jobs/stages.ts';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import type { Wanted } from '../jobs/wanted.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import { ValidatorSettings } from '../settings.ts';
import type { Candidate, Obstacle } from './candidate.ts';
import { Candidates, type MayAsk } from './candidates.ts';
import type { Choice, ChoiceOptions, ChosenMiner, NoMiner } from './choice.ts';
import { writeDecision } from './decision.ts';
import { Decisions } from './decisions.ts';
import { KnownMiners } from './known-miners.ts';
import { MinerDirectory } from './miner-directory.ts';
import { noMiner } from './no-miner.ts';
import { CHANCE, weightedShuffle, type Chance } from './shuffle.ts';

/** So many are tried with what was known of them a moment ago, before everything is read again. */
const fewTries = 3;

/** A job, and what of it decides which miners can have it. */
type WantedJob = Wanted & { uuid: string };

/** What a search for a miner has come to, and whom it has looked at. */
interface Found {
  choice: Choice;
  candidates: Candidate[];
}

/** What the choice of a miner would come to now. */
export interface Preview {
  /** Who would get the job without a choice; null: one of the candidates, if anybody. */
  miner: MinerAddress | null;
  /** What it would wait with, or be rejected with; null: nothing. */
  error: HordeError | null;
  /** Whom it would be chosen from. */
  candidates: Candidate[];
}

/** Chooses the miner for a job. */
@Injectable()
export class Router {
  constructor(
    private readonly directory: MinerDirectory,
    private readonly candidates: Candidates,
    private readonly known: KnownMiners,
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
  async choose(tx: Transaction, request: WantedJob, options: ChoiceOptions): Promise<Choice> {
    const { choice, candidates } = await this.find(tx, request, options);
    const chosen = choice.is === 'miner' ? choice.miner.hotkey : null;
    const says = choice.is === 'miner' ? `The miner ${chosen} was chosen.` : choice.error.message;
    const decision = writeDecision(says, candidates, chosen);
    this.decisions.keep(tx, request.uuid, chosen === null ? null : options.attempt, decision);
    if (choice.is !== 'wait' && candidates.length > 0) this.record(tx, request, choice.is === 'miner', says);
    return choice;
  }

  /** What `choose` would come to now for a job that nobody has been asked for. It locks nothing, and nothing is kept of it. */
  async preview(manager: EntityManager, job: Wanted): Promise<Preview> {
    const { executor_class: executorClass } = job;
    const seconds = costOf(job);
    const fixed = await this.withoutCandidates(manager, job, seconds, () => true);
    if (fixed?.is === 'miner') return { miner: fixed.miner, error: null, candidates: [] };
    if (fixed) return { miner: null, error: fixed.error, candidates: [] };
    const candidates = await this.standing(manager, executorClass, seconds);
    const isFree = candidates.some(({ obstacle }) => obstacle === null);
    const error = isFree ? null : (await this.inVain(manager, executorClass, seconds, candidates)).error;
    return { miner: null, error, candidates };
  }

  /**
   * All miners that offer a class, and what stands in the way of each now for a job that nobody has been asked for.
   *
   * @param seconds what the job costs. @unit executor-seconds
   */
  async standing(
    manager: EntityManager,
    executorClass: ExecutorClass,
    seconds: number,
  ): Promise<Candidate[]> {
    const miners = await this.known.now(manager, executorClass);
    const candidates = await this.candidates.of(miners, executorClass, seconds, () => true);
    for (const one of candidates) if (one.obstacle === null && one.busy >= one.offered) one.obstacle = 'busy';
    return candidates;
  }

  /** The event has no more than the outcome: the decision itself is kept with the job. */
  private record(tx: Transaction, job: WantedJob, isChosen: boolean, says: string): void {
    const subtype = isChosen ? 'SUCCESS' : 'FAILURE';
    const data = { job_uuid: job.uuid, executor_class: job.executor_class };
    this.events.recordIn(tx, { type: 'JOB_ROUTING', subtype, description: says, data });
  }

  private async find(tx: Transaction, job: WantedJob, { excluded, only }: ChoiceOptions): Promise<Found> {
    const { executor_class } = job;
    const seconds = costOf(job);
    const mayAsk = (hotkey: string) => !excluded.has(hotkey) && (!only || only.has(hotkey));
    const fixed = await this.withoutCandidates(tx.manager, job, seconds, mayAsk);
    if (fixed) return { choice: fixed, candidates: [] };
    // What was known a moment ago may give a job to its first miner; all else is said of what is so now.
    if (excluded.size === 0 && !only) {
      const lately = await this.known.lately(tx.manager, executor_class);
      const likely = await this.candidates.of(lately, executor_class, seconds, mayAsk);
      const first = await this.walk(tx, job, seconds, likely, 'lately');
      if (first) return { choice: first, candidates: likely };
    }
    const miners = await this.known.now(tx.manager, executor_class);
    const candidates = await this.candidates.of(miners, executor_class, seconds, mayAsk);
    const chosen = await this.walk(tx, job, seconds, candidates, 'now');
    if (chosen) return { choice: chosen, candidates };
    return { choice: await this.inVain(tx.manager, executor_class, seconds, candidates), candidates };
  }

  /** What is said where none of the candidates can have the job, or there are none. */
  private async inVain(
    manager: EntityManager,
    executorClass: ExecutorClass,
    seconds: number,
    candidates: readonly Candidate[],
  ): Promise<NoMiner> {
    if (candidates.length > 0) return noMiner(executorClass, seconds, candidates);
    const [{ known }] = (await manager.query(
      'select count(*)::int as known from miner where ip is not null',
    )) as [{ known: number }];
    return reject(errors.NO_MINER_OFFERS_CLASS(executorClass, known));
  }

  /** Where no miner is searched for; null: one is. */
  private async withoutCandidates(
    manager: EntityManager,
    job: Wanted,
    seconds: number,
    mayAsk: MayAsk,
  ): Promise<Choice | null> {
    if (job.on_trusted_miner) return this.trustedMiner(mayAsk);
    const { debugMinerKey } = this.settings;
    if (debugMinerKey) return this.debugMiner(manager, debugMinerKey, mayAsk);
    if (this.allowance.isRequired && seconds > maxSeconds)
      return reject(errors.JOB_COSTS_TOO_MUCH(seconds, maxSeconds));
    return null;
  }

  /**
   * Takes the first, in an order of chance, that can have the job; notes of those before why not.
   *
   * @param knownAs how busy they were `lately` is no obstacle, and only a few are tried
   */
  private async walk(
    tx: Transaction,
    job: WantedJob,
    seconds: number,
    candidates: readonly Candidate[],
    knownAs: 'lately' | 'now',
  ): Promise<ChosenMiner | null> {
    const possible = candidates.filter(({ obstacle }) => obstacle === null);
    let tried = 0;
    for (const candidate of weightedShuffle(possible, ({ chance }) => chance, this.chance)) {
      if (knownAs === 'now' && candidate.busy >= candidate.offered) {
        candidate.obstacle = 'busy';
        continue;
      }
      const taken = await this.take(tx, job, seconds, candidate, knownAs);
      if (typeof taken !== 'string') return { is: 'miner', miner: candidate, booking: taken?.id ?? null };
      if (taken === 'less reliable') return null;
      candidate.obstacle = taken;
      if (knownAs === 'lately' && ++tried === fewTries) return null;
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
    knownAs: 'lately' | 'now',
  ): Promise<Booking | null | Obstacle | 'less reliable'> {
    const { manager } = tx;
    const { hotkey: minerHotkey } = candidate;
    const { executor_class: executorClass } = job;
    // One miner's locks at a time: a transaction that kept those of full miners could wait in a circle with another.
    await manager.query(
      `savepoint candidate; select pg_advisory_xact_lock(${lockOf(minerHotkey, executorClass)});
       ${lockAccount({ minerHotkey, executorClass })}`,
    );
    // What was known before may have been changed by another job while this one waited.
    const obstacle = await this.look(manager, executorClass, candidate, knownAs);
    const { limits } = this.config;
    const longest = limits.reservation + acceptedReceiptTtl(job, limits);
    const booking =
      obstacle === null &&
      (await this.allowance.reserve(tx, { minerHotkey, executorClass, seconds, longest }));
    if (obstacle === null && (booking || !this.allowance.isRequired)) {
      return booking || null;
    }
    await manager.query('rollback to savepoint candidate');
    return obstacle ?? 'reserved';
  }

  /** Looks at a candidate again. @returns what stands in its way now */
  private async look(
    manager: EntityManager,
    executorClass: ExecutorClass,
    candidate: Candidate,
    knownAs: 'lately' | 'now',
  ): Promise<Obstacle | 'less reliable' | null> {
    const miner = await this.known.look(manager, executorClass, candidate.hotkey);
    if (knownAs === 'lately' && miner && miner.incidents > candidate.incidents) return 'less reliable';
    const { ip, port } = miner ?? candidate;
    const { offered, own, blacklisted } = miner ?? { offered: 0, own: 0, blacklisted: false };
    const busy = own + candidate.elsewhere;
    Object.assign(candidate, { ip, port, offered, busy });
    if (busy >= offered) return 'busy';
    return blacklisted ? 'blacklisted' : null;
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

const reject = (error: HordeError): NoMiner => ({ is: 'reject', error, candidates: [] });

/** The number of the lock that whoever takes an executor of a class at a miner holds. */
const lockOf = (hotkey: string, executorClass: ExecutorClass): bigint =>
  createHash('sha256').update(`executors of ${hotkey} ${executorClass}`).digest().readBigInt64BE();
