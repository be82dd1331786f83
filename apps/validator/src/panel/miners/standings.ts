import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelStanding } from '@horde/panel-api';
import { ExecutorClass } from '@horde/protocol';
import type { Candidate } from '../../routing/candidate.ts';
import { whyNot } from '../../routing/no-miner.ts';
import { Router } from '../../routing/router.ts';

/** How miners stand where a job of a minute is given out, as the router sees them now. */
@Injectable()
export class Standings {
  constructor(
    private readonly database: Database,
    private readonly router: Router,
  ) {}

  /** By hotkey; miners that offer nothing are not in it. */
  async read(): Promise<Map<string, PanelStanding[]>> {
    const standings = new Map<string, PanelStanding[]>();
    for (const executorClass of ExecutorClass)
      for (const candidate of await this.router.standing(this.database.manager, executorClass, jobSeconds)) {
        const its = standings.get(candidate.hotkey) ?? [];
        its.push(standingOf(executorClass, candidate));
        standings.set(candidate.hotkey, its);
      }
    return standings;
  }
}

/** What the job costs for which miners are looked at. @unit executor-seconds */
export const jobSeconds = 60;

function standingOf(executorClass: ExecutorClass, candidate: Candidate): PanelStanding {
  const { offered, busy, elsewhere, incidents, reliability, chance, allowance, obstacle } = candidate;
  return {
    executor_class: executorClass,
    offered,
    busy,
    busy_elsewhere: elsewhere,
    incidents,
    reliability,
    chance,
    allowance,
    obstacle,
    why_not: obstacle && whyNot(candidate),
  };
}
