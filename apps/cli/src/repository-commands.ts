import type { Command } from 'commander';

interface RepositoryCommand {
  description: string;
  /** Arguments and options with what they mean, as commander reads them. */
  arguments?: Record<string, string>;
  options?: Record<string, string>;
  /** Where that does not make the line that shows how to type it. */
  usage?: string;
}

/** Commands for work on the repository. `./horde` runs each from its sources; here they are described. */
const commands: Record<string, RepositoryCommand> = {
  test: {
    description:
      'run the checks and all specs, and end with the sum of each part, what was skipped, and the counts',
    options: {
      '--all': 'then what takes long, too: fuzzing, load and simulation at full size',
      '--resume': 'go on with such a run: parts that have passed are not run again',
      '--projects <names>': 'only the unit specs of these, such as miner,job-runner',
    },
  },
  check: {
    description: 'lint with types, check format, unused code, import directions and generated documents',
    arguments: { '[names...]': 'some of lint, format, unused, imports, docs' },
  },
  vitest: {
    description: 'run some specs: vitest run libs/transport; without "run" again at each change',
    arguments: { '[arguments...]': 'as vitest itself takes them' },
  },
  docs: {
    description: 'write settings.md, errors.md, the .env templates and the install scripts from the sources',
  },
  image: {
    description: 'build an image from envs/NAME/Dockerfile, with a bill of its materials; or all of them',
    arguments: {
      '<name>':
        'facilitator, validator, miner, executor, devnet, horde (the users’ command), or all; bundle: a runner and what it starts, in a file',
      '[tag]': 'what it is called (default: horde/NAME:latest); after bundle: miner or validator, and a file',
    },
    options: {
      '--base <image>': 'what it is built on (default: node:24-bookworm-slim, or this machine’s Node)',
    },
  },
  release: {
    description:
      'build the images, push them, and write the signed list that installs of a channel follow, with the install scripts',
    arguments: {
      '<channel>': 'such as stable; keys: write the list of keys that count from now on',
      '[keys...]': 'files of public keys, with keys alone',
    },
    options: {
      '--key <file>': 'the key that signs: of releases, or for the list of keys the offline one',
      '--from <list>': 'build nothing: take the images of this list',
      '--share <percent>': 'how many of the installs take part (default: 100)',
      '--days <count>': 'how long the list counts (default: 30)',
      '--place <file>': 'where releases come from (default: envs/release.env)',
      '--stand-ins': 'also where images of others are stand-ins, which no registry has',
      '--folder <folder>': 'where all of it is written (default: dist/release)',
    },
  },
  compose: {
    description:
      'run Docker Compose on docker-compose.yml: this machine’s own from 2.20 on, else one that is fetched',
    usage: 'up|down|run --rm horde … [ARGUMENTS...]',
  },
  bench: {
    description: 'measure, and compare with the bars; exit code 1 where one is short',
    arguments: { '<name>': 'what is measured; without one the names are listed' },
    options: { '--json <file>': 'write the figures there, too' },
  },
  fuzz: {
    description: 'feed mutated frames to the readers of each link; exit code 1 when one does not just refuse',
    options: {
      '--frames <count>': 'how many for each link (default: 100,000)',
      '--seed <number>': 'the same frames as a run with this seed had',
      '--link <name>': 'one link only',
    },
  },
  interop: {
    description: "check the protocol against ComputeHorde's published Python packages (needs Python 3.11)",
    options: {
      '--require': 'fail where they cannot be had, instead of skipping',
      '--json': 'print the table as JSON',
    },
  },
  exec: {
    description: 'run a command, such as npm, npx or a shell, with the right Node and npm first on PATH',
    usage: '-- COMMAND [ARGUMENTS...]',
  },
};

/** Adds their descriptions to the help. */
export function describeRepositoryCommands(program: Command): void {
  program.commandsGroup('For work on this repository:');
  for (const [name, { description, arguments: words = {}, options = {}, usage }] of Object.entries(
    commands,
  )) {
    const command = program.command(name).description(description);
    for (const [word, text] of Object.entries(words)) command.argument(word, text);
    for (const [flags, text] of Object.entries(options)) command.option(flags, text);
    if (usage) command.usage(usage);
  }
}
