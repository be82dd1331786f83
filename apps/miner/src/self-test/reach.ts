import { ExecutorManifest, type ExecutorClass } from '@horde/protocol';
import type { SigningChain } from '@horde/chain';
import { hostAndPort, minerVersionAt } from '../connections/own-address.ts';
import { fail, ok, fullReasonOf, type Finding } from '@horde/commands';
import { TestConnection } from './test-connection.ts';
import type { TestValidator } from './test-validator.ts';

/** What has come of the attempt to reach the miner somewhere. */
export interface Reached {
  finding: Finding;
  /** What it offers; null: it was not reached. */
  manifest: Map<ExecutorClass, number> | null;
}

/**
 * Reaches the miner at an address over HTTP and as a validator: whoever answers there must have this miner's hotkey.
 *
 * @param check how the report calls it
 * @param fix what to do when it is not there
 */
export async function reach(
  check: string,
  address: string,
  validator: TestValidator,
  fix: string,
  signal: AbortSignal,
): Promise<Reached> {
  try {
    const version = await minerVersionAt(address, signal);
    const conversation = await TestConnection.open(address, validator, signal);
    try {
      const { manifest } = await conversation.afterLogin(ExecutorManifest);
      const finding = ok(check, `The miner (version ${version}) lets validators in at ${address}.`);
      return { finding, manifest: manifest as Map<ExecutorClass, number> };
    } finally {
      await conversation.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return {
      finding: fail(check, `The miner cannot be used at ${address}: ${fullReasonOf(error)}.`, fix),
      manifest: null,
    };
  }
}

/** The address that the chain has for the miner, `host:port`, or what is amiss with it. */
export async function announcedAddress(
  chain: SigningChain,
  hotkey: string,
): Promise<{ address: string } | { finding: Finding }> {
  const check = 'announced address';
  let neurons;
  try {
    ({ neurons } = await chain.neurons());
  } catch (error) {
    const fix = 'Start Pylon, or set PYLON_ADDRESS and PYLON_IDENTITY_TOKEN; `miner doctor` says more.';
    return { finding: fail(check, `The chain cannot be asked: ${fullReasonOf(error)}.`, fix) };
  }
  const own = neurons.find((neuron) => neuron.hotkey === hotkey);
  if (!own) {
    const fix =
      'Register the hotkey on the subnet, or set BITTENSOR_NETUID and BITTENSOR_NETWORK to the right one.';
    return { finding: fail(check, `${hotkey} is not registered on this subnet.`, fix) };
  }
  if (!own.address) {
    const fix = 'Run `miner announce_address_and_port`.';
    return { finding: fail(check, 'The chain has no address for this miner: no validator finds it.', fix) };
  }
  return { address: hostAndPort(own.address.ip, own.address.port) };
}
