import { ServiceCommand, UsageError } from '@horde/commands';
import { CHAIN, cycleOf, type Chain, type Cycle } from '@horde/chain';
import { Command, Option } from 'nest-commander';
import { PaidJobs } from '../scoring/paid-jobs.ts';
import { addUp } from '../scoring/scores.ts';
import { explainWeights } from '../weights/explain-weights.ts';
import { WeightSetting } from '../weights/weight-setting.ts';
import { WeightsStore } from '../weights/weights-store.ts';
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
  description: 'print how the weights for a cycle stand, who gets what, and why',
})
export class ExplainWeights extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run([cycle]: string[]): Promise<void> {
    const row = await this.context.use((app) => {
      const store = app.get(WeightsStore);
      return cycle === undefined ? store.newest() : store.find(readBlock(cycle));
    });
    this.context.print(row ? explainWeights(row) : 'There are no such weights yet.');
  }
}

function readBlock(words: string): number {
  if (/^\d{1,10}$/.test(words)) return Number(words);
  throw new UsageError(`"${words}" is not a block's number.`);
}
