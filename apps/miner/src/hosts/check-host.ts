import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { allGood, fail, fullReasonOf, ok, warn, type Finding } from '@horde/commands';
import {
  labels,
  portIsTaken,
  type ServerSpec,
  type StreamingPort,
  type VisitedHost,
} from '@horde/executor-manager';
import { engineSays, runTool } from '@horde/job-runner';
import { hostAndPort } from '../connections/own-address.ts';
import { engineVerdict } from '../doctor/docker.ts';
import { engineInfo } from '../doctor/engine.ts';
import { lookAt } from '../doctor/hosts.ts';
import type { MinerSettings } from '../settings.ts';

/** How long images may take to get there. @unit ms */
const imagesLimit = 3_600_000;
/** How long a container there may take, and a port to answer. @unit ms */
const patience = 30_000;
/** So many ports are tried, at most. */
const mostPorts = 16;

/** What a host is checked for. */
export interface WantedHost {
  server: ServerSpec;
  ports: StreamingPort[];
  /** Images of jobs that it is to have. */
  jobImages: string[];
  /** What executors there may reach the miner at, the likeliest first. */
  minerAddresses: string[];
  /** The version that the running miner tells. */
  minerVersion: string;
}

/** Checks a host for executors. @returns also what executors there reach the miner at; null: nothing is known to lead there */
export async function checkHostFor(
  host: VisitedHost,
  wanted: WantedHost,
  settings: MinerSettings,
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
  tell: (...findings: Finding[]) => void,
): Promise<string | null> {
  const trouble = await host.engineTrouble();
  if (trouble !== null) {
    tell(fail('docker', trouble, await engineRemedy(host, wanted.server.ssh!.username, signal)));
    return null;
  }
  const info = await engineInfo(host.docker);
  const found = [engineVerdict(info), ...(await lookAt(host, [wanted.server], settings, environment))];
  tell(...found);
  if (!allGood(found)) return null;
  const images = await putImages(host, settings.executorImage, wanted.jobImages, signal);
  tell(images);
  if (images.verdict === 'FAIL') return null;
  tell(await checkPorts(host, settings.executorImage, wanted, signal));
  const { finding, address } = await findMiner(host, settings, wanted, signal);
  tell(finding);
  return address;
}

/** What whoever logs in there may do about an engine that is not there, or not for them. */
async function engineRemedy(host: VisitedHost, user: string, signal: AbortSignal): Promise<string> {
  const asked = `sh -c 'command -v dockerd >/dev/null && echo there || echo absent
    if [ "$(id -u)" = 0 ]; then echo root; elif sudo -n true 2>/dev/null </dev/null; then echo sudo; else echo none; fi'`;
  const ran = await host.run(asked, { signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) });
  const [engine, rights] = ran.stdout.trim().split('\n');
  const sudo = rights === 'sudo' ? 'sudo ' : '';
  const who =
    rights === 'none'
      ? `${user} may not use sudo without a password there: have its administrator type, as root`
      : 'Type there';
  const group = rights === 'root' ? '' : ` && ${sudo}usermod -aG docker ${user}`;
  return engine === 'absent'
    ? `${who}: ${sudo}apt-get install -y docker.io${group}`
    : `${who}: ${sudo}systemctl enable --now docker${group}`;
}

async function putImages(
  host: VisitedHost,
  own: string,
  jobImages: string[],
  signal: AbortSignal,
): Promise<Finding> {
  const check = 'images';
  const limit = AbortSignal.any([signal, AbortSignal.timeout(imagesLimit)]);
  const images = await host.prepareImages(own, jobImages, limit);
  const missing = images.filter(({ present }) => !present);
  if (missing.length === 0) return ok(check, `${images.map(({ image }) => image).join(', ')}: there.`);
  const says = missing.map(
    ({ image, error }) => `${image} is missing: ${sentence(error ?? 'nobody says why')}`,
  );
  const fix =
    'Let its engine reach the registry, or put the image on the miner’s own machine: it is copied from there.';
  const isOwn = missing.some(({ image }) => image.startsWith(own));
  return isOwn ? fail(check, says.join(' '), fix) : warn(check, says.join(' '), fix);
}

/** Publishes the ports as an executor does, and connects to them from here. */
async function checkPorts(
  { docker }: VisitedHost,
  image: string,
  { server, ports }: WantedHost,
  signal: AbortSignal,
): Promise<Finding> {
  const check = 'streaming ports';
  const running = await docker.listContainers({ filters: { label: [labels.port] } });
  const used = new Set(running.map(({ Labels }) => Number(Labels[labels.port])));
  const free = ports.filter(({ port }) => !used.has(port)).slice(0, mostPorts);
  const at = server.publicAddress ?? server.ssh!.host;
  if (free.length === 0) return ok(check, 'All are used by executors now, and were not tried.');
  const word = randomBytes(8).toString('hex');
  const script = `/bin/busybox mkdir -p /www && echo ${word} >/www/word && exec /bin/busybox timeout 120 /bin/busybox httpd -f -p 80 -h /www`;
  try {
    const container = await docker.createContainer({
      Image: image,
      Entrypoint: ['/bin/busybox'],
      Cmd: ['sh', '-c', script],
      User: '0',
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        AutoRemove: true,
        PortBindings: { '80/tcp': free.map(({ port }) => ({ HostPort: String(port) })) },
      },
    });
    try {
      await container.start();
      const tried = free.map(async ({ publicPort }) => ({
        publicPort,
        why: await answers(at, publicPort, word, signal),
      }));
      const closed = (await Promise.all(tried)).filter(({ why }) => why !== null);
      const all = free.map(({ publicPort }) => publicPort).join(', ');
      if (closed.length === 0) return ok(check, `${all} of ${at} can be reached from here.`);
      const names = closed.map(({ publicPort }) => publicPort).join(', ');
      const fix = `Let TCP ${names} through its firewall (ufw allow PORT/tcp) and its provider's; where users reach it elsewhere, say --public-address or --streaming-ports.`;
      return fail(check, `Port ${names} of ${at} cannot be reached from here: ${closed[0]!.why}.`, fix);
    } finally {
      await container.remove({ force: true, v: true }).catch(() => undefined);
    }
  } catch (error) {
    signal.throwIfAborted();
    const says = engineSays(error);
    const fix =
      'End what has the port there (ss -ltnp shows it), or give other ones: --streaming-ports 7000-7009.';
    if (portIsTaken(says))
      return fail(check, `A port of its streaming jobs is another program's: ${sentence(says)}`, fix);
    return warn(
      check,
      `They could not be tried: ${sentence(says)}`,
      'Try them by hand, with a streaming job.',
    );
  }
}

/** @returns why not; null: it does */
async function answers(
  host: string,
  port: number,
  word: string,
  signal: AbortSignal,
): Promise<string | null> {
  const end = performance.now() + patience / 3;
  for (;;) {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
      const answer = await fetch(`http://${hostAndPort(host, port)}/word`, { signal: limit });
      const text = (await answer.text()).trim();
      if (text === word) return null;
      return 'another program answers there';
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() > end) return fullReasonOf(error);
      await sleep(250, undefined, { signal });
    }
  }
}

/** Asks for the miner from a container there, as an executor does. */
async function findMiner(
  { docker }: VisitedHost,
  settings: MinerSettings,
  { minerAddresses, minerVersion }: WantedHost,
  signal: AbortSignal,
): Promise<{ finding: Finding; address: string | null }> {
  const check = 'address for executors';
  const port = settings.portForExecutors ?? settings.port;
  const tried: string[] = [];
  for (const address of minerAddresses) {
    const where = hostAndPort(address, port);
    try {
      const { exitCode, stdout, stderr } = await runTool(docker, {
        image: settings.executorImage,
        command: ['/bin/busybox', 'sh', '-c', askVersion, address, String(port)],
        hostConfig: { NetworkMode: 'bridge' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      });
      if (exitCode === 0 && stdout.includes(JSON.stringify(minerVersion)))
        return { finding: ok(check, `Containers there reach the miner at ${where}.`), address };
      tried.push(`${where} (${stderr.trim().replace(/^nc: /, '') || 'it is not this miner'})`);
    } catch (error) {
      signal.throwIfAborted();
      tried.push(`${where} (${engineSays(error).replace(/\.$/, '')})`);
    }
  }
  const fix = `Let TCP port ${port} through to this machine, or set ADDRESS_FOR_EXECUTORS to an address that the host knows it by.`;
  return {
    finding: fail(check, `Containers there do not reach the miner: ${tried.join(', ')}.`, fix),
    address: null,
  };
}

/** The wget of a static busybox crashes. */
const askVersion = `printf 'GET /version HTTP/1.0\\r\\n\\r\\n' | /bin/busybox nc -w 5 "$0" "$1"`;

const sentence = (text: string) => `${text.replace(/[.\s]+$/, '')}.`;
