import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '@horde/testing/free-port';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeBundle } from '../../tools/images/offline-bundle.ts';
import { installScript, serverProgram } from '../../tools/install/script.ts';
import { sign } from '../../tools/release/sign.ts';
import { Operator } from './operator.ts';
import { ensureStandIn } from './stand-in-image.ts';

/** A place of releases, with a key of its own, and an operator who has its script. */
class Place {
  readonly operator = new Operator();
  readonly #files = new Map<string, string>();
  #address = '';
  /** Something listens there: more than that is not looked at before a plan. */
  registry = '';

  static async open(): Promise<Place> {
    const place = new Place();
    const server = createServer((request, answer) => {
      const text = place.#files.get(request.url!);
      answer.writeHead(text === undefined ? 404 : 200).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    place.#address = `http://127.0.0.1:${port}/x`;
    place.registry = `localhost:${port}`;
    for (const key of ['release', 'offline', 'next', 'foreign'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place.#key(key)]);
    // This one fetches in earnest.
    rmSync(path.join(place.operator.folder, 'bin/curl'));
    return place;
  }

  #key = (name: string) => path.join(this.operator.folder, name);

  /** Puts a list there. @param change of its lines */
  publish(change: Record<string, string> = {}, { key = 'release', namespace = 'horde-release' } = {}): void {
    const facts = {
      'horde-release': '1',
      channel: 'stable',
      number: '42',
      expires: '2999-01-01T00:00:00Z',
      share: '100',
      version: '1.4.0',
      'image miner-runner amd64': `sha256:${'a'.repeat(64)} sha256:${'b'.repeat(64)}`,
      ...change,
    };
    this.#putSigned('stable', facts, key, namespace);
  }

  /** Puts a list of keys there, with the next one in the first one's place. */
  replaceKey({ key = 'offline', namespace = 'horde-keys' } = {}): void {
    const next = readFileSync(this.#key('next.pub'), 'utf8').trim();
    this.#putSigned('keys', { 'horde-keys': '1', number: '1', key: next }, key, namespace);
  }

  #putSigned(name: string, facts: Record<string, string>, key: string, namespace: string): void {
    const text = Object.entries(facts).map(([fact, value]) => `${fact} ${value}\n`);
    this.put(`/x/releases/${name}`, text.join(''));
    this.put(`/x/releases/${name}.sig`, sign(text.join(''), this.#key(key), namespace));
  }

  put(file: string, text: string | null): void {
    if (text === null) this.#files.delete(file);
    else this.#files.set(file, text);
  }

  get(file: string): string {
    return this.#files.get(file)!;
  }

  /** Packs what is there into a bundle of this runner. @param release whether the list goes along */
  bundle({ runner = 'b'.repeat(64), release = true } = {}): string {
    const { folder } = this.operator;
    const parts = { release: 'stable', 'release.sig': 'stable.sig', keys: 'keys', 'keys.sig': 'keys.sig' };
    const texts = Object.entries(parts).flatMap(([name, file]): [string, string][] => {
      const text = release ? this.#files.get(`/x/releases/${file}`) : undefined;
      return text === undefined ? [] : [[name, text]];
    });
    const files = texts.map(
      ([name, text]) => `file ${name} sha256:${createHash('sha256').update(text).digest('hex')}`,
    );
    const list = ['horde-bundle 1', 'role miner', 'architecture amd64', `runner sha256:${runner}`, ...files];
    const all: [string, string][] = [['list', `${list.join('\n')}\n`], ...texts];
    for (const [name, text] of all) writeFileSync(path.join(folder, name), text);
    const bundle = path.join(folder, 'miner.bundle');
    execFileSync('tar', ['-cf', bundle, '-C', folder, ...all.map(([name]) => name)]);
    return bundle;
  }

  /** @param more words behind the usual ones @returns what is said, and whether a server was looked for */
  async install(...more: string[]): Promise<{ said: string; printed: string; goesOn: boolean }> {
    rmSync(path.join(this.operator.folder, 'started'), { force: true });
    const script = installScript('miner', {
      REGISTRY: this.registry,
      REPOSITORY_PREFIX: 'horde',
      SCRIPT_ADDRESS: this.#address,
      PUBLIC_KEYS: ['release.pub', 'offline.pub']
        .map((key) => readFileSync(this.#key(key), 'utf8').trim())
        .join(','),
    });
    const { stderr, stdout } = await this.operator.pipe(script, [
      'production',
      'server',
      this.operator.hotkey,
      ...more,
    ]);
    return { said: stderr, printed: stdout, goesOn: this.operator.hasBegun };
  }

  /** Has this machine be the server, with an engine and these settings. */
  becomeServer(settings: string[]): void {
    const { folder } = this.operator;
    const programs = {
      ssh: `case "$*" in *' -s') exec bash --norc --noprofile -s ;; esac`,
      docker: `case "$*" in version*) echo 28.0.1 ;; 'compose version'*) echo 2.30.0 ;; *) exit 1 ;; esac`,
    };
    for (const [name, text] of Object.entries(programs))
      writeFileSync(path.join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    mkdirSync(path.join(folder, 'compute_horde_miner'));
    writeFileSync(path.join(folder, 'compute_horde_miner/.env'), settings.join('\n'));
  }
}

describe('a release list', () => {
  it('that is signed, in time and of this channel is believed', async () => {
    const place = await Place.open();
    place.publish();
    const { said, goesOn } = await place.install();
    expect(said).toContain('Release 1.4.0, number 42 of stable.');
    expect(goesOn).toBe(true);
  });

  it('is believed of a key that the offline one has put in place of the first', async () => {
    const place = await Place.open();
    place.replaceKey();
    place.publish({}, { key: 'next' });
    const { said, goesOn } = await place.install();
    expect([said, goesOn]).toEqual([expect.stringContaining('Release 1.4.0, number 42 of stable.'), true]);
  });

  it.each<[string, (place: Place) => void, string]>([
    [
      'signed by a key that was replaced',
      (place) => {
        place.publish();
        place.replaceKey();
      },
      'not signed by a key',
    ],
    [
      'beside a list of keys that the offline key has not signed',
      (place) => {
        place.publish({}, { key: 'next' });
        place.replaceKey({ key: 'release' });
      },
      'not signed by the offline key',
    ],
    [
      'beside a list of keys that was signed for another purpose',
      (place) => {
        place.publish({}, { key: 'next' });
        place.replaceKey({ namespace: 'horde-release' });
      },
      'not signed by the offline key',
    ],
    [
      'signed by the offline key, which signs keys',
      (place) => place.publish({}, { key: 'offline' }),
      'not signed by a key',
    ],
    ['signed by a foreign key', (place) => place.publish({}, { key: 'foreign' }), 'not signed by a key'],
    [
      'signed for another purpose',
      (place) => place.publish({}, { namespace: 'file' }),
      'not signed by a key',
    ],
    [
      'changed after it was signed',
      (place) => {
        place.publish();
        place.put('/x/releases/stable', place.get('/x/releases/stable').replace('number 42', 'number 43'));
      },
      'not signed by a key',
    ],
    [
      'not signed',
      (place) => {
        place.publish();
        place.put('/x/releases/stable.sig', null);
      },
      'could not be fetched',
    ],
    ['over', (place) => place.publish({ expires: '2026-01-01T00:00:00Z' }), 'ended at 2026-01-01T00:00:00Z'],
    ['without an end', (place) => place.publish({ expires: 'never' }), 'has no end'],
    ['of another channel', (place) => place.publish({ channel: 'preview' }), 'of another channel'],
    ['of a later kind', (place) => place.publish({ 'horde-release': '2' }), 'of a kind'],
  ])('that is %s installs nothing', async (_, publish, why) => {
    const place = await Place.open();
    publish(place);
    const { said, goesOn } = await place.install();
    expect([said, goesOn]).toEqual([expect.stringContaining(why), false]);
  });
});

describe('a bundle', () => {
  it('with the signed list that names its runner is believed, also of a key that was replaced', async () => {
    const place = await Place.open();
    place.publish();
    const first = await place.install('--offline', place.bundle());
    place.replaceKey();
    place.publish({ number: '43' }, { key: 'next' });
    const second = await place.install('--offline', place.bundle());
    expect([first, second]).toEqual(
      [42, 43].map((number) => ({
        said: expect.stringContaining(`Release 1.4.0, number ${number} of stable.`) as string,
        printed: '',
        goesOn: true,
      })),
    );
  });

  it('is made with the list that names its runner, and with no other', async () => {
    const place = await Place.open();
    const runner = await ensureStandIn('miner');
    const list = path.join(place.operator.folder, 'released');
    const file = path.join(place.operator.folder, 'made.bundle');
    const make = () => {
      for (const end of ['', '.sig']) writeFileSync(`${list}${end}`, place.get(`/x/releases/stable${end}`));
      const options = { runner, file, release: list, say: () => undefined };
      return writeBundle(new Docker(), 'miner', options);
    };
    place.publish();
    await expect(make()).rejects.toThrow('does not name this runner');
    place.publish({ 'image miner-runner amd64': `sha256:${'a'.repeat(64)} ${runner}` });
    await make();
    const { said, goesOn } = await place.install('--offline', file);
    expect([said, goesOn]).toEqual([expect.stringContaining('Release 1.4.0, number 42 of stable.'), true]);
  }, 60_000);

  it.each<[string, (place: Place) => string, string]>([
    [
      'of another runner',
      (place) => place.bundle({ runner: 'c'.repeat(64) }),
      'not the one of the signed release',
    ],
    ['without a list', (place) => place.bundle({ release: false }), 'carries no signed release'],
    [
      'with a list of a foreign key',
      (place) => {
        place.publish({}, { key: 'foreign' });
        return place.bundle();
      },
      'not signed by a key',
    ],
    [
      'with a list that is over',
      (place) => {
        place.publish({ expires: '2026-01-01T00:00:00Z' });
        return place.bundle();
      },
      'ended at 2026-01-01T00:00:00Z',
    ],
  ])('%s installs nothing', async (_, make, why) => {
    const place = await Place.open();
    place.publish();
    const { said, goesOn } = await place.install('--offline', make(place));
    expect([said, goesOn]).toEqual([expect.stringContaining(why), false]);
  });
});

describe('a second run of the script', () => {
  const runs = `registry.example/horde/miner-runner@sha256:${'c'.repeat(64)}`;

  it.each([
    ['leaves the runner at its release where the operator holds it', 'UPDATE_HOLD=1'],
    ['starts the runner of the list where nobody holds it', 'UPDATE_HOLD=0'],
  ])('%s', async (_, line) => {
    const place = await Place.open();
    place.publish();
    const port = await freePort();
    place.becomeServer([
      'SECRET_KEY=x',
      `BITTENSOR_MINER_PORT=${port}`,
      `PORT_FOR_EXECUTORS=${port}`,
      `RUNNER_IMAGE=${runs}`,
      line,
    ]);
    const { said, printed } = await place.install('--dry-run');
    const plan = printed.split('\n').filter((one) => one.includes('the runner image'));
    expect(plan, said).toEqual([
      line === 'UPDATE_HOLD=1'
        ? `  - leave the runner image ${runs}, since UPDATE_HOLD is set in .env`
        : '  - pull the runner image',
    ]);
  });
});

describe('a server that knows a newer list', () => {
  /** What its check says of a list with this number. */
  async function check(number: string): Promise<string> {
    const { folder } = new Operator();
    const docker = `#!/bin/sh
case "$*" in
  version*) echo 28.0.1 ;;
  'exec compute_horde_miner-miner-runner-1 runner newest stable') echo 42 ;;
  *) exit 1 ;;
esac
`;
    writeFileSync(path.join(folder, 'bin/docker'), docker, { mode: 0o755 });
    const child = spawn('bash', ['--norc', '--noprofile', '-s'], {
      env: { PATH: `${folder}/bin:${process.env['PATH']}`, HOME: folder },
    });
    const now = String(Math.floor(Date.now() / 1_000));
    const values = {
      role: 'miner',
      wallet_name: 'mine',
      hotkey_name: 'default',
      now,
      number,
      channel: 'stable',
    };
    child.stdin.end(`${serverProgram()}${['check', ...Object.entries(values).flat(), '', ''].join('\0')}`);
    return text(child.stderr);
  }

  it('refuses an older one, although that is signed and in time', async () => {
    expect(await check('41')).toContain('The release list has number 41, and this server has seen number 42');
    for (const number of ['42', '43'])
      expect(await check(number)).not.toContain('The release list has number');
  });
});
