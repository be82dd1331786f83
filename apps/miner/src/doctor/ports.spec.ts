import { readFileSync } from 'node:fs';
import { asNobody } from '@horde/testing/as-nobody';
import { freePort } from '@horde/testing/free-port';
import { because } from '@horde/testing/missing';
import { serve } from '@horde/testing/web-server';
import { expect, it } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkPort, checkStreamingPorts } from './ports.ts';

const settingsOf = (changes: Partial<MinerSettings>) => Object.assign(new MinerSettings(), changes);
const found = async (port: number) => {
  const { verdict, says, fix } = await checkPort(settingsOf({ host: '127.0.0.1', port }));
  return `${verdict} ${says} -> ${fix}`;
};

it('the doctor sees a port that is free, and that any will do', async () => {
  const port = await freePort();
  expect(await found(port)).toBe(`OK Port ${port} is free; the miner does not run. -> null`);
  expect(await found(0)).toMatch(/^OK The miner takes any free port: /);
});

const firstOfAll = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
const noneIsRoots = firstOfAll > 1 ? null : 'every user of this machine may listen on every port';

it.skipIf(noneIsRoots !== null)(
  `the doctor sees a port that only root may have${because(noneIsRoots)}`,
  async () => {
    expect(await asNobody(() => found(1))).toBe(
      'FAIL The miner cannot listen on 127.0.0.1:1 (EACCES). -> Use a port above 1023, or run as root.',
    );
  },
);

it('the doctor sees that all ports for streaming jobs are taken', async () => {
  const { port } = await serve((_request, response) => response.end());
  const { verdict, says, fix } = await checkStreamingPorts(settingsOf({ streamingPorts: String(port) }));
  expect(`${verdict} ${says} -> ${fix}`).toMatch(
    new RegExp(`^WARN 0 of the first 1 of ${port} are free\\. -> Set STREAMING_PORTS to ports `),
  );
});
