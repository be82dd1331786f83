import { explainCommand, explainPage } from '@horde/commands';
import { Database } from '@horde/database';
import { JobPages } from '../panel/job-pages.ts';
import type { MinerContext } from './miner-context.ts';

export const Explain = explainCommand<MinerContext>({
  description: 'show where a job is, since when and why, and what became of its executor',
  troubled: `select uuid, status, coalesce(ended_at, accepted_at) as since from job
    where ended_at is null and connected_at is null
      or ended_at > now() - interval '1 hour' and status = 'horde_failed'`,
  database: (context, work) => context.use((app) => work(app.get(Database))),
  explain: (context, uuid) =>
    context.use(async (app) => {
      const page = await app.get(JobPages).find(uuid);
      if (!page) return null;
      const { executor, host, receipts } = page;
      const place = [
        host === page.executor_class ? null : host,
        executor.container && `container ${executor.container}`,
        executor.address,
      ];
      return explainPage(page, {
        validator: page.validator_hotkey,
        image: page.docker_image,
        executor: place.filter((part) => part !== null).join(', ') || null,
        'asked to start': executor.start_requested_at && time(executor.start_requested_at),
        connected: executor.connected_at && time(executor.connected_at),
        exited: executor.exited_at && `${time(executor.exited_at)}${exitCode(executor.exit_code)}`,
        'ended by force': page.has_ended ? null : `at ${time(page.deadline)}, where it has not ended before`,
        'job exited': page.exit_status === null ? null : `with ${page.exit_status}`,
        cancelled:
          page.cancelled_at && `${time(page.cancelled_at)} by ${page.cancelled_by ?? 'its validator'}`,
        receipts: receipts.map((receipt) => receiptWord(receipt.receipt_type)).join(', ') || 'none',
      });
    }),
  unknown: () =>
    'It has not come to this miner, or it is older than two days. A job that was tried at several miners has ' +
    'another uuid at each but the first: "explain" of its validator shows them.',
});

const time = (at: string | Date): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
const exitCode = (code: number | null): string => (code === null ? '' : ` with ${code}`);
const receiptWord = (type: string): string => type.replace(/^Job|Receipt$/g, '').toLowerCase();
