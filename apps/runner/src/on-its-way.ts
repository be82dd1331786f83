import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from './plan.ts';
import type { Move } from './update/release-state.ts';

/** The service was handed over to another host, or is waited for here: two with one hotkey must not work. */
export class OnItsWay extends Error {
  override readonly name = 'OnItsWay';

  constructor({ project, filled }: Pick<Plan, 'project' | 'filled'>, { stage, since }: Move) {
    const role = filled['SERVICE'];
    super(
      stage === 'away'
        ? `The ${role} was handed over to another host at ${since}, and is not started here. If it works on no other host and is to work here again: docker exec ${project}-${role}-runner-1 runner take_back ${project}`
        : `The ${role} waits since ${since} for what another host hands over, and is not started before: runner take_in.`,
    );
  }
}

const mayStart = (folder: string): string => path.join(folder, 'may-start');

/** Tells the runner that waits for it in this container that its service may be started. */
export async function letStart(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(mayStart(folder), '');
}

/** Until the service may be started. */
export async function awaitLetStart(folder: string): Promise<void> {
  while (!existsSync(mayStart(folder))) await sleep(1_000);
  await rm(mayStart(folder));
}
