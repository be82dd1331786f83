import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { Inject, Injectable, type Type } from '@nestjs/common';
import { reasonOf } from '@horde/network';
import { Command, Option } from 'nest-commander';
import { CommandContext } from '../command-context.ts';
import { ServiceCommand } from '../service-command.ts';
import { UsageError } from '../usage-error.ts';
import { clean, secretValues } from './clean.ts';
import { databaseText } from './database-text.ts';
import type { SupportFacts } from './facts.ts';
import { doctorText, healthText, logText, metricsText, machineText, settingsText } from './parts.ts';

interface Options {
  log?: string[];
  lines?: number;
  output?: string;
  folder?: string;
}

const usualLines = 5_000;

/** The command of a service that writes what others need to help its operator. */
export function supportBundle<C extends CommandContext>(
  factsOf: (context: C) => SupportFacts,
): Type<ServiceCommand> {
  @Command({
    name: 'support_bundle',
    description:
      'write what others need to help into one archive, without secrets, whether the service runs or not',
  })
  class SupportBundle extends SupportBundleCommand {
    constructor(@Inject(CommandContext) context: C) {
      super(context, factsOf(context));
    }
  }
  return SupportBundle;
}

@Injectable()
abstract class SupportBundleCommand extends ServiceCommand {
  constructor(
    private readonly context: CommandContext,
    private readonly facts: SupportFacts,
  ) {
    super();
  }

  override async run(_words: string[], options: Options = {}): Promise<void> {
    const { facts } = this;
    if (options.folder !== undefined) {
      await writeAll(options.folder, await this.files(options));
      return;
    }
    const name = `${facts.service}-support-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    const { output = `${name}.tar.gz` } = options;
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-support-'));
    try {
      const files = await this.files(options);
      await writeAll(path.join(folder, name), files);
      if (output === '-') {
        const archive = path.join(folder, `${name}.tar.gz`);
        await pack(folder, name, archive);
        await pipeline(createReadStream(archive), process.stdout, { end: false });
        return;
      }
      await pack(folder, name, output);
      this.context.print(
        `${output} has ${[...files.keys()].join(', ')}.\n` +
          'Secrets, queries of URLs, certificates and signatures are left out; addresses and hotkeys are not. Look through it before you send it.',
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Name -> text; nothing of it has a secret. */
  private async files({ log = [], lines = usualLines }: Options): Promise<Map<string, string>> {
    const { facts } = this;
    const { environment } = this.context;
    const parts: Record<string, () => string | Promise<string>> = {
      'machine.txt': machineText,
      'settings.txt': () => settingsText(facts, environment),
      'doctor.txt': () => doctorText(facts),
      'database.txt': () => databaseText(facts, environment['DATABASE_URL']),
      'health.txt': () => healthText(facts),
      'metrics.txt': () => metricsText(facts, environment),
      ...Object.fromEntries(
        log.map((file, i) => [`log-${i + 1}-${path.basename(file)}.txt`, () => logText(file, lines)]),
      ),
    };
    const secrets = secretValues(facts, environment);
    const written = await Promise.all(
      Object.entries(parts).map(async ([name, text]) => {
        const told = await Promise.resolve()
          .then(text)
          .catch((error: unknown) => `This could not be found out: ${reasonOf(error)}.`);
        return [name, `${clean(told, secrets)}\n`] as const;
      }),
    );
    return new Map(written);
  }

  @Option({
    flags: '--log <files...>',
    description: 'logs of the service, of which the last lines are taken; - for standard input',
  })
  log(file: string, files: string[] = []): string[] {
    return [...files, file];
  }

  @Option({ flags: '--lines <count>', description: `how many lines of each log (default: ${usualLines})` })
  lines(text: string): number {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > 1_000_000)
      throw new UsageError('--lines must be a whole number from 1 to 1000000.');
    return count;
  }

  @Option({
    flags: '--output <file>',
    description: 'the archive, - for standard output (default: SERVICE-support-TIME.tar.gz here)',
  })
  output(file: string): string {
    return file;
  }

  @Option({ flags: '--folder <folder>', description: 'write its files there instead of an archive' })
  folder(folder: string): string {
    return folder;
  }
}

/** For this user's eyes alone. */
async function writeAll(folder: string, files: Map<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of files) await writeFile(path.join(folder, name), text, { mode: 0o600 });
}

/** @throws UsageError where the file is there already */
async function pack(folder: string, name: string, output: string): Promise<void> {
  const file = await open(output, 'wx', 0o600).catch((error: unknown) => {
    throw new UsageError(`${output} cannot be written: ${reasonOf(error)}.`);
  });
  await file.close();
  await promisify(execFile)('tar', ['-czf', path.resolve(output), '-C', folder, name]);
}
