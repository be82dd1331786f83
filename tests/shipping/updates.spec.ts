import { makeTestImage } from '@horde/testing/test-image';
import type { ReleaseList } from '@horde/release';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JobStream } from './job-stream.ts';
import { pushNextRelease, type Difference } from './next-image.ts';
import { crashing, neverReady, withMigration } from './next-miner.ts';
import { ReleasePlace } from './release-place.ts';
import { UpdatedMiner, type MinerRelease } from './updated-miner.ts';

/** Makes all images, installs a miner and updates it twenty times: a quarter of an hour, with `./horde test --all`. */
const whole = process.env['WHOLE_UPDATES'] !== undefined;

const long = 400_000;

describe.runIf(whole)('a miner that jobs go through without a pause', () => {
  let place: ReleasePlace;
  let miner: UpdatedMiner;
  let image: Awaited<ReturnType<typeof makeTestImage>>;
  let streams: JobStream[];
  /** As they were shipped first. */
  let first: ReleaseList;
  /** Two that differ in code and schema, and those that no install may stay at. */
  const releases: Record<string, MinerRelease> = {};
  /** What runs. */
  let here: MinerRelease;

  const next = async (difference: Difference): Promise<MinerRelease> => {
    const [app, runner] = await pushNextRelease(`${place.registryHost}/horde`, 'miner', first, difference);
    return { app: app!, runner: runner! };
  };
  const imagesOf = ({ app, runner }: MinerRelease) => [
    ...first.images.filter(({ name }) => name !== app.name && name !== runner.name),
    app,
    runner,
  ];
  const finished = () => streams.map((stream) => stream.finished);
  /** Each stream has a job done from now on, and none was lost so far. */
  const jobsGoThrough = async () => {
    const before = finished();
    await vi.waitFor(() => finished().forEach((count, at) => expect(count).toBeGreaterThan(before[at]!)), {
      timeout: long,
      interval: 200,
    });
    expect(streams.flatMap(({ lost }) => lost)).toEqual([]);
  };
  /** Offers another release than what runs, and has it taken. @returns the list's number */
  const begin = async (release: MinerRelease, during: Promise<unknown> | null = null): Promise<number> => {
    const { number } = place.publish({ images: imagesOf(release) });
    const { code, said } = await miner.update();
    expect(code, said).toBe(0);
    await during;
    return number;
  };
  const other = () => (here === releases['one'] ? releases['other']! : releases['one']!);
  const kept = async () => {
    const { current, trouble, refused } = await miner.settled();
    here = other();
    expect(current?.id, JSON.stringify({ trouble, refused: refused.at(-1) })).toBe(here.runner.id);
    await miner.runs(here);
  };
  const takenBack = async (number: number): Promise<string> => {
    const { refused } = await miner.settled();
    await miner.runs(here);
    expect(refused.at(-1)).toMatchObject({ number });
    return refused.at(-1)!.why;
  };

  beforeAll(async () => {
    [place, image] = await Promise.all([ReleasePlace.open(), makeTestImage()]);
    first = await place.ship();
    const of = (name: string) => first.images.find((one) => one.name === name)!;
    here = releases['one'] = { app: of('miner'), runner: of('miner-runner') };
    releases['other'] = await next(
      withMigration('Next1899000000000', "alter table job add column next text not null default 'new'"),
    );
    releases['never ready'] = await next(neverReady);
    releases['crashing'] = await next(crashing);
    releases['not migrating'] = await next(withMigration('Failing1899000000001', 'select 1 / 0'));
    releases['strange'] = await next({ recipe: [] });
    miner = await UpdatedMiner.install(place, image.reference);
    streams = [];
    for (let count = 0; count < 2; count++)
      streams.push(new JobStream(await miner.validator(), image.reference));
    await jobsGoThrough();
  }, 1_800_000);
  afterAll(async () => {
    await Promise.all([miner?.near.remove(), image?.remove()]);
    await place?.close();
  }, 120_000);

  describe('in twenty updates between two releases', () => {
    /** What becomes of an update. */
    const stays: Record<string, () => Promise<unknown>> = {
      'is taken': () => begin(other()),
      'is taken by the runner itself, which looks when it starts': async () => {
        place.publish({ images: imagesOf(other()) });
        await miner.run('docker restart -t 2 compute_horde_miner-miner-runner-1');
        await vi.waitFor(async () => expect((await miner.state()).update).not.toBeNull(), { timeout: long });
      },
      ...Object.fromEntries(
        ['fetched', 'migrated', 'switched', 'watched'].map((stage) => [
          `is taken although the updater is killed at ${stage}`,
          () => begin(other(), miner.killUpdaterAt(stage)),
        ]),
      ),
    };
    const goes: Record<string, () => Promise<number>> = {
      'never gets ready': () => begin(releases['never ready']!),
      'crashes after a while': () => begin(releases['crashing']!),
      'has a migration that fails': () => begin(releases['not migrating']!),
      'never gets ready, and the updater is killed on the way back': () =>
        begin(releases['never ready']!, miner.killUpdaterAt('back')),
    };
    const plain = 'is taken';
    const twenty = [
      ...Object.keys(stays).flatMap((name) => (name === plain ? [plain] : [name, plain])),
      ...Object.keys(goes).flatMap((name) => [name, plain]),
      plain,
    ].map((name, at): [number, string] => [at + 1, name]);

    it.each(twenty)('%i: one that %s', { timeout: long }, async (_number, name) => {
      if (name in stays) {
        await stays[name]!();
        await kept();
      } else {
        const number = await goes[name]!();
        expect(await takenBack(number)).not.toBe('');
      }
      await jobsGoThrough();
    });
  });

  it('leaves no job and no executor behind', { timeout: long }, async () => {
    await Promise.all(streams.map((stream) => stream.stop()));
    expect(streams.flatMap(({ lost }) => lost)).toEqual([]);
    await vi.waitFor(
      async () =>
        expect((await miner.run("docker ps -a --format '{{.Names}}'")).trim().split('\n').toSorted()).toEqual(
          ['app', 'db', 'miner-runner', 'pylon'].map((service) => `compute_horde_miner-${service}-1`),
        ),
      { timeout: 60_000, interval: 500 },
    );
  });

  describe('when somebody else has a say in what is offered', () => {
    const attacks: Record<string, [attack: () => void, why: RegExp]> = {
      'a list without a signature': [
        () => place.put(place.signed(strange())[0], null),
        /signature|could not be fetched/,
      ],
      'a list of a stranger': [
        () => place.put(...place.signed(strange(), 'stranger')),
        /not signed by a key/,
      ],
      'a list of the key that signs keys': [
        () => place.put(...place.signed(strange(), 'offline')),
        /not signed by a key/,
      ],
      'a list that was signed when it was new': [
        () => place.put(...place.signed({ ...strange(), number: first.number })),
        /it is an old one/,
      ],
      'a list that is over': [
        () => place.put(...place.signed({ ...strange(), expires: new Date('2026-01-01T00:00:00Z') })),
        /has expired/,
      ],
      'a list of another channel': [
        () => place.put(...place.signed({ ...strange(), channel: 'preprod' })),
        /of channel preprod/,
      ],
      'a list whose digest is not of its image': [
        () => {
          const { runner } = releases['strange']!;
          const mixed = { ...runner, id: `sha256:${'0'.repeat(64)}` };
          place.put(...place.signed({ ...strange(), images: imagesOf({ ...here, runner: mixed }) }));
        },
        /the list says/,
      ],
    };
    const strange = () => ({
      ...first,
      number: place.list.number + 1,
      images: imagesOf(releases['strange']!),
    });
    const namesOf = ({ app, runner }: MinerRelease) =>
      [app, runner].flatMap(({ id, digest }) => [id, digest]);

    it.each(Object.keys(attacks))('%s: nothing of it is started', { timeout: long }, async (name) => {
      const good = place.signed(place.list);
      const [attack, why] = attacks[name]!;
      let said = '';
      const started = await miner.startedDuring(async () => {
        attack();
        ({ said } = await miner.update());
        await miner.settled();
      });
      expect(said).toMatch(why);
      for (const image of namesOf(releases['strange']!)) expect(started).not.toContain(image);
      await miner.runs(here);
      place.put(...good);
    });

    it(
      'a runner that an old watchtower puts in the place of this one starts nothing of its own',
      { timeout: long },
      async () => {
        const { app, runner } = releases['strange']!;
        const name = 'compute_horde_miner-miner-runner-1';
        const started = await miner.startedDuring(async () => {
          await miner.run(replacedBy(name, `${place.registryHost}/horde/miner-runner@${runner.digest}`));
          await vi.waitFor(
            async () =>
              expect((await miner.run(`docker inspect -f '{{.Image}}' ${name}`)).trim()).toBe(here.runner.id),
            { timeout: long, interval: 500 },
          );
          await miner.settled();
        });
        expect(started).not.toContain(app.id);
        expect(started).not.toContain(app.digest);
        await miner.runs(here);
      },
    );
  });

  it(
    'comes back when its host is started again and no registry and no list can be reached',
    { timeout: long },
    async () => {
      await miner.near.loseRegistry();
      place.shut();
      await miner.reboot();
      await miner.runs(here);
      streams = [new JobStream(await miner.validator(), image.reference)];
      await jobsGoThrough();
      await streams[0]!.stop();
    },
  );
});

/** As watchtower does it: another container of the same name, with all that the one before had but its image. */
const replacedBy = (name: string, image: string): string =>
  `docker pull -q ${image} && docker stop -t 2 ${name} && docker rm ${name} && docker run -d --name ${name} --restart unless-stopped ` +
  '--label com.docker.compose.project=compute_horde_miner --label com.docker.compose.service=miner-runner --label com.docker.compose.container-number=1 --label com.docker.compose.oneoff=False ' +
  '-v /var/run/docker.sock:/var/run/docker.sock -v /root/.bittensor/wallets:/root/.bittensor/wallets -v /root/compute_horde_miner/.env:/root/.env ' +
  `--log-opt max-size=10m ${image}`;
