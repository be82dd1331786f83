import 'reflect-metadata';
import Docker from 'dockerode';
import { createInterface } from 'node:readline';
import type { StreamingDoor, StreamingRequest } from '../runner.ts';
import type { StreamingJob } from '../streaming/network.ts';
import { runStreamingProxy } from '../streaming/proxy-process.ts';
import { openStreaming, type Streaming } from '../streaming/streaming.ts';

// A process with nothing of an executor but its streaming, wherever a test starts it: told what to do by lines on its
// standard input, saying what came of it on its standard output.

export type Order =
  | { open: { job: StreamingJob; request: Omit<StreamingRequest, 'onReady'> } }
  | { ready: string }
  | { close: true };
export type Outcome =
  | { network: string }
  | { door: StreamingDoor }
  | { closed: true }
  | { failed: { name: string; message: string } };

if (process.argv.includes('streaming-proxy')) await runStreamingProxy();
else await obey();

async function obey(): Promise<void> {
  const docker = new Docker();
  let streaming: Streaming | undefined;
  let door: StreamingDoor | undefined;
  async function outcomeOf(order: Order): Promise<Outcome> {
    if ('open' in order) {
      const { job, request } = order.open;
      streaming = await openStreaming(docker, job, { ...request, onReady: (ready) => (door = ready) });
      return { network: streaming.network };
    }
    if ('close' in order) {
      await streaming!.close();
      return { closed: true };
    }
    await streaming!.ready(order.ready, new AbortController().signal);
    return { door: door! };
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const outcome = await outcomeOf(JSON.parse(line) as Order).catch(({ name, message }: Error) => ({
      failed: { name, message },
    }));
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}
