import { Keypair } from '@horde/identity';
import { make, StreamingDetails, StreamingJobReady, streamingText, VolumesReady } from '@horde/protocol';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import { Scene } from '../testing/scene.ts';
import { StreamingAddresses } from './streaming-addresses.ts';

const scene = new Scene();
const job_uuid = '5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11';
const address = { public_key: 'PEM\n', ip: '203.0.113.5', port: 6006 };
const signedBy = (miner: Keypair, uuid: string, fields = address) =>
  make(StreamingJobReady, {
    ...address,
    job_uuid: uuid,
    miner_signature: miner.signHex(streamingText({ job_uuid: uuid, ...fields })),
  });

describe('the address of a streaming job', () => {
  it.each([
    ['another address', { ...address, ip: '203.0.113.6' }],
    ['another port', { ...address, port: 6007 }],
    ['another certificate', { ...address, public_key: 'MEP\n' }],
  ])(
    'that its miner has signed for %s is not passed on: the job ends as streaming_failed',
    async (_what, fields) => {
      await scene.start();
      scene.miner.script = {
        onInitial: wholeJob.onInitial,
        onJob: (request, connection) =>
          send(
            connection,
            make(VolumesReady, { job_uuid: request.job_uuid }),
            signedBy(scene.miner.keypair, request.job_uuid, fields),
          ),
      };
      const uuid = await scene.send({
        streaming_details: make(StreamingDetails, { public_key: 'CLIENT' }),
        streaming_start_time_limit: 60,
      });
      const { metadata } = await scene.facilitator.update(uuid, 'failed');
      expect(metadata!.horde_failure_details).toMatchObject({
        reported_by: 'validator',
        reason: 'streaming_failed',
        message: `The address of the job is not signed by its miner ${scene.miner.keypair.address}.`,
      });
      expect(scene.facilitator.statuses(uuid)).not.toContain('streaming_ready');
      expect(await scene.place.query('select kind from miner_incident where job_uuid = $1', [uuid])).toEqual([
        { kind: 'horde_failed' },
      ]);
    },
  );

  it('is passed on where it is signed, or not signed at all, which is warned of once for each miner', () => {
    const lines: string[] = [];
    const addresses = new StreamingAddresses(
      pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    );
    const [one, other] = [Keypair.generate(), Keypair.generate()];
    expect(addresses.problem(signedBy(one, job_uuid), one.address)).toBeNull();
    expect(lines).toEqual([]);
    const unsigned = make(StreamingJobReady, { ...address, job_uuid });
    for (const { address: hotkey } of [one, one, other])
      expect(addresses.problem(unsigned, hotkey)).toBeNull();
    expect(lines).toHaveLength(2);
    expect(addresses.problem(signedBy(one, job_uuid), other.address)).toContain('is not signed');
    expect(addresses.problem(signedBy(one, job_uuid), trustedMinerHotkey)).toBeNull();
    expect(lines).toHaveLength(2);
  });
});
