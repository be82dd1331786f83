import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, Doorbell, type Transaction } from '@horde/database';
import { minerChecks, type MinerCheck, type MinerCheckName } from '@horde/panel-api';
import { recordChange } from '@horde/panel-server';
import { errors } from '@horde/protocol';

/** So much of what a check prints is kept. @unit characters */
const kept = 100_000;
/** How long a run counts as alive after its process was heard of last. @unit seconds */
const life = 20;
/** Rings when a run begins, has printed something, or has ended; with the name of its check. */
export const checkBell = 'check';

/** The last run of a check as it is stored. */
const columns = `name, id, started_at, started_by, ended_at, output,
  case when ended_at is null and alive_until > now() then 'running' when exit_code is null then 'cut off'
    when exit_code = 0 then 'good' else 'failed' end as state`;

/** The last run of each check. Of all processes that share the database one runs a check at a time. */
@Injectable()
export class CheckRuns {
  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
  ) {}

  async all(): Promise<MinerCheck[]> {
    const rows = await this.database.manager.query<MinerCheck[]>(`select ${columns} from check_run`);
    return minerChecks.map((name) => rows.find((row) => row.name === name) ?? never(name));
  }

  async last(name: MinerCheckName): Promise<MinerCheck> {
    const [row] = await this.database.manager.query<MinerCheck[]>(
      `select ${columns} from check_run where name = $1`,
      [name],
    );
    return row ?? never(name);
  }

  /**
   * Begins a run in place of the last one.
   *
   * @returns its id
   * @throws HordeError CHECK_RUNS while one runs, whichever and wherever
   */
  async begin(name: MinerCheckName, by: string): Promise<string> {
    const id = randomUUID();
    await this.database.transaction(async (tx) => {
      await tx.manager.query('lock table check_run in share row exclusive mode');
      const [running] = await tx.manager.query<{ name: string; started_by: string }[]>(
        'select name, started_by from check_run where ended_at is null and alive_until > now()',
      );
      if (running) throw errors.CHECK_RUNS(running.name, running.started_by);
      await tx.manager.query(
        `insert into check_run as run (name, id, started_by, alive_until)
         values ($1, $2, $3, now() + make_interval(secs => ${life}))
         on conflict (name) do update set id = excluded.id, started_by = excluded.started_by, started_at = now(),
           alive_until = excluded.alive_until, output = '', ended_at = null, exit_code = null`,
        [name, id, by],
      );
      await recordChange(tx, { by, action: 'run a check', subject: name, before: null, after: null });
      this.doorbell.ring(tx, checkBell, name);
    });
    return id;
  }

  /** Keeps what a run has printed, and that it is alive. @returns false when another run has taken its place */
  append(id: string, text: string): Promise<boolean> {
    return this.change(
      `output = left(output || $2, ${kept}), alive_until = now() + make_interval(secs => ${life})`,
      [id, text.replaceAll('\0', '')],
    );
  }

  /** @param exitCode of its process; null: it was cut off */
  end(id: string, exitCode: number | null): Promise<boolean> {
    return this.change('ended_at = now(), exit_code = $2', [id, exitCode]);
  }

  private change(set: string, values: unknown[]): Promise<boolean> {
    return this.database.transaction(async (tx: Transaction) => {
      const [rows] = await tx.manager.query<[{ name: string }[]]>(
        `update check_run set ${set} where id = $1 and ended_at is null returning name`,
        values,
      );
      if (rows[0]) this.doorbell.ring(tx, checkBell, rows[0].name);
      return rows.length > 0;
    });
  }
}

const never = (name: MinerCheckName): MinerCheck => ({
  name,
  id: null,
  state: 'never',
  started_at: null,
  started_by: null,
  ended_at: null,
  output: '',
});
