import { isIPv6 } from 'node:net';
import { PublicAddress } from '@horde/executor-manager';
import { verifyHex } from '@horde/identity';
import { ExecutorReady, executorPath, make, StreamingDetails, StreamingJobReady } from '@horde/protocol';
import { because, missingIpv6 } from '@horde/testing/missing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Peer } from '@horde/testing/peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { machineAddress } from '../executors/machine-address.ts';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

/** A streaming job of a validator at [::1], and its executor, which connects where it was told to. */
async function started() {
  const validator = await miner.validator();
  const streaming_details = make(StreamingDetails, { public_key: 'PEM\n' });
  const { connection, job_uuid } = await validator.accepted({ streaming_details });
  const token = await miner.manager.token(job_uuid);
  const { request } = miner.manager.executors.find((one) => one.request.token === token)!;
  expect(request.minerAddress).toMatch(/^ws:\/\/\[::1\]:\d+$/);
  const executor = await Peer.connect(request.minerAddress + executorPath(token));
  const initial = await executor.next('V0InitialJobRequest');
  await executor.send(make(ExecutorReady, { job_uuid }));
  await executor.send(make(StreamingJobReady, { job_uuid, public_key: 'CERT\n', port: 6006 }));
  const ready = await connection.next('V0StreamingJobReadyRequest');
  return { job_uuid, initial, ready };
}

describe.skipIf(missingIpv6 !== null)(`a miner that listens on every address${because(missingIpv6)}`, () => {
  beforeAll(async () => {
    const settings = { host: '::', addressForExecutors: '::1' };
    miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 10 }), settings);
  });
  afterEach(() => void (miner.manager.address = async () => null));
  afterAll(() => miner.close());

  it('knows where an executor connects from, as an address without brackets', async () => {
    const { initial, ready } = await started();
    expect(initial).toMatchObject({ streaming_details: { executor_ip: '::1' } });
    expect(ready).toMatchObject({ ip: '::1', port: 6006 });
  });

  it('tells users its public address, and signs that', async () => {
    const configured = '2606:4700:4700::1111';
    const places = { minerAddress: configured, addressForExecutors: '::1', executorManager: 'docker' };
    const publicAddress = new PublicAddress({ configured, services: [] });
    miner.manager.address = () => machineAddress(places, publicAddress);
    const { job_uuid, ready } = await started();
    expect(ready).toMatchObject({ ip: configured, port: 6006 });
    expect(isIPv6(ready['ip'] as string)).toBe(true);
    const text = `${job_uuid}:${configured}:6006:CERT\n`;
    expect(verifyHex(text, ready['miner_signature'] as string, miner.hotkey)).toBe(true);
  });

  it('counts an IPv4 peer by its IPv4 address', async () => {
    const validator = await miner.validator();
    const streaming_details = make(StreamingDetails, { public_key: 'PEM\n' });
    const { job_uuid } = await validator.accepted({ streaming_details });
    const token = await miner.manager.token(job_uuid);
    const url = miner.url.replace('[::1]', '127.0.0.1');
    const executor = await Peer.connect(url + executorPath(token));
    expect(await executor.next('V0InitialJobRequest')).toMatchObject({
      streaming_details: { executor_ip: '127.0.0.1' },
    });
  });
});
