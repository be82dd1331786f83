import { executorPath } from '@horde/protocol';
import { Peer } from '@horde/testing/peer';
import { conversationsOf, framesOf } from './conversations.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- frames of every kind
type Frame = Record<string, any>;

const conversations = conversationsOf('miner-executor');

/** The scenarios in which an executor of ComputeHorde's was recorded. */
export const executorScenarios = [...conversations.keys()];

/** What happened on the executor's link in a scenario, frame by frame. */
export const executorFrames = (scenario: string) => framesOf(conversations.get(scenario)!);

/** The job of a recorded scenario. */
const recordedJob = (scenario: string): string =>
  (executorFrames(scenario)[0]!.says as Frame)['job_uuid'] as string;

export interface PlayedExecutor {
  /** What the miner said, in order. */
  heard: Frame[];
  /** The token's connection. */
  peer: Peer;
}

/**
 * Plays a recorded executor to a miner, as the executor of another job.
 *
 * @param before called before each frame that it says, with the frame's type: the place to do the link some harm
 */
export async function playExecutor(
  scenario: string,
  miner: { url: string; token: string; job: string },
  before: (type: string) => Promise<void> = async () => {},
): Promise<PlayedExecutor> {
  const peer = await Peer.connect(miner.url + executorPath(miner.token));
  const heard: Frame[] = [];
  for (const { from, text, says } of executorFrames(scenario)) {
    const type = (says as Frame)['message_type'] as string;
    if (from === 'miner') heard.push(await peer.next(type));
    else {
      await before(type);
      await peer.connection.sendText(text.replaceAll(recordedJob(scenario), miner.job));
    }
  }
  await peer.close();
  return { heard, peer };
}
