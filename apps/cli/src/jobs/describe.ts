import type { Job, ProgressEvent, WaitEvent } from '@horde/sdk';
import { namedAgain, openClient, type ConnectionOptions } from '../profiles/connection.ts';
import { print } from '../program/print.ts';
import { row } from '../row.ts';
import { table } from '../terminal/table.ts';
import { ago, plain, shortId, size, span } from '../terminal/words.ts';
import { findJob } from './find-job.ts';
import { progressSentence, waitSentence } from './follow.ts';
import { eventsUntilNow } from './news.ts';
import { adviceOn, sentenceOfJob } from './sentences.ts';
import { lookedFor, toldAsJson, toldOf } from './told.ts';

/** Says why a job waits or has failed, then what is known of it. */
export async function describeJob(
  id: string | null,
  options: ConnectionOptions & { json?: boolean },
  signal: AbortSignal,
): Promise<number> {
  const { client } = await openClient(options);
  const job = await findJob(client, id, signal);
  const [told, going] = await Promise.all([toldOf(job, signal), job.hasEnded ? noNews : latest(job, signal)]);
  const now = Date.now();

  const again = namedAgain(job.uuid, options);
  if (options.json)
    print(JSON.stringify({ ...asJson(job, again, going, now), ...(told && toldAsJson(told)) }));
  else [...described(job, again, going, now), ...(told ? lookedFor(told) : [])].forEach(print);
  return 0;
}

/** What goes on at a job that has not ended. */
interface News {
  /** null: what it waits for is known from its status only. */
  wait: WaitEvent | null;
  progress: ProgressEvent[];
}

const noNews: News = { wait: null, progress: [] };

async function latest(job: Job, signal: AbortSignal): Promise<News> {
  const progress = new Map<string, ProgressEvent>();
  let wait: WaitEvent | null = null;
  for await (const event of eventsUntilNow(job, signal)) {
    if (event.type === 'wait') wait = event.waitsFor === null ? null : event;
    if (event.type === 'progress') progress.set(`${event.stage} ${event.name}`, event);
  }
  return { wait, progress: [...progress.values()].filter(({ done, total }) => done !== total) };
}

const sentence = (job: Job, { wait }: News, now: number): string =>
  wait && !job.hasEnded ? waitSentence(wait, now) : sentenceOfJob(job, now);

/** @param again how a further command names the job */
function described(job: Job, again: string, news: News, now: number): string[] {
  const { error, result } = job;
  const advice = error && adviceOn(error, again);
  const facts = [
    row('class', plain(job.executorClass)),
    row('image', plain(job.dockerImage)),
    row('created', `${ago(job.createdAt, now)} (${job.createdAt.toISOString()})`),
    row('id', job.uuid),
  ];
  if (error) {
    facts.push(
      row('reason', plain([error.reason, error.stage && `in ${error.stage}`].filter(Boolean).join(', '))),
    );
    if (error.exitStatus !== null) facts.push(row('exit code', String(error.exitStatus)));
    if (error.reportedBy) facts.push(row('reported by', plain(error.reportedBy)));
  }
  for (const [path, { length }] of result?.artifacts ?? [])
    facts.push(row('artifact', `${plain(path)}, ${size(length)}`));
  for (const path of result?.uploadResults.keys() ?? []) facts.push(row('uploaded', plain(path)));
  return [
    `${shortId(job.uuid)}  ${plain(job.status)}`,
    `  ${sentence(job, news, now)}`,
    ...news.progress.map((event) => `  ${progressSentence(event)}`),
    ...(advice ? [`  ${advice}`] : []),
    '',
    ...facts,
    '',
    ...history(job),
  ];
}

/** Its statuses, and how long each took to come. */
function history({ createdAt, statusHistory }: Job): string[] {
  const rows = statusHistory.map(({ status, createdAt: at }, index) => {
    const before = statusHistory[index - 1]?.createdAt ?? createdAt;
    return [plain(status), `+${exact(at.getTime() - before.getTime())}`, at.toISOString()];
  });
  return table([['STATUS', 'AFTER', 'AT'], ...rows]);
}

const exact = (milliseconds: number): string =>
  milliseconds < 10_000 ? `${(Math.max(0, milliseconds) / 1000).toFixed(2)} s` : span(milliseconds);

const asJson = (job: Job, again: string, news: News, now: number) => ({
  uuid: job.uuid,
  status: job.status,
  sentence: sentence(job, news, now),
  waits_until: news.wait?.until?.toISOString() ?? null,
  progress: news.progress.map(({ stage, name, done, total }) => ({ stage, name, done, total })),
  advice: job.error && adviceOn(job.error, again),
  executor_class: job.executorClass,
  docker_image: job.dockerImage,
  created_at: job.createdAt.toISOString(),
  error: job.error,
  status_history: job.statusHistory.map(({ status, createdAt }) => ({
    status,
    created_at: createdAt.toISOString(),
  })),
});
