// Plays a runner and what it starts, where it is the installer that is tested: one app, whose database knows the password
// that it was made with, as Postgres does. `./stand-in-runner.mjs runner|app|health`
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { hostname } from 'node:os';

const [role, part] = process.argv.slice(2);
const settings = () =>
  Object.fromEntries(
    [
      ...readFileSync(role === 'miner' ? '/root/.env' : '/root/validator/.env', 'utf8').matchAll(
        /^(\w+)="?([^"\n]*)"?$/gm,
      ),
    ].map(([, name, value]) => [name, value]),
  );

/** Asks the engine. @returns status and body */
const engine = (method, path, body) =>
  new Promise((resolve, reject) => {
    const request = http.request(
      {
        socketPath: '/var/run/docker.sock',
        method,
        path,
        headers: body ? { 'content-type': 'application/json' } : {},
      },
      async (answer) => {
        let text = '';
        for await (const chunk of answer) text += chunk;
        if (answer.statusCode >= 400 && answer.statusCode !== 404)
          reject(new Error(`${method} ${path}: ${text}`));
        else resolve(text ? JSON.parse(text) : null);
      },
    );
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });

async function run() {
  const values = settings();
  if (existsSync('/never-ready')) process.exit(1);
  const { Image } = await engine('GET', `/containers/${hostname()}/json`);
  const project = values.COMPOSE_PROJECT_NAME ?? 'root';
  const name = `${project}-app-1`;
  const port = role === 'miner' ? values.BITTENSOR_MINER_PORT : (values.HTTP_PORT ?? '80');
  await engine('DELETE', `/containers/${name}?force=true`);
  const Labels = { 'com.docker.compose.project': project, 'com.docker.compose.service': 'app' };
  await engine('POST', '/volumes/create', { Name: `${project}_db`, Labels });
  await engine('POST', `/containers/create?name=${name}`, {
    Image,
    Cmd: ['node', '/stand-in-runner.mjs', role, 'app'],
    Env: ['POSTGRES_PASSWORD', 'DEFAULT_ADMIN_PASSWORD'].map((key) => `${key}=${values[key]}`),
    Labels,
    Healthcheck: { Test: ['CMD', 'node', '/stand-in-runner.mjs', role, 'health'], Interval: 1_000_000_000 },
    ExposedPorts: { '8000/tcp': {} },
    HostConfig: {
      Binds: [`${project}_db:/data`],
      PortBindings: {
        '8000/tcp': [{ HostIp: role === 'miner' ? '0.0.0.0' : '127.0.0.1', HostPort: port }],
      },
      RestartPolicy: { Name: 'unless-stopped' },
    },
  });
  await engine('POST', `/containers/${name}/start`);
  process.stdout.write(`The ${role} has been started, as ${name}.\n`);
  setInterval(() => {}, 60_000);
}

function serve() {
  const password = process.env.POSTGRES_PASSWORD;
  if (!existsSync('/data/password')) writeFileSync('/data/password', password);
  if (readFileSync('/data/password', 'utf8') !== password)
    throw new Error('password authentication failed for user "postgres"');
  http
    .createServer((request, answer) => answer.writeHead(request.url === '/admin/login/' ? 200 : 404).end())
    .listen(8000);
}

const asked = () =>
  http
    .get('http://127.0.0.1:8000/admin/login/', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
    .on('error', () => process.exit(1));

process.on('SIGTERM', () => process.exit(0));
await { runner: run, app: serve, health: asked }[part]();
