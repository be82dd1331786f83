import { Operators } from '@horde/panel-server';
import { PanelClient } from '@horde/testing/panel-client';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { startFacilitator } from '../../../apps/facilitator/src/testing/running-facilitator.ts';
import { password } from '../browser.ts';
import {
  ago,
  classes,
  images,
  jobs,
  makeAccounts,
  miner,
  statusesOf,
  store,
  storeOutput,
  user,
  uuidOf,
  validator,
  whyNot,
  type Face,
  type Query,
  type SeenJob,
  type Strangers,
} from './face.ts';

const users = [1, 2, 3].map((n) => user(n).address);
const [here, away] = [1, 2].map((n) => validator(n)) as [
  ReturnType<typeof validator>,
  ReturnType<typeof validator>,
];

type Five = [SeenJob, SeenJob, SeenJob, SeenJob, SeenJob];

/** The facilitator of a small network, with a validator that is connected. */
export async function facilitatorFace(said: Strangers): Promise<Face> {
  const facilitator = await startFacilitator([here.address, away.address]);
  const query: Query = (sql, ...values) => facilitator.database.manager.query(sql, values);
  await makeAccounts(facilitator.app.get(Operators, { strict: false }));
  const link = await ScriptedValidator.logIn(facilitator.url, here, {}, ['cancel-1', 'progress-1', 'ask-1']);
  void tellOfJobs(link, said);
  await storeNetwork(query, said);
  await storeJobs(query, said);
  await storeChanges(query);
  const operator = await PanelClient.logIn(facilitator.url, 'cook', password);
  await operator.change('PUT', 'configuration/ENABLE_ORGANIC_JOBS', { value: true });
  const running = jobs[1]!;
  const [waiting, done, failed, cancelled, rejected] = (
    ['waiting', 'completed', 'failed', 'cancelled', 'rejected'] as const
  ).map((how) => jobs.find(({ end }) => end === how)!) as Five;
  return {
    service: 'facilitator',
    url: facilitator.url,
    name: 'cook',
    stop: facilitator.stop,
    oldNames: ['CONSTANCE', 'Accepted jobs', 'OrganicJob', 'Users'],
    changing: ['Cancel this job', 'Change a setting', 'Change its quotas', 'Let a user in'],
    asks: { path: `jobs/${jobs[1]!.uuid}/show`, button: 'Cancel this job' },
    charts: ({ waits = [] }) => ({ 'Until a miner accepts': waits }),
    pages: [
      {
        name: 'overview',
        path: '',
        says: ['1 validator is connected', 'have completed', 'in the slowest one'],
      },
      { name: 'jobs', path: 'jobs', says: ['64 jobs', jobs[0]!.uuid] },
      {
        name: 'job-running',
        path: `jobs/${running.uuid}/show`,
        says: ['Volumes Ready', 'step 3 of 40', 'Cancel this job'],
        before: async (page) => {
          await page.getByRole('button', { name: 'Ask its validator' }).click();
          await page.getByText('Two miners were asked').waitFor();
        },
        live: [
          ['status', 'How the job stands'],
          ['status', 'How what it prints comes'],
          ['status', 'What its validator says'],
        ],
      },
      { name: 'job-done', path: `jobs/${done.uuid}/show`, says: ['Completed', 'results/scores.json'] },
      { name: 'job-failed', path: `jobs/${failed.uuid}/show`, says: ['exit code 137', 'Killed'] },
      { name: 'job-waiting', path: `jobs/${waiting.uuid}/show`, says: ['the next is expected free'] },
      { name: 'job-cancelled', path: `jobs/${cancelled.uuid}/show`, says: ['Cancelled by its user.'] },
      { name: 'job-rejected', path: `jobs/${rejected.uuid}/show`, says: ['No miner could take it'] },
      {
        name: 'validators',
        path: 'validators',
        says: [here.address, 'away', '1 of 2 validators is connected.'],
      },
      { name: 'validator', path: `validators/${here.address}/show`, says: ['It is connected', 'progress-1'] },
      { name: 'miners', path: 'miners', says: ['NVIDIA RTX A6000', 'gone since', 'had a machine described'] },
      {
        name: 'users',
        path: 'whitelist',
        says: [users[2]!, 'as the settings say', 'Let a user in', 'may use this facilitator'],
      },
      { name: 'user', path: `whitelist/${users[0]}/show`, says: ['Of its jobs', 'Change its quotas'] },
      { name: 'user-quotas', path: `whitelist/${users[0]}`, says: ['Save'], isForm: true },
      { name: 'user-new', path: 'whitelist/create', says: ['Save'], isForm: true },
      { name: 'feedback', path: 'feedback', says: ['5 opinions', done.uuid] },
      { name: 'cheat-reports', path: 'cheat-reports', says: ['1 report', done.uuid] },
      { name: 'configuration', path: 'configuration', says: ['1 of ', 'ENABLE_ORGANIC_JOBS'] },
      { name: 'changes', path: 'changes', says: ['cancel a job'] },
    ],
  };
}

/** Answers as a validator does that is asked about a job. */
async function tellOfJobs(link: ScriptedValidator, said: Strangers): Promise<never> {
  for (;;) {
    const { message_type, question_uuid } = await link.next();
    if (message_type !== 'V0DescribeJobRequest') continue;
    const [at, miner_hotkey] = [ago(90), miner(1).address];
    link.sendText(
      JSON.stringify({
        message_type: 'V0JobDescription',
        question_uuid,
        waits_for: said('Two miners were asked, and the second has it.'),
        waits_since: at,
        waits_until: ago(-60),
        attempts: [
          {
            number: 1,
            miner_hotkey: miner(2).address,
            started_at: at,
            ended_at: at,
            outcome: 'declined',
            message: said('Busy.'),
          },
          { number: 2, miner_hotkey, started_at: at, ended_at: null, outcome: null, message: null },
        ],
        choices: [
          {
            at,
            sentence: said('The miner with the best reliability that is free.'),
            candidates: [{ miner_hotkey: said(miner(3).address.slice(0, 20)), reason: 'busy' }],
            counts: [{ reason: 'busy', count: 1 }],
          },
        ],
      }),
    );
  }
}

/** Users, validators that were there, miners and their machines. */
async function storeNetwork(query: Query, said: Strangers): Promise<void> {
  await query('delete from hotkey_whitelist');
  await store(
    query,
    'hotkey_whitelist',
    users.map((ss58_address, n) => ({
      ss58_address,
      created_at: ago(86_400 * (3 + n)),
      max_unfinished_jobs: [null, 50, 0][n],
      max_creations_per_minute: [null, 30, 0][n],
    })),
  );
  await query(
    'update validator set version = $2, runner_version = $3, last_seen = $4, extensions = $5 where hotkey = $1',
    away.address,
    said('1.9.2'),
    said('0.8'),
    ago(7_300),
    [said('cancel-1')],
  );
  await store(query, 'miner', [
    ...[1, 2, 3].map((n) => ({
      hotkey: miner(n).address,
      active: true,
      ip: `198.51.100.${10 + n}`,
      port: 8000,
    })),
    { hotkey: miner(4).address, active: false, ip: '203.0.113.9', port: 8000, missed_since: ago(40_000) },
  ]);
  await store(
    query,
    'miner_version',
    [1, 2, 3].map((n) => ({
      miner_hotkey: miner(n).address,
      version: n === 3 ? '' : said('2.1.0'),
      runner_version: n === 3 ? '' : said('0.9.1'),
    })),
  );
  const machines = [
    { cpu: 'AMD EPYC 7543 32-Core Processor', gpu: 'NVIDIA RTX A6000', gpus: 4, vram: 49_140 },
    { cpu: 'Intel Xeon Gold 6330', gpu: 'NVIDIA GeForce RTX 4090', gpus: 2, vram: 24_564 },
  ];
  for (const [at, { cpu, gpu, gpus, vram }] of machines.entries()) {
    await store(query, 'machine_specs', [
      {
        id: 1_000 + at,
        content: `\\x0${at}`,
        specs: {},
        parsed_at: ago(600),
        cpu_model: said(cpu),
        cpu_count: 64 / (at + 1),
        total_ram: 512 / (at + 1),
        total_hdd: 3_840,
        os: said('Ubuntu 24.04 LTS'),
        virtualization: said('none'),
      },
    ]);
    await store(query, 'machine_gpu', [
      {
        specs_id: 1_000 + at,
        model: said(gpu),
        count: gpus,
        vram,
        driver: said('570.86'),
        cuda: said('12.8'),
      },
    ]);
    await store(query, 'machine_snapshot', [
      {
        specs_id: 1_000 + at,
        batch_id: said('batch'),
        miner_hotkey: miner(at + 1).address,
        validator_hotkey: here.address,
        measured_at: ago(600 + at * 1_000),
      },
    ]);
  }
}

async function storeJobs(query: Query, said: Strangers): Promise<void> {
  await store(
    query,
    'job',
    jobs.map((job) => ({
      uuid: job.uuid,
      creation_key: `\\x${job.uuid.replaceAll('-', '')}`,
      hotkey: users[job.number % 3],
      target_validator_hotkey: here.address,
      status: statusesOf(job).at(-1)![0],
      signature: {},
      created_at: ago(job.age),
      executor_class: classes[job.number % 2],
      docker_image: said(images[job.number % 3]!),
      job_namespace: said('SN40.1'),
      args: ['--batch', '32', said('--model=small')],
      env: { [said('HF_HOME')]: 'x', [said('SEED')]: 'x' },
      use_gpu: true,
      on_trusted_miner: false,
      artifacts_dir: '/artifacts',
      tag: said(job.number % 4 === 0 ? 'nightly' : 'round-118'),
      volumes: [
        { volume_type: 'huggingface_volume', repo_id: 'x/y', relative_path: said('models/small') },
        { volume_type: 'single_file', url: 'https://a.example/f', relative_path: said('input/batch.json') },
      ],
      uploads: [
        {
          output_upload_type: 'single_file_put',
          url: 'https://a.example/g',
          relative_path: said('scores.json'),
        },
      ],
      download_time_limit: 60,
      execution_time_limit: 300,
      upload_time_limit: 30,
      streaming_start_time_limit: 0,
      streaming_client_cert: '',
      overdue_at: job.end === 'waiting' || job.end === 'running' ? ago(-86_400) : null,
    })),
  );
  await store(
    query,
    'job_status',
    jobs.flatMap((job) => statusRows(job, said)),
  );
  const [waiting, running] = jobs as [SeenJob, SeenJob];
  await store(query, 'job_progress', [
    {
      job_uuid: waiting.uuid,
      type: 'wait',
      data: {
        waits_for: said('3 of 3 miners with this class are busy, the next is expected free in about 40 s.'),
        since: ago(waiting.age - 1),
        until: ago(-60),
      },
      noted_at: ago(waiting.age - 1),
    },
    {
      job_uuid: running.uuid,
      type: 'progress',
      item: 'volume',
      data: { stage: 'download', name: said('models/small'), done: 1_610_612_736, total: 1_610_612_736 },
      noted_at: ago(running.age - 13),
    },
  ]);
  for (const job of [running, ...jobs.filter(({ end }) => end === 'failed')])
    await storeOutput(query, job, said);
  await store(
    query,
    'job_feedback',
    jobs
      .filter(({ end }) => end === 'completed')
      .slice(0, 5)
      .map(({ uuid, age, took, number }) => ({
        job_uuid: uuid,
        result_correctness: number % 4 === 1 ? 0.5 : 1,
        expected_duration: number % 3 === 0 ? null : took + 10,
        signature: {},
        created_at: ago(age - took - 60),
      })),
  );
  const [wrong, right] = jobs.filter(({ end }) => end === 'completed');
  await store(query, 'cheat_report', [
    {
      job_uuid: wrong!.uuid,
      trusted_job_uuid: right!.uuid,
      details: { sha256: said('7d1a… instead of 90ce…') },
      signature: {},
      created_at: ago(60),
    },
  ]);
}

function statusRows(job: SeenJob, said: Strangers): Record<string, unknown>[] {
  const details = { message: said(whyNot(job.end)), reason: 'unknown', stage: 'unknown', context: null };
  const kept = {
    response: '{}',
    stdout: JSON.stringify(said('loading the model\n40 of 40 steps done\n')),
    stderr: JSON.stringify(said('warning: no cache\n')),
    artifacts: JSON.stringify({
      [said('results/scores.json')]: 'aGVsbG8K',
      [said('results/trace.bin')]: 'AAAA',
    }),
    upload_results: '{}',
  };
  const bytes = (text: string) => `\\x${Buffer.from(text).toString('hex')}`;
  return statusesOf(job).map(([status, after]) => ({
    job_uuid: job.uuid,
    status,
    created_at: ago(job.age - after),
    metadata: {},
    ...(status === 'failed' && { metadata: { job_failure_details: details } }),
    ...(status === 'horde_failed' && { metadata: { horde_failure_details: details } }),
    ...(status === 'rejected' && { metadata: { job_rejection_details: details } }),
    ...(status === 'completed' && {
      response: {},
      stdout: bytes(kept.stdout),
      stderr: bytes(kept.stderr),
      artifacts: bytes(kept.artifacts),
      upload_results: bytes(kept.upload_results),
    }),
  }));
}

/** What the operators have done. */
async function storeChanges(query: Query): Promise<void> {
  await store(query, 'audit_entry', [
    {
      at: ago(9_000),
      operator: 'cook',
      action: 'change a user',
      subject: users[1],
      before: { max_unfinished_jobs: null, max_creations_per_minute: null },
      after: { max_unfinished_jobs: 50, max_creations_per_minute: 30 },
    },
    {
      at: ago(2_500),
      operator: 'cook',
      action: 'cancel a job',
      subject: uuidOf('a job that is not kept any more'),
      before: { status: 'received' },
      after: null,
    },
  ]);
}
