import { DevnetChain, PylonAndSubtensor, PylonChain } from '@horde/chain';
import { loadSettings } from '@horde/settings';
import { expect, it } from 'vitest';
import { makeChain } from './make-chain.ts';
import { ValidatorSettings } from './settings.ts';

const chainFor = (environment: Record<string, string>) =>
  makeChain(
    loadSettings(ValidatorSettings, {
      DATABASE_URL: 'postgres://nowhere',
      BITTENSOR_NETUID: '12',
      BITTENSOR_WALLET_NAME: 'w',
      BITTENSOR_WALLET_HOTKEY_NAME: 'h',
      ...environment,
    }).settings,
  );

it.each([
  [{ BITTENSOR_NETWORK: 'finney' }, PylonAndSubtensor],
  [{ BITTENSOR_NETWORK: 'wss://node.example', BITTENSOR_ARCHIVE_NETWORK: 'none' }, PylonAndSubtensor],
  [{ BITTENSOR_NETWORK: 'local', BITTENSOR_ARCHIVE_NETWORK: 'ws://127.0.0.1:9945' }, PylonAndSubtensor],
  [{ BITTENSOR_NETWORK: 'devnet' }, DevnetChain],
  [{ BITTENSOR_NETWORK: 'none' }, PylonChain],
])('the chain of %j', (environment, type) => {
  expect(chainFor(environment as Record<string, string>).constructor).toBe(type);
});

it.each([
  [{ BITTENSOR_NETWORK: 'nakamoto' }, 'BITTENSOR_NETWORK is "nakamoto"'],
  [{ BITTENSOR_NETWORK: 'https://node.example' }, 'BITTENSOR_NETWORK is "https://node.example"'],
  [{ BITTENSOR_NETWORK: 'finney', BITTENSOR_ARCHIVE_NETWORK: 'old' }, 'BITTENSOR_ARCHIVE_NETWORK is "old"'],
])('of %j there is none, and the validator says so at start', (environment, sentence) => {
  expect(() => chainFor(environment as Record<string, string>)).toThrow(
    `${sentence}: it must be finney, archive, test or local, or the address of a node, ws:// or wss://.`,
  );
});
