import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InlineVolume, make, SingleFilePut, ZipUrlVolume } from '@horde/protocol';
import type { JobSpec } from '@horde/sdk';
import { executorClass } from '../network/services.ts';
import { root } from '../paths.ts';
import { zipFolder } from './archive.ts';
import type { Exchange } from './exchange.ts';
import type { InputFolder } from '../folder.ts';
import type { Report } from './report.ts';

/** Up to this size the files travel inside the job's message; above it the executor fetches them. @unit bytes */
const largestInline = 512 * 1024;
/** A report below this size comes back as an artifact; a larger one is uploaded. @unit bytes */
const largestArtifact = 900_000;

export interface DemoJob {
  spec: JobSpec;
  /** The command in its container. */
  command: string[];
  /** How the files reach the job, as a sentence. */
  transport: string;
  /** The report, when it comes by upload; null when it comes as an artifact. */
  uploaded: Promise<Buffer> | null;
}

interface PrepareJob {
  input: InputFolder;
  /** What the job will answer: its size decides how the answer comes back. */
  expected: Report;
  /** null: the job runs as a plain process. */
  image: string | null;
  exchange: Exchange;
  folder: string;
}

/** The main job: count the words and take the SHA-256 of every file. */
export async function prepareJob({ input, expected, image, exchange, folder }: PrepareJob): Promise<DemoJob> {
  const archive = path.join(folder, 'input.zip');
  const size = await zipFolder(input, archive);
  const inline = size <= largestInline;
  const volume = inline
    ? make(InlineVolume, { contents: (await readFile(archive)).toString('base64') })
    : make(ZipUrlVolume, { contents: exchange.offer(archive, 'application/zip') });
  const upload = JSON.stringify(expected).length > largestArtifact ? exchange.expect() : null;
  const report = upload ? '/output/report.json' : '/artifacts/report.json';
  const script = path.join(root, 'examples/word-count/word-count.sh');
  const command = image === null ? ['sh', script, report, '/volume'] : ['/word-count', report];
  return {
    command,
    spec: {
      executorClass,
      jobNamespace: 'demo.1',
      dockerImage: image ?? 'none',
      args: command,
      env: {},
      artifactsDir: '/artifacts',
      volumes: [volume],
      uploads: upload ? [make(SingleFilePut, { url: upload.url, relative_path: 'report.json' })] : [],
      downloadTimeLimit: 60,
      executionTimeLimit: 60 + Math.ceil(input.files.length / 50),
      uploadTimeLimit: 60,
    },
    transport: `${(size / 1000).toFixed(1)} kB zipped, ${inline ? 'inside the message' : 'on a one-time URL'}`,
    uploaded: upload?.received ?? null,
  };
}
