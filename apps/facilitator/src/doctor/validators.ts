import { connectionConfig } from '@horde/database';
import { fail, fullReasonOf, ok, warn, type Finding } from '@horde/commands';
import pg from 'pg';
import { fresh } from '../validators/channels.ts';

/** Looks whether there are validators that jobs can be given to, by what the running facilitator has noted. */
export async function checkValidators(url: string): Promise<Finding> {
  const check = 'validators';
  const client = new pg.Client(connectionConfig({ url, name: 'doctor', schema: 'facilitator' }));
  try {
    await client.connect();
    const { rows } = await client.query<{ active: number; connected: number }>(
      `select count(*)::int as active, count(*) filter (where exists (
         select from channel where validator_hotkey = hotkey and ${fresh}
       ))::int as connected from validator where active`,
    );
    const { active, connected } = rows[0]!;
    if (connected > 0) return ok(check, `${connected} of ${active} are connected.`);
    if (active === 0)
      return warn(
        check,
        'None is known.',
        'Run `facilitator sync_metagraph`, which reads them from the chain.',
      );
    const fix =
      'Start the facilitator, and look at FACILITATOR_URI of the validators: `validator doctor` does.';
    return warn(check, `None of ${active} is connected.`, fix);
  } catch (error) {
    return fail(check, `They could not be looked at: ${fullReasonOf(error)}.`, 'Look at the database.');
  } finally {
    await client.end().catch(() => undefined);
  }
}
