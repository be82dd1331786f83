import { setFlagsFromString } from 'node:v8';
import { type Arguments, ArgumentsError, readArguments, streamingProxy } from './arguments.ts';

// Much that passes through an executor is dropped at once: room for the young would only be doubled for it, and kept.
setFlagsFromString('--semi-space-growth-factor=1');

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === streamingProxy) {
  // The executor's image in its other part: a container in front of a streaming job.
  const { runStreamingProxy } = await import('@horde/job-runner');
  await runStreamingProxy();
} else if (words[0] === 'help' || words.includes('--help') || words.includes('-h')) {
  const { executorHelp } = await import('./help.ts');
  process.stdout.write(executorHelp());
} else {
  const options = argumentsOrExit();
  const { runExecutor } = await import('./run-executor.ts');
  await runExecutor(options);
}

function argumentsOrExit(): Arguments {
  try {
    return readArguments(words);
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    process.stderr.write(`executor cannot start: ${error.message}\n`);
    process.exit(2);
  }
}
