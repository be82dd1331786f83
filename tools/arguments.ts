import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Reads a tool's command line. One that is wrong ends the process with code 2, and says where it is described. */
export function readArguments<T extends ParseArgsConfig>(
  tool: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    refuseArguments(tool, (error as Error).message);
  }
}

export function refuseArguments(tool: string, reason: string): never {
  console.error(`${reason}\nHow to type it: ./horde ${tool} --help`);
  process.exit(2);
}
