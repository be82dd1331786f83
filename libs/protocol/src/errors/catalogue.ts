import { accessErrors } from './access.ts';
import { clientErrors } from './client.ts';
import { networkErrors } from './network.ts';
import { executorErrors } from './executor.ts';
import { jobErrors } from './job.ts';
import { machineErrors } from './machine.ts';
import { imageErrors } from './image.ts';
import { volumeErrors } from './volume.ts';
import { uploadErrors } from './upload.ts';
import { streamingErrors } from './streaming.ts';
import { makers } from './row.ts';

/** All errors by their code, as data: what docs/errors.md is made of. */
export const errorRows = {
  ...accessErrors,
  ...networkErrors,
  ...executorErrors,
  ...jobErrors,
  ...machineErrors,
  ...imageErrors,
  ...volumeErrors,
  ...uploadErrors,
  ...streamingErrors,
  ...clientErrors,
} as const;

/** One function per error: `throw errors.ALL_EXECUTORS_BUSY('always_on.test', 3)`. */
export const errors = makers(errorRows);
