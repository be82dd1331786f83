import { Operators } from '@horde/panel-server';
import { make, NewJob, writeFrame } from '@horde/protocol';
import { AllowanceView } from '../../../apps/validator/src/allowance/allowance-view.ts';
import { ManifestSync } from '../../../apps/validator/src/allowance/manifest-sync.ts';
import { Dispatcher } from '../../../apps/validator/src/driver/dispatcher.ts';
import { SoleScene } from '../../../apps/validator/src/testing/sole-scene.ts';
import {
  ago,
  classes,
  coldkey,
  images,
  jobs,
  makeAccounts,
  miner,
  showFrames,
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

const miners = [1, 2, 3, 4].map((n) => miner(n).address) as [string, string, string, string];
const foreign = validator(2).address;
const lastBlock = 5_871_204;
/** The first block of the cycle whose weights were handed in last. */
const lastCycle = lastBlock - 1_150;

/** A validator with four miners: one is busy, one on the blacklist, one gone. */
export async function validatorFace(said: Strangers): Promise<Face> {
  const scene = await SoleScene.start();
  const query: Query = (sql, ...values) => scene.place.query(sql, values);
  await makeAccounts(scene.validator.get(Operators, { strict: false }));
  // It would ask the miners stored here what they offer, and give the job to one that waits for it.
  scene.validator.get(ManifestSync, { strict: false }).stop();
  await scene.validator.get(Dispatcher, { strict: false }).stop();
  const self = scene.place.keypair.address;
  await storeMiners(query, said, self);
  await storeJobs(query, said, self);
  await storeRecords(query, said, self);
  await scene.validator.get(AllowanceView).refresh();
  const [waiting, running] = jobs as [SeenJob, SeenJob];
  const [failed, cancelled, done, rejected] = (['failed', 'cancelled', 'completed', 'rejected'] as const).map(
    (how) => jobs.find(({ end }) => end === how)!,
  ) as [SeenJob, SeenJob, SeenJob, SeenJob];
  return {
    service: 'validator',
    url: await scene.validator.getUrl(),
    name: 'cook',
    stop: () => scene.stop(),
    oldNames: ['CONSTANCE', 'Accepted jobs', 'OrganicJob'],
    changing: [
      'Cancel this job',
      'Change a setting',
      'Give a miner no jobs',
      'Give it no jobs',
      'Run it again',
      'Take it off',
      'Take it off the blacklist',
      'Take the jobs of a hotkey',
    ],
    asks: { path: `jobs/${running.uuid}/show`, button: 'Cancel this job' },
    charts: ({ waits = [], spend = [] }) => ({
      'Until a miner accepts': waits,
      'What miners were paid': spend,
    }),
    pages: [
      {
        name: 'overview',
        path: '',
        says: ['3 miners offer executors', 'Cycle from block', 'in the slowest one', 'in the dearest one'],
      },
      { name: 'jobs', path: 'jobs', says: ['64 jobs', waiting.uuid] },
      { name: 'job-waiting', path: `jobs/${waiting.uuid}/show`, says: ['the next is expected free'] },
      {
        name: 'job-running',
        path: `jobs/${running.uuid}/show`,
        says: ['Volumes Ready', 'Cancel this job', 'The miner with the best reliability', 'step 3 of 40'],
        before: (page) => showFrames(page, 'V0AcceptJobRequest'),
        live: [
          ['status', 'How the job stands'],
          ['status', 'What was exchanged'],
        ],
      },
      { name: 'job-failed', path: `jobs/${failed.uuid}/show`, says: ['exit code 137', 'Run it again'] },
      { name: 'job-cancelled', path: `jobs/${cancelled.uuid}/show`, says: ['Cancelled by', 'its user'] },
      { name: 'job-done', path: `jobs/${done.uuid}/show`, says: ['It has completed'] },
      { name: 'job-rejected', path: `jobs/${rejected.uuid}/show`, says: ['No miner could take it'] },
      { name: 'miners', path: 'miners', says: ['miners could get a job now', miners[0]] },
      {
        name: 'miner',
        path: `miners/${miners[0]}/show`,
        says: ['In the last 24 hours it offered', 'horde failed'],
      },
      { name: 'blacklist', path: 'blacklist', says: ['an operator said so', 'Give a miner no jobs'] },
      { name: 'blacklist-new', path: 'blacklist/create', says: ['Save'], isForm: true },
      { name: 'whitelist', path: 'whitelist', says: ["the validator's own", user(1).address] },
      { name: 'whitelist-new', path: 'whitelist/create', says: ['Save'], isForm: true },
      { name: 'allowance', path: 'allowance', says: ['count now', 'its bookings'] },
      { name: 'bookings', path: 'bookings', says: ['bookings', 'spent'] },
      { name: 'manifests', path: 'manifests', says: ['a drop'] },
      { name: 'receipts', path: 'receipts', says: ['receipts', 'this one'] },
      { name: 'cycles', path: 'cycles', says: [`${lastCycle} to ${lastCycle + 721}`] },
      { name: 'cycle', path: `cycles/${lastCycle}/show`, says: ['The chain has the weights', 'main hotkey'] },
      { name: 'events', path: 'events', says: ['events', 'JOB_ROUTING'] },
      { name: 'configuration', path: 'configuration', says: ['Nothing has been set here.'] },
      { name: 'changes', path: 'changes', says: ['blacklist a miner'] },
    ],
  };
}

async function storeMiners(query: Query, said: Strangers, self: string): Promise<void> {
  const [one, two, three, four] = miners;
  await store(query, 'miner', [
    { hotkey: one, uid: 11, ip: '198.51.100.11', port: 8000 },
    { hotkey: two, uid: 12, ip: '198.51.100.12', port: 8000 },
    { hotkey: three, uid: 13, ip: '198.51.100.13', port: 8000 },
    { hotkey: four, uid: 14, ip: null, port: null },
  ]);
  await store(
    query,
    'miner_answer',
    [one, two, three].map((hotkey) => ({ hotkey, answered_at: ago(40), misses: 0 })),
  );
  await store(query, 'miner_manifest', [
    { hotkey: one, executor_class: classes[0], count: 4 },
    { hotkey: one, executor_class: classes[1], count: 1 },
    { hotkey: two, executor_class: classes[1], count: 2 },
    { hotkey: three, executor_class: classes[0], count: 1 },
  ]);
  await store(query, 'manifest_change', [
    { miner_hotkey: one, executor_class: classes[0], block: lastBlock - 7_000, count: 5, is_drop: false },
    { miner_hotkey: one, executor_class: classes[0], block: lastBlock - 3_000, count: 4, is_drop: true },
    { miner_hotkey: one, executor_class: classes[1], block: lastBlock - 2_900, count: 1, is_drop: false },
    { miner_hotkey: two, executor_class: classes[1], block: lastBlock - 5_100, count: 2, is_drop: false },
    { miner_hotkey: three, executor_class: classes[0], block: lastBlock - 900, count: 1, is_drop: false },
  ]);
  await query('insert into stake_snapshot (hotkeys, shares) values (array[$1], array[0.5])', self);
  await query(
    `insert into allowance_block select number, number::text, now() - ($1 - number) * interval '12 s', 1, 1
     from generate_series($1 - 7200, $1) number`,
    lastBlock,
  );
  await store(query, 'blacklisted_miner', [
    {
      hotkey: three,
      reason: 'MANUAL',
      details: said('it gave out the same results for different inputs'),
      blacklisted_at: ago(5_400),
      expires_at: ago(-80_000),
    },
    {
      hotkey: two,
      reason: 'JOB_FAILED',
      details: said(whyNot('horde_failed')),
      blacklisted_at: ago(200),
      expires_at: ago(-100),
    },
  ]);
  await store(query, 'miner_incident', [
    {
      hotkey: one,
      job_uuid: uuidOf('attempt 7'),
      executor_class: classes[1],
      kind: 'horde_failed',
      at: ago(9_000),
    },
    {
      hotkey: one,
      job_uuid: uuidOf('older'),
      executor_class: classes[0],
      kind: 'rejected',
      at: ago(170_000),
    },
  ]);
}

async function storeJobs(query: Query, said: Strangers, self: string): Promise<void> {
  await store(
    query,
    'booking',
    jobs.filter(({ end }) => end !== 'waiting').map((job) => bookingRow(job)),
  );
  await store(
    query,
    'job',
    jobs.map((job) => {
      const statuses = validatorStatuses(job);
      const goesOn = job.end === 'running' || job.end === 'waiting';
      return {
        uuid: job.uuid,
        request: writeFrame(requestOf(job, said)),
        executor_class: classes[job.number % 2],
        signatory: job.number % 3 === 0 ? self : user(1 + (job.number % 3)).address,
        status: statuses.at(-1)![0],
        received_at: ago(job.age - 0.3),
        ended_at: goesOn ? null : ago(job.age - statuses.at(-1)![1]),
        driver: goesOn ? uuidOf('another process') : null,
        lease_until: goesOn ? ago(-86_400) : null,
        wanted: JSON.stringify({
          ...limits,
          executor_class: classes[job.number % 2],
          on_trusted_miner: false,
        }),
        facilitator: said('wss://facilitator.example'),
        cancelled_by: job.end === 'cancelled' ? said('its user') : null,
        ...(job.end === 'waiting' && {
          waits_for: said('3 of 3 miners with this class are busy, the next is expected free in about 40 s.'),
          waits_since: ago(job.age - 1),
          waits_until: ago(-3_600),
        }),
      };
    }),
  );
  await store(
    query,
    'job_event',
    jobs.flatMap((job) =>
      validatorStatuses(job).map(([status, after]) => ({
        job_uuid: job.uuid,
        status,
        at: ago(job.age - after),
        metadata: ['failed', 'horde_failed', 'rejected'].includes(status)
          ? JSON.stringify({ job_failure_details: { message: said(whyNot(job.end)) } })
          : null,
      })),
    ),
  );
  const attempted = jobs.filter(({ end }) => end !== 'waiting' && end !== 'rejected');
  await store(
    query,
    'attempt',
    attempted.map((job) => attemptRow(job, said)),
  );
  await store(
    query,
    'routing_decision',
    attempted.map((job) => ({
      job_uuid: job.uuid,
      attempt: uuidOf(`attempt ${job.number}`),
      decided_at: ago(job.age - 0.9),
      decision: JSON.stringify({
        says: 'The miner with the best reliability that has an executor free.',
        candidates: [
          [minerOf(job), -0.5, 0.62, 4, 1, 740, 'chosen'],
          [miners[1], -2, 0.21, 2, 2, 512, 'busy'],
          [miners[2], 0, 0, 1, 0, 0, 'blacklisted'],
        ],
        others: { allowance: 3 },
      }),
    })),
  );
  await store(
    query,
    'receipt',
    attempted.flatMap((job) => receiptRows(job, self)),
  );
  const running = jobs[1]!;
  for (const job of [running, jobs.find(({ end }) => end === 'failed')!]) await storeOutput(query, job, said);
  await store(
    query,
    'job_frame',
    [
      ['facilitator', false, 'V2JobRequest', 0.3],
      ['miner', true, 'V0InitialJobRequest', 1],
      ['miner', false, 'V0AcceptJobRequest', 1.6],
      ['miner', false, 'V0ExecutorReadyRequest', 7.5],
    ].map(([peer, is_sent, type, after]) => ({
      job_uuid: running.uuid,
      at: ago(running.age - Number(after)),
      peer,
      is_sent,
      called: running.uuid,
      type,
      size: 655,
      body: JSON.stringify({ message_type: type, job_uuid: running.uuid, docker_image: said(images[0]) }),
    })),
  );
}

const limits = {
  download_time_limit: 60,
  execution_time_limit: 300,
  upload_time_limit: 30,
  streaming_start_time_limit: 0,
};

const requestOf = ({ uuid, number }: SeenJob, said: Strangers): NewJob =>
  make(NewJob, {
    uuid,
    executor_class: classes[number % 2]!,
    docker_image: said(images[number % 3]!),
    args: ['--batch', '32', said('--model=small')],
    env: new Map([[said('HF_HOME'), 'x']]),
    ...limits,
  });

const validatorStatuses = (job: SeenJob): [string, number][] =>
  statusesOf(job).filter(([status]) => status !== 'sent');

const minerOf = ({ number }: SeenJob): string => miners[number % 5 === 2 ? 1 : 0];
const outcomes: Record<string, string | null> = {
  running: null,
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  horde_failed: 'horde_failed',
};

function attemptRow(job: SeenJob, said: Strangers): Record<string, unknown> {
  const isOver = job.end !== 'running';
  return {
    job_uuid: job.uuid,
    number: 1,
    uuid: uuidOf(`attempt ${job.number}`),
    miner_hotkey: minerOf(job),
    miner_ip: '198.51.100.11',
    miner_port: 8000,
    started_at: ago(job.age - 1),
    deadline: isOver ? null : ago(-280),
    ended_at: isOver ? ago(job.age - validatorStatuses(job).at(-1)![1]) : null,
    outcome: outcomes[job.end],
    reason: job.end === 'horde_failed' ? said('executor_readiness_response_timed_out') : null,
    message: whyNot(job.end) && said(whyNot(job.end)),
    booking_id: uuidOf(`booking ${job.number}`),
    machine_told: false,
  };
}

function bookingRow(job: SeenJob): Record<string, unknown> {
  const first = lastBlock - 400 - job.number * 60;
  return {
    id: uuidOf(`booking ${job.number}`),
    miner_hotkey: minerOf(job),
    executor_class: classes[job.number % 2],
    blocks: `{[${first},${first + 4})}`,
    last_block: first + 3,
    seconds: 420,
    created_at: ago(job.age - 1),
    expires_at: job.end === 'running' ? ago(-600) : job.end === 'rejected' ? ago(1) : null,
  };
}

function receiptRows(job: SeenJob, self: string): Record<string, unknown>[] {
  const common = {
    job_uuid: uuidOf(`attempt ${job.number}`),
    miner_hotkey: minerOf(job),
    payload: '{}',
    validator_signature: '0x',
    miner_signature: job.number % 6 === 5 ? null : '0x',
    executor_class: classes[job.number % 2],
    created_at: ago(job.age),
  };
  const by = (validator_hotkey: string, uuid = common.job_uuid) => [
    {
      ...common,
      job_uuid: uuid,
      validator_hotkey,
      receipt_type: 'JobStartedReceipt',
      timestamp: ago(job.age - 1),
      is_organic: true,
      expires_at: ago(job.age - 19),
    },
    ...(job.end === 'completed' || job.end === 'failed'
      ? [
          {
            ...common,
            job_uuid: uuid,
            validator_hotkey,
            receipt_type: 'JobFinishedReceipt',
            timestamp: ago(job.age - job.took - 17),
            score: job.took + 14.2,
            block_numbers: [lastBlock - 400 - job.number * 60],
          },
        ]
      : []),
  ];
  return job.number % 7 === 3 ? [...by(self), ...by(foreign, uuidOf(`foreign ${job.number}`))] : by(self);
}

/** What is listed by itself: the whitelist, cycles, events, changes. */
async function storeRecords(query: Query, said: Strangers, self: string): Promise<void> {
  await store(query, 'whitelisted_hotkey', [
    { hotkey: user(1).address, created_at: ago(800_000) },
    { hotkey: user(2).address, created_at: ago(90_000) },
  ]);
  await query(`update job set signatory = $2 where signatory = $1`, '', self);
  const [one, two, three] = miners;
  const reasons = {
    neurons_block: lastBlock - 80,
    neurons: 256,
    limits: { min_allowed_weights: 1, max_weight_limit: 1 },
    classes: [
      {
        executor_class: classes[0],
        weight: 0.8,
        total: 4_210.5,
        coldkeys: [
          {
            coldkey: coldkey(1).address,
            total: 3_900,
            main_hotkey: one,
            previous_main_hotkey: two,
            danced: true,
            shares: { [one]: 3_400, [two]: 500 },
          },
          {
            coldkey: coldkey(2).address,
            total: 310.5,
            main_hotkey: null,
            previous_main_hotkey: null,
            danced: false,
            shares: { [three]: 310.5 },
          },
        ],
      },
    ],
    lost: {},
    cheated: [{ job_uuid: uuidOf('cheated'), miner_hotkey: three, cost: 41.2 }],
    burn: { main: one, parts: { [miners[3]]: 0.4 } },
  };
  const cycle = (back: number) => lastCycle - 722 * back;
  const facts = (start: number) => ({
    cycle_start: start,
    cycle_end: start + 722,
    window_from: start + 1_097,
    window_until: start + 1_443,
  });
  await store(query, 'cycle_weights', [
    {
      ...facts(cycle(0)),
      state: 'confirmed',
      note: said('The chain has the weights since block 5871190.'),
      weights: JSON.stringify([
        [one, 0.71],
        [two, 0.1],
        [miners[3], 0.19],
      ]),
      reasons: JSON.stringify(reasons),
      inputs_digest: '9f2c41d0'.repeat(8),
      computed_at: ago(900),
      attempts: 1,
      first_sent_block: lastBlock - 20,
      last_sent_block: lastBlock - 20,
      confirmed_block: lastBlock - 14,
    },
    {
      ...facts(cycle(1)),
      state: 'missed',
      note: said('Pylon did not answer until the window was over.'),
      weights: null,
      reasons: null,
      attempts: 4,
    },
  ]);
  const event = (number: number, type: string, subtype: string, description: string) => ({
    type,
    subtype: said(subtype),
    at: ago(300 + number * 700),
    description: said(description),
    data: { job_uuid: jobs[number]!.uuid, [said('miner_hotkey')]: said(one) },
    sent_at: number > 0 ? ago(290 + number * 700) : null,
  });
  await store(query, 'system_event', [
    event(0, 'JOB_ROUTING', 'SUCCESS', 'A miner was chosen.'),
    event(1, 'MINER_ORGANIC_JOB_FAILURE', 'JOB_FAILED', whyNot('failed')),
    event(2, 'MINER_ORGANIC_JOB_SUCCESS', 'JOB_FINISHED', 'The job has completed.'),
    event(3, 'WEIGHT_SETTING_SUCCESS', 'SET_WEIGHTS_SUCCESS', 'The weights were handed in.'),
  ]);
  await store(query, 'audit_entry', [
    {
      at: ago(5_400),
      operator: 'cook',
      action: 'blacklist a miner',
      subject: three,
      before: null,
      after: { because: 'it gave out the same results for different inputs', hours: 24 },
    },
  ]);
}
