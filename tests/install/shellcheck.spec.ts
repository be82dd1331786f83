import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { installRoles, installScript, serverProgram } from '../../tools/install/script.ts';

/** Takes some seconds of a processor: with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

it
  .runIf(whole)
  .each([
    ...installRoles.map((role) => [`install_${role}.sh`, installScript(role)]),
    ['what runs on the server', `#!/usr/bin/env bash\n${serverProgram()}`],
  ])('shellcheck finds nothing in %s', (_, script) => {
  const { stdout, status } = spawnSync('shellcheck', ['-f', 'gcc', '-'], { input: script, encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});
