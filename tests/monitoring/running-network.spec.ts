import { rmSync } from 'node:fs';
import { startHorde, type Running } from '@horde/testing/horde';
import { because } from '@horde/testing/missing';
import { missingPrometheus } from '@horde/testing/prometheus';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serversFile } from '../executor-managers/servers-file.ts';
import { SshHost } from '../executor-managers/ssh-host.ts';
import { shippedRules } from './conditions.ts';
import { temporaryFolder, WatchedNetwork } from './watched-network.ts';

const missing =
  process.env['RUNNING_NETWORK'] === 'yes' ? missingPrometheus : 'a watched network is of ./horde test --all';

/** Instead of the limits that ship. What is done again and again has to last longer than its interval. */
const limits = {
  ServiceRestarts: 1,
  FacilitatorChainSilent: 30,
  MinerChainSilent: 75,
  ValidatorChainBehind: 120,
  ValidatorFetchesNoReceipts: 50,
  FacilitatorRetentionStands: 60,
  ValidatorRetentionStands: 60,
  MinerRetentionStands: 60,
  FacilitatorJobsUndelivered: 2,
  ValidatorJobsWait: 2,
  ValidatorUpdatesUntaken: 2,
};

/** What fires and ends in tests/monitoring/prometheus.spec.ts alone, over chosen values, and why. */
const notProvoked: Record<string, string> = {
  FacilitatorBackupStands: 'no place for backups is set there',
  ValidatorBackupStands: 'no place for backups is set there',
  MinerBackupStands: 'no place for backups is set there',
  FacilitatorJobsLetDown: 'it ends when an hour has better jobs',
  ValidatorJobsLetDown: 'it ends when an hour has better jobs',
  MinerJobsLetDown: 'it ends when an hour has better jobs',
  FacilitatorJobsWait: 'a job is overdue there after minutes that its limits give the validator',
  MinerJobsWait: 'an executor that does not come is given up within the seconds between two looks',
  FacilitatorDiskFills: 'filling a disk harms whatever else runs on the machine',
  ValidatorDiskFills: 'filling a disk harms whatever else runs on the machine',
  MinerHostDiskFills: 'filling a disk harms whatever else runs on the machine',
  MinerDiskFills: 'filling a disk harms whatever else runs on the machine',
  FacilitatorCertificateEnds: 'libs/tls has certificates that end and are renewed',
  ValidatorCertificateEnds: 'libs/tls has certificates that end and are renewed',
  MinerCertificateEnds: 'libs/tls has certificates that end and are renewed',
  FacilitatorClockOff: 'the gauge is the one that the miner has',
  ValidatorClockOff: 'the gauge is the one that the miner has',
  FacilitatorClockApart: 'the gauge is the one that the miner has',
  ValidatorClockApart: 'the gauge is the one that the miner has',
  MinerClockApart: 'a network of one validator has one peer that tells its time, and one alone rings nothing',
  ValidatorMissesWeights: 'two cycles are 1,444 blocks, which a validator reads for minutes',
};
/** What has fired and ended here. */
const provoked = new Set<string>();

describe.skipIf(missing !== null)(`a network that runs, under Prometheus${because(missing)}`, () => {
  let network: WatchedNetwork;
  let host: SshHost;

  beforeAll(async () => {
    [network, host] = await Promise.all([WatchedNetwork.start(limits), SshHost.start()]);
  }, 300_000);
  afterAll(async () => {
    await host?.remove();
    await network?.stop();
  }, 120_000);

  /** These alerts fire by what is done, and end by what undoes it. */
  async function provoke(
    names: string[],
    cause: () => Promise<() => Promise<void> | void>,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const undo = await cause();
    try {
      await network.fires(...names);
      await meanwhile();
    } finally {
      await undo();
    }
    await network.ends(...names);
    for (const name of names) provoked.add(name);
  }

  it('tells of a validator that is away from its facilitator, and of jobs that nobody takes', async () => {
    let job: Running;
    await provoke(
      ['FacilitatorHasNoValidator', 'FacilitatorJobsUndelivered', 'ServiceDown'],
      async () => {
        const start = await network.kill('validator');
        job = startHorde(run('true'), network.data);
        // Until its end the network fetches receipts.
        return async () => void (await start({ DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true' }));
      },
      async () => expect(await network.type('validators', 'list')).toMatch(/ no {2}/),
    );
    expect((await job!.finished).code).toBe(0);
  }, 400_000);

  it('tells of jobs that wait, and of a facilitator that is away from its validator', async () => {
    await network.restart('miner', { PROCESS_EXECUTORS: '1', WARM_EXECUTORS: '0' });
    const long = startHorde(run('echo begun; until [ -e /volume/enough ]; do sleep 0.2; done'), network.data);
    await long.line(/^begun$/);
    let waiting: Running;
    await provoke(['ValidatorJobsWait'], async () => {
      waiting = startHorde(run('true'), network.data);
      return async () => {
        expect(await network.type('run', 'validator', 'explain')).toMatch(
          /^[0-9a-f-]{36} {2}received, since /,
        );
        await provoke(['ValidatorUpdatesUntaken'], async () => {
          const start = await network.kill('facilitator');
          await network.endJob();
          return async () => void (await start());
        });
      };
    });
    for (const { finished } of [long, waiting!]) expect((await finished).code).toBe(0);
  }, 600_000);

  it('tells of a chain that is away', async () => {
    await provoke(['FacilitatorChainSilent', 'ValidatorChainBehind', 'MinerChainSilent'], async () => {
      const goOn = network.hang('devnet');
      return async () => {
        goOn();
        await network.type('run', 'miner', 'fetch_validators');
        await network.type('run', 'facilitator', 'sync_metagraph');
      };
    });
  }, 600_000);

  it('tells of a miner that does not answer, and has its receipts fetched again', async () => {
    await provoke(['ValidatorFetchesNoReceipts'], async () => network.hang('miner'));
  }, 400_000);

  it('tells of old records that stay, until the command of the alert has removed them', async () => {
    for (const service of ['Facilitator', 'Validator', 'Miner']) {
      const alert = `${service}RetentionStands`;
      await network.fires(alert);
      await network.type('run', service.toLowerCase(), 'evict_old_data');
      await network.ends(alert);
      provoked.add(alert);
    }
  }, 400_000);

  it('tells of a clock that is wrong, and of a service that is started again and again', async () => {
    const ahead = 'const now = Date.now; Date.now = () => now() + 60_000;';
    const shifted = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` };
    await provoke(['MinerClockOff', 'ServiceRestarts'], async () => {
      await network.restart('miner');
      // One that ends before anybody has looked is no start for Prometheus.
      await network.has('changes(process_start_time_seconds{job="miner"}[2m]) > 0');
      await network.restart('miner', shifted);
      return () => network.restart('miner', { NODE_OPTIONS: '' });
    });
  }, 600_000);

  it('tells by its name of an executor host that is out of reach, and that there is no executor', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = serversFile(
      folder,
      `rack-1: { mode: ssh, executor_class: always_on.test, host: ${host.address}, username: root, key_path: ${host.keyPath} }\n`,
    );
    await network.restart('miner', {
      EXECUTOR_MANAGER_CLASS_PATH: 'docker',
      DOCKER_EXECUTORS_CONFIG_PATH: file,
      // No job is run there.
      ADDRESS_FOR_EXECUTORS: '172.17.0.1',
    });
    await network.has('miner_host_out_of_reach{host="rack-1"} == 0');
    await provoke(['MinerHostAway', 'MinerOffersNothing'], async () => {
      await host.cut();
      return async () => {
        await network.has('ALERTS{alertname="MinerHostAway",alertstate="firing",host="rack-1"}');
        // The validator asks its miners each five minutes.
        await network.type('run', 'validator', 'sync_manifests');
        await network.fires('ValidatorHasNoMiner');
        await host.mend();
      };
    });
    await network.type('run', 'validator', 'sync_manifests');
    await network.ends('ValidatorHasNoMiner');
    provoked.add('ValidatorHasNoMiner');
  }, 600_000);

  it('tells of a database that gives no connection more', async () => {
    await provoke(['FacilitatorNotReady', 'ValidatorNotReady', 'MinerNotReady'], () =>
      network.fillDatabase(),
    );
  }, 400_000);

  it('has told of every alert that ships, but for those that are named here', () => {
    const all = shippedRules().groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect([...provoked, ...Object.keys(notProvoked)].toSorted()).toEqual(all.toSorted());
  });
});

/** A job, as a user types it. */
const run = (script: string): string[] => [
  ...'jobs run --profile local --time 300 horde/word-count -- sh -c'.split(' '),
  script,
];
