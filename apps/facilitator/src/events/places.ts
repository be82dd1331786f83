/** How far a reader has come with each kind of a job's events. */
export interface Places {
  /** Its last status: the row's id. */
  status: string;
  /** Its last wait or progress: the row's revision. */
  progress: string;
  /** How much of each stream it has. @unit bytes */
  stdout: number;
  stderr: number;
}

export const beginning: Readonly<Places> = { status: '0', progress: '0', stdout: 0, stderr: 0 };

const form = /^(\d{1,18})-(\d{1,18})-(\d{1,15})-(\d{1,15})$/;

/** The text behind `id:`, which clients send back as `Last-Event-ID`. It means the same to all replicas. */
export const writeCursor = ({ status, progress, stdout, stderr }: Places): string =>
  `${status}-${progress}-${stdout}-${stderr}`;

/** @returns null when it is no such text */
export function readCursor(text: string): Places | null {
  const [, status, progress, stdout, stderr] = form.exec(text) ?? [];
  if (!status || !progress) return null;
  return { status, progress, stdout: Number(stdout), stderr: Number(stderr) };
}
