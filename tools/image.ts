/**
 * Builds the image of a service from envs/SERVICE/Dockerfile: its context is that folder, with the service's bundle
 * (main.mjs) and this machine's static busybox. Asks the Docker engine alone, no client is needed.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { staticBusybox } from '../libs/job-runner/src/docker/busybox.ts';
import { readArguments, refuseArguments } from './arguments.ts';

const { values, positionals } = readArguments('image', {
  allowPositionals: true,
  options: { base: { type: 'string' } },
});
const [service, tag = `horde/${service}:latest`] = positionals;
const root = path.resolve(import.meta.dirname, '..');
const sources = path.join(root, 'envs', service ?? '');
if (!service || !existsSync(path.join(sources, 'Dockerfile'))) {
  const services = readdirSync(path.join(root, 'envs')).filter((name) =>
    existsSync(path.join(root, 'envs', name, 'Dockerfile')),
  );
  refuseArguments('image', `There is no image of ${JSON.stringify(service ?? '')}: ${services.join(', ')}.`);
}

const folder = mkdtempSync(path.join(tmpdir(), `horde-image-${service}-`));
try {
  cpSync(sources, folder, { recursive: true });
  execFileSync(process.execPath, ['tools/bundle.ts', path.join(root, 'apps', service), folder], {
    cwd: root,
    stdio: 'inherit',
  });
  writeFileSync(path.join(folder, 'busybox'), await staticBusybox(), { mode: 0o755 });
  const src = readdirSync(folder).filter((name) => !name.startsWith('.') && !name.endsWith('.map'));
  const docker = new Docker();
  const events = await docker.buildImage(
    { context: folder, src },
    { t: tag, ...(values.base && { buildargs: { BASE: values.base } }) },
  );
  await finished(docker, events);
  console.log(tag);
} catch (error) {
  console.error(
    `The image ${tag} could not be built: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** Shows what the engine does; resolves when the image is there. */
function finished(docker: Docker, events: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      events,
      (error) => (error ? reject(error) : resolve()),
      (event: { stream?: string; error?: string }) => {
        if (event.stream) process.stderr.write(event.stream);
        if (event.error) reject(new Error(event.error));
      },
    );
  });
}
