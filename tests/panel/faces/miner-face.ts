import { Operators } from '@horde/panel-server';
import { RecordingManager } from '@horde/testing/recording-manager';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { ImagePreparation } from '../../../apps/miner/src/background/image-preparation.ts';
import { MinerUnderTest } from '../../../apps/miner/src/testing/miner.ts';
import {
  ago,
  classes,
  images,
  jobs,
  makeAccounts,
  showFrames,
  statusesOf,
  store,
  storeOutput,
  uuidOf,
  validator,
  whyNot,
  type Face,
  type Query,
  type SeenJob,
  type Strangers,
} from './face.ts';

const validators = [validator(1), validator(2), validator(3)] as const;
/** The miner hears of a job once a validator asks it: those that none was found for are none of its. */
const asked = jobs.filter(({ end }) => end !== 'waiting');

/** A miner with three machines, one of which is away, and with a validator that is connected. */
export async function minerFace(said: Strangers): Promise<Face> {
  const manager = new RecordingManager({ [classes[0]]: 4, [classes[1]]: 2 });
  const [first, second, third] = ['gpu-1', 'gpu-2', 'gpu-3'].map(said) as [string, string, string];
  manager.hosts = async () => [
    { name: first, executorClass: classes[0], executors: 4, trouble: null },
    { name: second, executorClass: classes[1], executors: 2, trouble: null },
    {
      name: third,
      executorClass: classes[1],
      executors: 2,
      trouble: said('gpu-3 is out of reach: Connection refused.'),
    },
  ];
  const miner = await MinerUnderTest.start(manager);
  const query: Query = (sql, ...values) => miner.query(sql, ...values);
  await makeAccounts(miner.part(Operators, { strict: false }));
  await store(
    query,
    'validator',
    validators.map(({ address }, n) => ({
      hotkey: address,
      active: n < 2,
      debug: n === 1,
      has_signed: n === 0,
      blacklisted: n === 1,
    })),
  );
  await new ScriptedValidator(() => miner.url, miner.hotkey, validators[0]).login();
  await storeJobs(query, said, [first, second]);
  await storeChecks(query, said);
  await store(query, 'audit_entry', [
    {
      at: ago(4_000),
      operator: 'cook',
      action: 'blacklist a validator',
      subject: validators[1].address,
      before: { blacklisted: false },
      after: { blacklisted: true },
    },
  ]);
  miner.part(ImagePreparation, { strict: false }).last = {
    at: new Date(),
    images: [
      ...images
        .slice(0, 2)
        .map((image) => ({ machine: first, image: said(image), present: true, error: null })),
      {
        machine: second,
        image: said(images[2]),
        present: false,
        error: said('pull access denied for example/image-diffusion'),
      },
    ],
  };
  miner.part(ImagePreparation, { strict: false }).jobImages = {
    machines: [
      {
        machine: first,
        images: [
          {
            image: said('example/image-old:1'),
            bytes: 21e9,
            usedAt: ago(90_000),
            kept: null,
          },
          { image: said('example/image-new:1'), bytes: 4e9, usedAt: ago(60), kept: null },
        ],
        removed: [],
        error: null,
      },
      { machine: second, images: [], removed: [], error: said('gpu-3 is out of reach.') },
    ],
    removed: [{ machine: first, image: said('example/image-gone:1'), bytes: 9e9, at: ago(600) }],
  };
  const running = asked.find(({ end }) => end === 'running')!;
  const failed = asked.find(({ end }) => end === 'failed')!;
  const cancelled = asked.find(({ end }) => end === 'cancelled')!;
  const done = asked.find(({ end }) => end === 'completed')!;
  const rejected = asked.find(({ end }) => end === 'rejected')!;
  return {
    service: 'miner',
    url: miner.httpUrl,
    name: 'cook',
    stop: () => miner.close(),
    oldNames: ['CONSTANCE', 'Accepted jobs'],
    changing: [
      'Change a setting',
      'Decline its jobs',
      'Run the doctor',
      'Run the self test',
      'Take its jobs again',
    ],
    asks: { path: 'validators', button: `Decline its jobs: ${validators[0].address}` },
    charts: ({ starts = [], earnings = [] }) => ({
      'Until an executor is ready': starts,
      'What was earned': earnings,
    }),
    pages: [
      {
        name: 'overview',
        path: '',
        says: [
          'gpu-3 is out of reach',
          'Of the jobs of the last 24 hours',
          'in the slowest one',
          'in the best one',
        ],
      },
      { name: 'executors', path: 'executors', says: ['2 of 8 executors have a job', running.uuid] },
      { name: 'jobs', path: 'jobs', says: ['63 jobs', running.uuid] },
      {
        name: 'job-running',
        path: `jobs/${running.uuid}/show`,
        says: ['Volumes Ready', 'started', 'step 3 of 40'],
        before: (page) => showFrames(page, 'V0ExecutorReadyRequest'),
        live: [
          ['status', 'How the job stands'],
          ['status', 'What was exchanged'],
        ],
      },
      { name: 'job-failed', path: `jobs/${failed.uuid}/show`, says: ['exit code 137', 'finished'] },
      { name: 'job-cancelled', path: `jobs/${cancelled.uuid}/show`, says: ['Cancelled by'] },
      { name: 'job-done', path: `jobs/${done.uuid}/show`, says: ['It has completed'] },
      { name: 'job-declined', path: `jobs/${rejected.uuid}/show`, says: ['It was declined'] },
      { name: 'validators', path: 'validators', says: [validators[0].address, 'its jobs are declined'] },
      { name: 'receipts', path: 'receipts', says: ['receipts', 'earned'] },
      {
        name: 'images',
        path: 'images',
        says: [
          'One image is missing',
          'pull access denied',
          '2 images take 23.3 GiB',
          'example/image-gone:1',
        ],
      },
      {
        name: 'checks',
        path: 'checks',
        says: ['Something failed', 'It has not been run from here yet.'],
        live: [
          ['status', 'What runs now'],
          ['status', 'The last run: Doctor'],
          ['log', 'What the doctor says'],
        ],
      },
      { name: 'configuration', path: 'configuration', says: ['Nothing has been set here.'] },
      { name: 'changes', path: 'changes', says: ['blacklist a validator'] },
    ],
  };
}

async function storeJobs(query: Query, said: Strangers, places: [string, string]): Promise<void> {
  const timing = {
    allowed_leeway: 1,
    download_time_limit: 60,
    execution_time_limit: 300,
    upload_time_limit: 30,
    streaming_start_time_limit: 0,
  };
  await store(
    query,
    'job',
    asked.map((job) => {
      const statuses = minerStatuses(job);
      const goesOn = job.end === 'running';
      const started = job.end !== 'rejected';
      const ended = goesOn ? null : ago(job.age - statuses.at(-1)![1]);
      return {
        uuid: job.uuid,
        validator_hotkey: validators[job.number % 5 === 0 ? 1 : 0].address,
        executor_class: classes[job.number % 2],
        status: statuses.at(-1)![0],
        initial_request: JSON.stringify({
          docker_image: said(images[job.number % 3]!),
          executor_timing: timing,
        }),
        job_request: JSON.stringify({
          docker_image: said(images[job.number % 3]!),
          docker_run_cmd: ['--batch', '32', said('--model=small')],
          env: { [said('HF_HOME')]: 'x' },
          volume: { volume_type: 'single_file', relative_path: said('input/batch.json') },
          output_upload: { output_upload_type: 'single_file_put', relative_path: said('scores.json') },
          artifacts_dir: said('/artifacts'),
        }),
        executor_token: `token-${job.number}`,
        executor_handle: started
          ? {
              token: `token-${job.number}`,
              place: places[job.number % 2],
              container: uuidOf('container').replaceAll('-', ''),
            }
          : null,
        slot_held: goesOn,
        start_requested_at: started ? ago(job.age - 1.6) : null,
        connected_at: started ? ago(job.age - 7) : null,
        executor_address: started ? '198.51.100.21' : null,
        exited_at: started ? ended : null,
        exit_code: started && !goesOn ? 0 : null,
        deadline: ago(job.age - 3_600),
        accepted_at: ago(job.age - 1.5),
        ended_at: ended,
        settled_at: ended,
        executor_durable: false,
        executor_number: 0,
        ended_by_executor: !goesOn,
        cancelled_at: job.end === 'cancelled' ? ended : null,
        cancelled_by: job.end === 'cancelled' ? said('its user') : null,
      };
    }),
  );
  await store(
    query,
    'job_event',
    asked.flatMap((job) =>
      minerStatuses(job).map(([status, after]) => ({
        job_uuid: job.uuid,
        status,
        message: ['failed', 'horde_failed', 'rejected'].includes(status) ? said(whyNot(job.end)) : null,
        at: ago(job.age - after),
      })),
    ),
  );
  await store(
    query,
    'receipt',
    asked.filter(({ end }) => end !== 'rejected').flatMap((job) => receiptRows(job)),
  );
  const running = asked.find(({ end }) => end === 'running')!;
  for (const job of [running, asked.find(({ end }) => end === 'failed')!])
    await storeOutput(query, job, said);
  await store(
    query,
    'job_frame',
    [
      ['validator', false, 'V0InitialJobRequest', 1.5],
      ['validator', true, 'V0AcceptJobRequest', 1.6],
      ['executor', false, 'V0ExecutorReadyRequest', 7.5],
      ['validator', true, 'V0ExecutorReadyRequest', 7.6],
      ['executor', false, 'V0VolumesReadyRequest', 14],
    ].map(([peer, is_sent, type, after]) => ({
      job_uuid: running.uuid,
      at: ago(running.age - Number(after)),
      peer,
      is_sent,
      called: running.uuid,
      type,
      size: 412,
      body: JSON.stringify({ message_type: type, job_uuid: running.uuid, docker_image: said(images[0]) }),
    })),
  );
}

/** As the miner sees it: it is asked, and knows of nothing before. */
const minerStatuses = (job: SeenJob): [string, number][] =>
  statusesOf(job).filter(([status]) => status !== 'sent' && status !== 'received');

function receiptRows(job: SeenJob): Record<string, unknown>[] {
  const common = {
    job_uuid: job.uuid,
    validator_hotkey: validators[job.number % 5 === 0 ? 1 : 0].address,
    validator_signature: '0x',
    miner_signature: '0x',
    page: 5_870_000 + job.number,
  };
  const started = {
    ...common,
    receipt_type: 'JobStartedReceipt',
    timestamp: ago(job.age - 1.5),
    stored_at: ago(job.age - 1.5),
    executor_class: classes[job.number % 2],
    is_organic: true,
    ttl: 18,
    payload: '{}',
  };
  if (job.end === 'running' || job.end === 'horde_failed') return [started];
  const finished = {
    ...common,
    receipt_type: 'JobFinishedReceipt',
    timestamp: ago(job.age - job.took - 17),
    stored_at: ago(job.age - job.took - 17),
    payload: JSON.stringify({ score_str: `${job.took + 14}.200000`, block_numbers: [1, 2] }),
  };
  return [started, finished];
}

/** The doctor has found something; the self test was never run. */
const storeChecks = (query: Query, said: Strangers): Promise<void> =>
  store(query, 'check_run', [
    {
      name: 'doctor',
      id: uuidOf('doctor'),
      started_by: 'cook',
      started_at: ago(1_860),
      alive_until: ago(1_840),
      ended_at: ago(1_850),
      exit_code: 1,
      output: [
        'OK    Docker answers, version 27.3',
        'OK    disk: 412 GiB are free',
        `FAIL  ${said('gpu-3: Connection refused.')} Look whether the machine is on, and sshd runs.`,
        'OK    the clock is right to 12 ms',
        '',
      ].join('\n'),
    },
  ]);
