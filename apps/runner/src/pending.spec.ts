import { describe, expect, it } from 'vitest';
import { runnerCatalogue } from '../../../tools/settings/runner-catalogue.ts';
import { pendingLines } from './pending.ts';
import { roleOf } from './roles.ts';

const lines = (started: Record<string, string>, now: Record<string, string>) =>
  pendingLines(started, now, { role: roleOf('miner'), catalogue: runnerCatalogue() });

describe('what is pending of .env', () => {
  it('is nothing where the services were started with it', () => {
    expect(lines({ LOG_LEVEL: 'info' }, { LOG_LEVEL: 'info' })).toEqual([
      'What runs has been started with what .env says.',
    ]);
  });

  it('is named without values, each with what has become of it, and whether anything reads it', () => {
    const told = lines(
      { LOG_LEVEL: 'info', JOB_CPUS: '2', PYLON_DEBUG: '1' },
      { LOG_LEVEL: 'secret', LOG_LEVELL: 'debug', BITTENSOR_MINER_PORT: '8000', PYLON_DEBUG: '1' },
    );
    expect(told).toEqual([
      'Changed in .env, and not in use yet:',
      '  BITTENSOR_MINER_PORT  added',
      '  JOB_CPUS              removed',
      '  LOG_LEVEL             changed',
      '  LOG_LEVELL            added: nothing here reads it',
      expect.stringContaining('docker compose restart'),
    ]);
  });

  it('is read by a manager of the operator’s own, where nobody else knows it', () => {
    const own = { EXECUTOR_MANAGER_CLASS_PATH: 'manager:Cloud' };
    expect(lines(own, { ...own, MY_CLOUD: 'x' })[1]).toBe('  MY_CLOUD  added');
  });

  it('needs Compose where it is the runner’s image, and a warning where it is the project', () => {
    expect(lines({ RUNNER_IMAGE: 'a' }, { RUNNER_IMAGE: 'b' }).at(-1)).toContain('docker compose up -d');
    expect(lines({}, { COMPOSE_PROJECT_NAME: 'other' }).at(-1)).toContain('what runs is of root');
  });
});
