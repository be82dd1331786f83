import 'reflect-metadata';
import { env, envNumber } from '@horde/settings';
import { IsInt, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { helpFor, type ServiceHelp } from './service-help.ts';

class Settings {
  @env('NAME') @IsString() name!: string;
  @envNumber('SIZE') @IsInt() size = 3;
}

const service: ServiceHelp = {
  name: 'baker',
  serves: 'Bakes bread.',
  commands: { 'knead MINUTES': 'kneads the dough', rest: 'waits' },
  settings: Settings,
};

describe('the help of a service', () => {
  it.each([['help'], ['--help'], ['-h']])('%s shows its commands, and which settings must be set', (word) => {
    expect(helpFor([word], service)).toBe(`Usage: baker [COMMAND]

Bakes bread.

Commands:
  knead MINUTES  kneads the dough
  rest           waits

Settings are environment variables.
These must be set:
  NAME
These have defaults:
  SIZE
docs/settings.md#baker tells what each means, envs/baker/.env.template is a file to fill in.
`);
  });

  it.each([[['knead', '--help']], [['help', 'knead']], [['knead', '5', '-h']]])(
    '%s shows that command',
    (words) => {
      expect(helpFor(words, service)).toMatch(/^Usage: baker knead MINUTES\n\nIt kneads the dough\.\n/);
    },
  );

  it.each([[[]], [['knead', '5']], [['bake', '--help']]])('%s is no question for help', (words) => {
    expect(helpFor(words, service)).toBeNull();
  });
});
