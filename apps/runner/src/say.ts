/** What the runner itself has to say, between the lines of its services. */
export const say = (sentence: string): void =>
  void process.stdout.write(`runner | ${sentence.replaceAll('\n', '\nrunner |   ')}\n`);

/** What a command of the runner answers to whom has typed it. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** The same, where standard output is for something else. */
export const complain = (line: string): void => void process.stderr.write(`${line}\n`);
