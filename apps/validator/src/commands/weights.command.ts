import { ServiceCommand, UsageError } from '@horde/commands';
import { CHAIN, ChainError, cycleOf, type Chain, type Cycle } from '@horde/chain';
import { Command, Option } from 'nest-commander';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { makeChain } from '../make-chain.ts';
import { PaidJobs } from '../scoring/paid-jobs.ts';
import { addUp } from '../scoring/scores.ts';
import { countingCycle } from '../scoring/window.ts';
import type { CycleWeightsRow } from '../weights/cycle-weights.entity.ts';
import { explainWeights } from '../weights/explain-weights.ts';
import { said, whyNoWeights, type WeightsFacts } from '../weights/missing-weights.ts';
import { WeightSetting } from '../weights/weight-setting.ts';
import { WeightsStore } from '../weights/weights-store.ts';
import { windowRules } from '../weights/window-rules.ts';
import { ValidatorContext } from './validator-context.ts';

/** ComputeHorde's current cycle is that of a block so far behind the newest; newer ones are not reckoned with yet. */
const behind = 5;

@Command({
  name: 'debug_set_scores',
  description:
    'hand in the weights now, if it is their time and they are not handed in yet, and say how they stand',
})
export class DebugSetScores extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(): Promise<void> {
    this.context.print(await this.context.useSigning((app) => app.get(WeightSetting).look()));
  }
}

@Command({
  name: 'calculate_allowance_paid_job_scores',
  arguments: '[start_block] [end_block]',
  argsDescription: {
    start_block: "the first block (default: the current cycle's)",
    end_block: "the first block after them (default: the current cycle's, or the newest)",
  },
  description: 'print what miners were paid for in these blocks, and change nothing',
})
export class CalculateAllowancePaidJobScores extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(words: string[], { verbose = false }: { verbose?: boolean } = {}): Promise<void> {
    const [start, end] = words.map(readBlock);
    const { print } = this.context;
    await this.context.useSigning(async (app) => {
      const current = await this.current(app.get<Chain>(CHAIN));
      const blocks = { start: start ?? current.start, end: end ?? current.end };
      print(`Blocks ${blocks.start} to ${blocks.end - 1}:`);
      const jobs = await app.get(PaidJobs).of(blocks);
      for (const [executorClass, miners] of addUp(jobs)) {
        print(`${executorClass}: ${miners.size} ${miners.size === 1 ? 'miner' : 'miners'}`);
        for (const [hotkey, score] of [...miners].toSorted(([, a], [, b]) => b - a))
          print(`  ${hotkey}: ${score}`);
      }
      if (verbose)
        for (const { jobUuid, minerHotkey, validatorHotkey, executorClass, cost } of jobs)
          print(`${jobUuid}  ${executorClass}  ${cost}  miner ${minerHotkey}  validator ${validatorHotkey}`);
      if (jobs.length === 0) print('No job was paid for.');
    });
  }

  @Option({ flags: '--verbose', description: 'list the jobs, too' })
  verbose(): boolean {
    return true;
  }

  /** The current cycle as far as it has come. */
  private async current(chain: Chain): Promise<Cycle> {
    const now = Math.max(0, (await chain.latestBlock()).number - behind);
    const cycle = cycleOf(now, this.context.settings().netuid);
    return { start: cycle.start, end: Math.min(cycle.end, now) };
  }
}

@Command({
  name: 'explain_weights',
  arguments: '[cycle_start]',
  argsDescription: { cycle_start: 'the first block of a cycle (default: of the newest that has weights)' },
  description: 'print how the weights for a cycle stand, who gets what and why, or why there are none',
})
export class ExplainWeights extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([word]: string[]): Promise<void> {
    const asked = word === undefined ? null : readBlock(word);
    const { row, ...stored } = await this.context.use(async (app) => {
      const [store, config] = [app.get(WeightsStore), app.get(ValidatorConfig)];
      return {
        row: await (asked === null ? store.newest() : store.find(asked)),
        rules: windowRules(config),
        isServing: config.get('SERVING'),
      };
    });
    if (row) this.context.print(explainWeights(row));
    if (row && asked !== null) return;
    const why = await this.whyNone(asked, row, stored);
    if (why !== null) this.context.print(row ? `\n${why}` : why);
  }

  /** Why there are none for that cycle, or none that are newer; null: there are. */
  private async whyNone(
    asked: number | null,
    newest: CycleWeightsRow | null,
    stored: Pick<WeightsFacts, 'rules' | 'isServing'>,
  ): Promise<string | null> {
    const settings = this.context.settings();
    const { netuid } = settings;
    try {
      const { number: head } = await makeChain(settings).latestBlock();
      const start = asked ?? countingCycle(head, netuid).start;
      if (newest && newest.cycle_start >= start) return null;
      return whyNoWeights(start, { ...stored, head, netuid });
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      const which = newest ? 'newer weights' : 'weights';
      return said(`Why there are no ${which} cannot be said: ${error.message}`, ['validator doctor']);
    }
  }
}

function readBlock(words: string): number {
  if (/^\d{1,10}$/.test(words)) return Number(words);
  throw new UsageError(`"${words}" is not a block's number.`);
}
