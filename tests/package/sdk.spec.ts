import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificate } from '@horde/network';
import {
  eventStream,
  eventText,
  jobText,
  scriptedUuid,
  ScriptedFacilitator,
  statusEntry,
} from '@horde/testing/user-facilitator/scripted-facilitator';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = process.cwd();
const examples = ['run-and-save.ts', 'stream.ts'];
/** What the pieces of the guide stand in. */
const guideBegins = `import { readFileSync, writeFileSync } from 'node:fs';
import { FallbackClient, HordeClient, HordeClientError, saveResult, SkyCloud, type Job, type JobSpec, type SavedJob } from '@horde/sdk';
declare const client: HordeClient;
declare const job: Job;
declare const spec: JobSpec;
`;
const pieces = (markdown: string) => [...markdown.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);

let folder: string;

/** An empty project with nothing but what would be published, and the programs of README, guide and examples. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-sdk-'));
  const npm = (...args: string[]) => run('npm', [...args, '--offline', '--silent'], { cwd: folder });
  const { stdout } = await npm('pack', path.join(root, 'libs/sdk/dist'));
  await writeFile(path.join(folder, 'package.json'), '{"type":"module","private":true}');
  await npm('install', '--no-audit', '--no-fund', `./${stdout.trim()}`);
  const readme = await readFile(path.join(folder, 'node_modules/@horde/sdk/README.md'), 'utf8');
  await writeFile(path.join(folder, 'main.ts'), pieces(readme)[0]!);
  const guide = pieces(await readFile(path.join(root, 'docs/sdk.md'), 'utf8'));
  const functions = guide.map((code, at) => `export async function piece${at}() {\n${code}}\n`);
  await writeFile(path.join(folder, 'guide.ts'), guideBegins + functions.join(''));
  for (const file of examples) await copyFile(path.join(root, 'examples/sdk', file), path.join(folder, file));
  await mkdir(path.join(folder, 'input'));
  await writeFile(path.join(folder, 'input/a.txt'), 'one');
});
afterAll(() => rm(folder, { recursive: true }));

const started = ({ url }: ScriptedFacilitator) => ({
  cwd: folder,
  env: {
    PATH: process.env['PATH'],
    FACILITATOR_URL: url,
    HOTKEY_FILE: path.join(folder, 'hotkey.json'),
    VALIDATOR_HOTKEY: '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy',
  },
});

describe('a project with nothing but the published SDK', () => {
  it('runs the example of its README', async () => {
    const facilitator = await ScriptedFacilitator.start();
    const [sent, completed] = [statusEntry('sent'), statusEntry('completed')];
    facilitator
      .on('POST /api/v1/job-docker/', [201, jobText([sent])])
      .on(
        `GET /api/v1/jobs/${scriptedUuid}/events/`,
        eventStream(
          eventText(1, 'status', sent),
          eventText(2, 'wait', { waits_for: 'a miner accepts', since: null, until: null }),
          eventText(3, 'output', { stream: 'stdout', offset: 0, text: '3 /volume/in/a.txt\n' }),
          eventText(4, 'status', completed),
          eventText(5, 'end', { status: 'completed' }),
        ),
      )
      .on(`GET /api/v1/jobs/${scriptedUuid}/`, [200, jobText([sent, completed])]);
    const { stdout, stderr } = await run(process.execPath, ['main.ts'], started(facilitator));
    expect(stdout).toBe('3 /volume/in/a.txt\n');
    expect(stderr).toBe('sent\nwaits: a miner accepts\ncompleted\ndone\n');
    await facilitator.stop();
  });

  it('runs the example that runs a job again where it failed and saves what it left', async () => {
    const facilitator = await ScriptedFacilitator.start();
    const done = jobText([statusEntry('completed')], {
      stdout: 'sums\n',
      artifacts: { '/artifacts/sums': 'c3Vtcwo=' },
    });
    facilitator.on(
      'POST /api/v1/job-docker/',
      [201, jobText([statusEntry('failed')])],
      [201, done],
      [201, done],
    );
    const ran = await run(process.execPath, ['run-and-save.ts', 'input', 'result'], started(facilitator));
    expect(ran.stderr.match(/^attempt \d/gm)).toEqual(['attempt 1', 'attempt 2']);
    expect(ran.stderr).toMatch(/^checked: (not_chosen|agrees)$/m);
    expect(await readFile(path.join(folder, 'result/artifacts/sums'), 'utf8')).toBe('sums\n');
    await facilitator.stop();
  });

  it('runs the example that talks to a job while it runs', async () => {
    const facilitator = await ScriptedFacilitator.start();
    const certificate = await makeCertificate([]);
    const server = createServer(
      { cert: certificate.certificate, key: certificate.key },
      (request, response) => response.end(`${request.method} ${request.url}`),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const ready = statusEntry('streaming_ready', {
      streaming_details: {
        streaming_server_cert: certificate.certificate,
        streaming_server_address: '127.0.0.1',
        streaming_server_port: (server.address() as AddressInfo).port,
      },
    });
    facilitator
      .on('POST /api/v1/job-docker/', [201, jobText([statusEntry('sent')])])
      .on(`GET /api/v1/jobs/${scriptedUuid}/events/`, eventStream(eventText(1, 'status', ready)))
      .on(`POST /api/v1/jobs/${scriptedUuid}/cancel/`, [202, jobText([ready])]);
    const { stdout } = await run(process.execPath, ['stream.ts'], started(facilitator));
    expect(stdout).toBe('200 POST /generate\n');
    server.close();
    await facilitator.stop();
  });

  it('and compiles it, the others and the guide, with types that need nothing of this workspace', async () => {
    await symlink(path.join(root, 'node_modules/@types'), path.join(folder, 'node_modules/@types'));
    const programs = ['main.ts', 'guide.ts', ...examples].map((file) => path.join(folder, file));
    const host = ts.createCompilerHost({});
    const options: ts.CompilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts'],
      module: ts.ModuleKind.NodeNext,
      types: ['node'],
      typeRoots: [path.join(folder, 'node_modules/@types')],
    };
    const compiled = ts.createProgram(programs, options, { ...host, getCurrentDirectory: () => folder });
    // Of all files those that are ours: checking the rest takes half a minute.
    const types = path.join(folder, 'node_modules/@horde/sdk/index.d.ts');
    const problems = [...programs, types].flatMap((file) =>
      compiled.getSemanticDiagnostics(compiled.getSourceFile(file)!),
    );
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    const sources = compiled.getSourceFiles().map(({ fileName }) => fileName);
    expect(sources.filter((file) => file.startsWith(path.join(root, 'libs')))).toEqual([]);
  });

  it('has a reference, made from its types', async () => {
    const reference = await readFile(path.join(folder, 'node_modules/@horde/sdk/REFERENCE.md'), 'utf8');
    expect(reference).toMatch(/## HordeClient\n\nRuns jobs through a ComputeHorde facilitator[.]/);
    expect(reference).not.toContain('## Sr25519');
  });

  it('has the licences of what is in it', async () => {
    const licences = await readFile(
      path.join(folder, 'node_modules/@horde/sdk/THIRD_PARTY_LICENSES'),
      'utf8',
    );
    for (const name of ['@polkadot-labs/schnorrkel-wasm', 'eventsource-parser', '@peculiar/x509'])
      expect(licences).toContain(`${name} `);
    const { dependencies } = JSON.parse(
      await readFile(path.join(folder, 'node_modules/@horde/sdk/package.json'), 'utf8'),
    ) as { dependencies?: object };
    expect(dependencies).toBeUndefined();
  });
});
