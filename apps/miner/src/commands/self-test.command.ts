import {
  allGood,
  fail,
  type Finding,
  ok,
  fullReasonOf,
  reportJson,
  reportLines,
  reportSum,
  UsageError,
  warn,
} from '@horde/commands';
import { Command, Option } from 'nest-commander';
import { IdentityError } from '@horde/identity';
import { DatabaseError } from '@horde/database';
import { selfTest } from '../self-test/self-test.ts';
import { MinerCommand } from './miner-command.ts';

interface Options {
  json?: boolean;
  image?: string;
  weightsVersion?: number;
}

/** Options of ComputeHorde's self_test for the validator that it starts; nothing here needs them. */
const ofItsValidator = [
  '--clean-validator-records',
  '--remove-env-file',
  '--validator-db-name <name>',
  '--validator-env-file <path>',
  '--validator-image <name>',
];

@Command({
  name: 'self_test',
  description: 'use the running miner as a validator does; exit code 0 when nothing failed, else 1',
})
export class SelfTest extends MinerCommand {
  override setCommand(command: Parameters<MinerCommand['setCommand']>[0]): this {
    for (const flags of ofItsValidator) command.addOption(command.createOption(flags).hideHelp());
    return super.setCommand(command);
  }

  override async run(_words: string[], { json = false, image, weightsVersion }: Options = {}): Promise<void> {
    const { print } = this.context;
    const tell = (finding: Finding) => {
      if (!json) print(reportLines(finding));
    };
    const findings = this.needless(weightsVersion);
    findings.forEach(tell);
    try {
      findings.push(...(await selfTest(this.context, { ...(image && { image }), tell })));
    } catch (error) {
      if (!(error instanceof IdentityError || error instanceof DatabaseError)) throw error;
      const finding = fail('miner', `${fullReasonOf(error)}.`, 'Run `miner doctor`.');
      tell(finding);
      findings.push(finding);
    }
    print(json ? reportJson(findings) : reportSum(findings));
    if (!allGood(findings)) this.context.exitCode = 1;
  }

  /** What is said about options that change nothing. */
  private needless(weightsVersion: number | undefined): Finding[] {
    const given = ofItsValidator
      .map((flags) => flags.split(' ')[0]!)
      .filter((name) => this.command.getOptionValue(camelCase(name)) !== undefined);
    return [
      ...(weightsVersion === undefined
        ? []
        : [ok('weights version', `${weightsVersion}, as you say; no part of this test depends on it.`)]),
      ...(given.length === 0
        ? []
        : [
            warn(
              'options',
              `No validator is started: ${given.join(', ')} change nothing.`,
              'Leave them out.',
            ),
          ]),
    ];
  }

  @Option({ flags: '--json', description: 'print one line of JSON, and nothing else' })
  json(): boolean {
    return true;
  }

  @Option({
    flags: '--image <name>',
    description:
      'the image of the test jobs, which needs a shell, and a busybox or a Python (default: the one of the executors)',
  })
  image(name: string): string {
    return name;
  }

  @Option({
    flags: '--weights-version <number>',
    description:
      "the subnet's weights version; accepted as by ComputeHorde, and no part of the test depends on it",
  })
  weightsVersion(words: string): number {
    const version = Number(words);
    if (words.trim() === '' || !Number.isInteger(version) || version < 0)
      throw new UsageError(`"${words}" is not a weights version.`);
    return version;
  }
}

/** How the parser names an option. */
const camelCase = (flag: string): string =>
  flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
