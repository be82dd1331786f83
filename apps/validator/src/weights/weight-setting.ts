import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, ChainError, type Neuron, type SigningChain } from '@horde/chain';
import { Keypair } from '@horde/identity';
import { LOGGER, repeat, troubleLog, type Logger } from '@horde/operations';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { SystemEvents } from '../events/system-events.ts';
import { windowAt, type Window } from '../scoring/window.ts';
import { ValidatorSettings } from '../settings.ts';
import { CycleInputsReader, type CycleInputs } from './cycle-inputs.ts';
import type { CycleWeightsRow } from './cycle-weights.entity.ts';
import { weigh, type Weighed } from './weigh.ts';
import { WeightsMetrics } from './weights-metrics.ts';
import { WeightsStore, type WeightsClaim } from './weights-store.ts';
import { windowRules } from './window-rules.ts';

/** A claim is renewed so often while it is worked on. @unit ms */
const renewalInterval = 3_000;
/** How long the chain may take to show weights that Pylon has taken; then Pylon is given them again. @unit blocks */
const patience = 25;

/**
 * Hands in the weights for each cycle: computed once and stored, then given to Pylon, the same each time, until the chain
 * shows that it has them or their window ends. One process at a time works on a cycle; whichever looks next goes on.
 */
@Injectable()
export class WeightSetting {
  /** It is tried again every half a minute: each try is an event, and the same trouble a line of the log now and then. */
  private readonly trouble = troubleLog((sentence) => this.logger.warn(String(sentence)));

  constructor(
    @Inject(CHAIN) private readonly chain: SigningChain,
    private readonly store: WeightsStore,
    private readonly inputs: CycleInputsReader,
    private readonly events: SystemEvents,
    private readonly metrics: WeightsMetrics,
    private readonly config: ValidatorConfig,
    private readonly settings: ValidatorSettings,
    private readonly keypair: Keypair,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Does what is to be done now.
   *
   * @returns how it stands, as a sentence
   * @throws ChainError when the chain cannot be asked where it is
   */
  async look(): Promise<string> {
    const { number: head } = await this.chain.latestBlock();
    for (const row of await this.store.overdue(head)) await this.end(row);
    if (!this.config.get('SERVING')) return 'SERVING is off: no weights are handed in.';
    const window = windowAt(head, windowRules(this.config), this.settings.netuid);
    if (!window) return `Block ${head} is in no window for weights.`;
    const claim = await this.store.claim(window);
    if (!claim) return this.told(window);
    const stop = repeat(
      () => this.store.renew(claim),
      renewalInterval,
      (error) => this.logger.warn({ error }, 'the claim to the weights could not be renewed'),
    );
    try {
      await this.work(claim, window, head);
    } catch (error) {
      const { message } = error as Error;
      await this.store.change(claim, { note: tried(message) });
      const isOfChain = error instanceof ChainError;
      await this.failed(isOfChain ? 'SUBTENSOR_CONNECTIVITY_ERROR' : 'GENERIC_ERROR', message, claim.row);
      if (!isOfChain) throw error;
    } finally {
      stop();
      await this.store.release(claim);
    }
    return claim.row.note;
  }

  private async told({ cycle }: Window): Promise<string> {
    const row = await this.store.find(cycle.start);
    return row ? row.note : 'Another process works on the weights.';
  }

  private async work(claim: WeightsClaim, window: Window, head: number): Promise<void> {
    if (claim.row.state === 'to compute' && !(await this.compute(claim, window, head))) return;
    if (claim.row.weights === null) return;
    const own = await this.own();
    if (await this.isConfirmed(claim, own)) return;
    const why = this.cannotSend(claim.row, own, head);
    if (why !== null) await this.store.change(claim, { note: why });
    else await this.send(claim, head);
  }

  /** @returns whether they are stored, so that they are what counts from now on */
  private async compute(claim: WeightsClaim, window: Window, head: number): Promise<boolean> {
    await this.events.record({
      type: 'WEIGHT_SETTING_INFO',
      subtype: 'SUCCESS',
      description: `The weights for ${cycleOf(claim.row)} are being computed.`,
      data: { ...this.rulesAsNamed(), current_block_number: head },
    });
    const inputs = await this.inputs.read(window);
    const weighed = weigh(inputs);
    const { weights, reasons, digest } = weighed;
    const stored = await this.store.change(claim, {
      state: weights ? 'to send' : 'nothing to send',
      note: weights ? 'The weights are computed.' : nothingToSend(claim.row),
      weights: weights && JSON.stringify([...weights]),
      reasons: JSON.stringify(reasons),
      inputs_digest: digest,
      computed_at: new Date(),
    });
    if (!stored) return false;
    await this.tell(claim.row, inputs, weighed);
    return true;
  }

  private async tell(
    row: CycleWeightsRow,
    inputs: CycleInputs,
    { weights, burn, digest }: Weighed,
  ): Promise<void> {
    const { targets, rate, partition } = inputs.burn;
    await this.events.record({
      type: 'BURNING_INCENTIVE',
      subtype: burn ? 'APPLIED_BURNING' : 'NO_BURNING',
      description: burn ? `${rate} of the weights is burnt.` : 'Nothing is burnt.',
      data: {
        burner_hotkeys: targets,
        burn_rate: rate,
        burn_partition: partition,
        cycle_block_start: row.cycle_start,
        ...(burn && { main_burner: burn.main, weight_adjustment: Object.fromEntries(burn.parts) }),
      },
    });
    this.metrics.computed(inputs.scores);
    this.logger.info({ cycle: row.cycle_start, hotkeys: weights?.size ?? 0, inputs: digest }, row.note);
    if (!weights) await this.failed('GENERIC_ERROR', row.note, row);
  }

  private async own(): Promise<Neuron | null> {
    const { neurons } = await this.chain.neurons();
    return neurons.find(({ hotkey }) => hotkey === this.keypair.address) ?? null;
  }

  private async isConfirmed(claim: WeightsClaim, own: Neuron | null): Promise<boolean> {
    const confirmed = confirmation(claim.row, own);
    if (!confirmed) return false;
    if (await this.store.change(claim, confirmed)) await this.succeeded(claim.row);
    return true;
  }

  /** Why the weights are not to be sent now; null when they are. */
  private cannotSend(row: CycleWeightsRow, own: Neuron | null, head: number): string | null {
    const { address } = this.keypair;
    if (!own)
      return `${address} is not registered on subnet ${this.settings.netuid}, so it cannot set weights.`;
    if (!own.validatorPermit)
      return `${address} has no validator permit, so the chain takes no weights from it.`;
    if (own.totalStake <= 0) return `${address} has no stake, so the chain takes no weights from it.`;
    const isWaiting = row.state === 'sent' && head < row.last_sent_block! + patience;
    return isWaiting
      ? `Pylon took the weights in block ${row.last_sent_block}; the chain does not show them yet. They are sent again in block ${row.last_sent_block! + patience}.`
      : null;
  }

  /** Stored as sent before it is: whoever finds it so waits for the chain before it is sent again. */
  private async send(claim: WeightsClaim, head: number): Promise<void> {
    const { row } = claim;
    const marked = await this.store.change(claim, {
      state: 'sent',
      note: `The weights were given to Pylon in block ${head}, and the chain does not show them yet.`,
      attempts: row.attempts + 1,
      first_sent_block: row.first_sent_block ?? head,
      last_sent_block: head,
    });
    if (!marked) return;
    try {
      await this.chain.setWeights(new Map(JSON.parse(row.weights!) as [string, number][]));
      this.trouble.over();
      this.logger.info({ cycle: row.cycle_start, block: head }, 'the weights were given to Pylon');
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      await this.store.change(claim, { state: 'to send', note: tried(error.message) });
      await this.failed('SET_WEIGHTS_ERROR', error.message, row);
    }
  }

  /** Ends what a window has ended for. */
  private async end(row: CycleWeightsRow): Promise<void> {
    const confirmed = row.first_sent_block === null ? null : confirmation(row, await this.own());
    if (confirmed) {
      if (await this.store.end(row, confirmed)) await this.succeeded(row);
      return;
    }
    const note = `The window for ${cycleOf(row)} ended in block ${row.window_until}, and the chain did not take its weights. At last: ${row.note}`;
    if (await this.store.end(row, { state: 'missed', note })) await this.failed('GIVING_UP', note, row);
  }

  private async succeeded(row: CycleWeightsRow): Promise<void> {
    const description = `The chain has the weights for ${cycleOf(row)}.`;
    this.logger.info({ cycle: row.cycle_start }, description);
    await this.events.record({
      type: 'WEIGHT_SETTING_SUCCESS',
      subtype: 'SET_WEIGHTS_SUCCESS',
      description,
      data: data(row),
    });
  }

  private async failed(subtype: string, description: string, row: CycleWeightsRow): Promise<void> {
    this.trouble.is(description);
    await this.events.record({ type: 'WEIGHT_SETTING_FAILURE', subtype, description, data: data(row) });
  }

  private rulesAsNamed() {
    const { commitReveal, interval, startOffset, endBuffer } = windowRules(this.config);
    return {
      DYNAMIC_COMMIT_REVEAL_WEIGHTS_ENABLED: commitReveal,
      DYNAMIC_COMMIT_REVEAL_WEIGHTS_INTERVAL: interval,
      DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET: startOffset,
      DYNAMIC_COMMIT_REVEAL_COMMIT_END_BUFFER: endBuffer,
    };
  }
}

/** Whether the chain has taken weights of ours since these were first sent, and so these. */
function confirmation(row: CycleWeightsRow, own: Neuron | null) {
  if (row.first_sent_block === null || !own || own.lastUpdate < row.first_sent_block) return null;
  const note = `The chain has the weights since block ${own.lastUpdate}.`;
  return { state: 'confirmed', note, confirmed_block: own.lastUpdate } as const;
}

const cycleOf = (row: CycleWeightsRow): string =>
  `the cycle from block ${row.cycle_start} to ${row.cycle_end - 1}`;

const nothingToSend = (row: CycleWeightsRow): string =>
  `Nobody on the subnet was paid for a job in ${cycleOf(row)}, and nothing is burnt: no weights are handed in.`;

const data = (row: CycleWeightsRow) => ({
  block_from: row.cycle_start,
  block_to: row.cycle_end,
  try_number: row.attempts,
});

/** A sentence about what went wrong; those of databases have no end. */
const tried = (message: string): string => `${message.replace(/\.?$/, '.')} It is tried again.`;
