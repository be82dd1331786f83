import { rmSync } from 'node:fs';
import type { AlertMessage } from '@horde/alerts';
import { startHorde, type Running } from '@horde/testing/horde';
import { mailServer } from '@horde/testing/mail-server';
import { because } from '@horde/testing/missing';
import { missingPrometheus } from '@horde/testing/prometheus';
import { serve } from '@horde/testing/web-server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serversFile } from '../executor-managers/servers-file.ts';
import { SshHost } from '../executor-managers/ssh-host.ts';
import { shippedQueries, shippedRules } from './conditions.ts';
import { temporaryFolder, WatchedNetwork } from './watched-network.ts';

const missing =
  process.env['RUNNING_NETWORK'] === 'yes' ? missingPrometheus : 'a watched network is of ./horde test --all';

/** Instead of the limits that ship. */
const limits = {
  ServiceRestarts: 1,
  FacilitatorJobsUndelivered: 2,
  ValidatorJobsWait: 2,
  ValidatorUpdatesUntaken: 2,
};
/** What has stood still for so long is above each limit that ships. @unit s */
const long = 4 * 3_600;

/** What fires and ends in tests/monitoring/prometheus.spec.ts alone, over chosen values, and why. */
const notProvoked: Record<string, string> = {
  FacilitatorBackupStands: 'no place for backups is set there',
  ValidatorBackupStands: 'no place for backups is set there',
  MinerBackupStands: 'no place for backups is set there',
  MinerJobsLetDown: 'half of ten jobs would have to fail at the miner, and the rule is the others’',
  FacilitatorJobsWait: 'a job is overdue there after minutes that its limits give the validator',
  MinerJobsWait: 'an executor that does not come is given up within the seconds between two looks',
  FacilitatorDiskFills: 'filling a disk harms whatever else runs on the machine',
  ValidatorDiskFills: 'filling a disk harms whatever else runs on the machine',
  MinerHostDiskFills: 'filling a disk harms whatever else runs on the machine',
  MinerDiskFills: 'filling a disk harms whatever else runs on the machine',
  FacilitatorCertificateEnds: 'libs/tls has certificates that end and are renewed',
  ValidatorCertificateEnds: 'libs/tls has certificates that end and are renewed',
  MinerCertificateEnds: 'libs/tls has certificates that end and are renewed',
  FacilitatorUpdateRefused: 'no runner has started it; tests/runner takes updates back',
  ValidatorUpdateRefused: 'no runner has started it; tests/runner takes updates back',
  MinerUpdateRefused: 'no runner has started it; tests/runner takes updates back',
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

  /** These alerts fire by what is done, and end by what undoes it. @param again is done until they fire */
  async function provoke(
    names: string[],
    cause: () => Promise<() => Promise<void> | void>,
    again?: () => Promise<void>,
  ): Promise<void> {
    const undo = await cause();
    try {
      await network.fires(names, again);
    } finally {
      await undo();
    }
    await network.ends(names);
    for (const name of names) provoked.add(name);
  }

  const letJobsDown = () =>
    provoke(['FacilitatorJobsLetDown', 'ValidatorJobsLetDown'], async () => {
      await network.createVainJobs(10);
      return () => network.ageJobs();
    });

  const silenceChain = () =>
    provoke(
      ['FacilitatorChainSilent', 'ValidatorChainBehind', 'MinerChainSilent'],
      async () => {
        const goOn = network.hang('devnet');
        return async () => {
          goOn();
          await network.type('run', 'miner', 'fetch_validators');
          await network.type('run', 'facilitator', 'sync_metagraph');
        };
      },
      async () => {
        await network.lastDone('facilitator', 'chain', long);
        await network.lastDone('miner', 'chain', long);
        await network.newestBlock(long);
      },
    );

  const fillDatabase = () =>
    provoke(['FacilitatorNotReady', 'ValidatorNotReady', 'MinerNotReady'], () => network.fillDatabase());

  it('tells of a clock that is wrong, and of a service that is started again and again', async () => {
    const ahead = 'const now = Date.now; Date.now = () => now() + 60_000;';
    const shifted = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` };
    await provoke(['MinerClockOff'], async () => {
      await network.restart('miner');
      // One that ends before anybody has looked is no start for Prometheus.
      await network.has('changes(process_start_time_seconds{job="miner"}[2m]) > 0');
      await network.restart('miner', shifted);
      return async () => {
        await network.fires(['ServiceRestarts']);
        await network.restart('miner', { NODE_OPTIONS: '', PROCESS_EXECUTORS: '1', WARM_EXECUTORS: '0' });
      };
    });
  }, 400_000);

  it('tells of a validator that is away from its facilitator, and of jobs that nobody takes', async () => {
    // Before a facilitator is killed: the connections that it had would count for three minutes.
    let job: Running;
    await provoke(['FacilitatorHasNoValidator', 'FacilitatorJobsUndelivered', 'ServiceDown'], async () => {
      const start = await network.kill('validator');
      job = startHorde(run('true'), network.data);
      return async () => {
        expect(await network.type('validators', 'list')).toMatch(/ no {2}/);
        // Until its end the network fetches receipts.
        await start({ DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true' });
      };
    });
    expect((await job!.finished).code).toBe(0);
  }, 400_000);

  it('tells of jobs that wait, and of a facilitator that is away from its validator', async () => {
    const first = startHorde(
      run('echo begun; until [ -e /volume/enough ]; do sleep 0.2; done'),
      network.data,
    );
    await first.line(/^begun$/);
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
    for (const { finished } of [first, waiting!]) expect((await finished).code).toBe(0);
  }, 400_000);

  it('tells of a miner that does not answer, and of old records that stay, until they are removed', async () => {
    const services = ['facilitator', 'validator', 'miner'];
    await network.has('horde_last_done_seconds{work="receipts"}');
    await provoke(
      ['ValidatorFetchesNoReceipts'],
      async () => {
        const goOn = network.hang('miner');
        return async () => {
          goOn();
          await provoke(
            ['FacilitatorRetentionStands', 'ValidatorRetentionStands', 'MinerRetentionStands'],
            async () => {
              for (const service of services) await network.lastDone(service, 'retention', long);
              return async () => {
                for (const service of services) await network.type('run', service, 'evict_old_data');
              };
            },
          );
        };
      },
      () => network.lastDone('validator', 'receipts', long),
    );
  }, 400_000);

  it('tells of a host that is out of reach, by webhook and mail, too, of jobs in vain, of a silent chain, and of a full database', async () => {
    const { url: webhook, received } = await serve((_, response) => response.end());
    const { url: ALERT_MAIL_SERVER, mails } = await mailServer();
    const told = () => received.map(({ body }) => JSON.parse(body.toString()) as AlertMessage);
    const isTold = async (status: string) => {
      await expect
        .poll(() => told().map((one) => `${one.alert} ${one.status}`), { timeout: 120_000 })
        .toContain(`MinerHostAway ${status}`);
      await expect.poll(() => mails.join('\n')).toContain(`Subject: ${status}: MinerHostAway (miner on `);
    };
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
      ALERT_WEBHOOK_URL: webhook,
      ALERT_MAIL_SERVER,
      ALERT_MAIL_TO: 'night@example.org',
    });
    await network.has('miner_host_out_of_reach{host="rack-1"} == 0');
    await provoke(['MinerHostAway', 'MinerOffersNothing'], async () => {
      await host.stopSshd();
      // The miner gives a host half a minute to come back, and later takes as long to try it again.
      await letJobsDown();
      await silenceChain();
      await network.hasLasted('miner', 'MinerHostAway');
      await isTold('firing');
      expect(told().find(({ alert }) => alert === 'MinerHostAway')).toMatchObject({
        service: 'miner',
        command: './horde run miner doctor',
        says: expect.stringContaining('at rack-1: it is out of reach') as string,
      });
      return async () => {
        await network.has('ALERTS{alertname="MinerHostAway",alertstate="firing",host="rack-1"}');
        // The validator asks its miners each five minutes.
        await network.type('run', 'validator', 'sync_manifests');
        await network.fires(['ValidatorHasNoMiner']);
        await host.restartSshd();
        await fillDatabase();
      };
    });
    await network.type('run', 'validator', 'sync_manifests');
    await network.ends(['ValidatorHasNoMiner']);
    provoked.add('ValidatorHasNoMiner');
    await isTold('over');
  }, 500_000);

  it('ends what it told of starts once they have become rare', async () => {
    await network.ends(['ServiceRestarts']);
    provoked.add('ServiceRestarts');
  }, 200_000);

  it('has had series for each query of the dashboard', async () => {
    const queries = shippedQueries();
    expect(queries.length).toBeGreaterThan(30);
    // What a panel shows where there is none is not the network's.
    const asked = queries.map((query) => query.replace(/ or (on\(\) )?vector\(0\)$/, ''));
    expect(await network.withoutSeries(asked)).toEqual([]);
  });

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
