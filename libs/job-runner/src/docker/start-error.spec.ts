import { describe, expect, it } from 'vitest';

import { dockerJobs } from '../testing/docker-jobs.ts';

describe('a container that the engine refuses because of the job', () => {
  const { job } = dockerJobs();

  it('has a variable without a name, or with a NUL in it', async () => {
    for (const env of [new Map([['', 'x']]), new Map([['A', 'a\0b']])]) {
      const { run, left } = await job('true', {}, { env });
      await expect(run()).rejects.toMatchObject({ code: 'ENVIRONMENT_REFUSED', reason: 'unknown' });
      expect(await left()).toEqual([]);
    }
  });

  it('has its artifacts folder where the image has a file', async () => {
    const { run } = await job('true', {}, { artifactsDir: '/bin/busybox' });
    await expect(run()).rejects.toThrow(
      'The artifacts folder "/bin/busybox" is refused: the image has a file there',
    );
  });
});

describe('a container whose end comes at once', () => {
  const { job, test } = dockerJobs();

  it('is that of an image that runs as a user it does not know: 126, with a sentence', async () => {
    const container = await test.image.docker.createContainer({ Image: test.image.reference, Cmd: ['true'] });
    await container.commit({
      repo: 'horde-test/stranger',
      tag: test.image.reference.split(':')[1],
      changes: 'USER stranger',
    });
    await container.remove();
    const image = `horde-test/stranger:${test.image.reference.split(':')[1]}`;
    try {
      const { run } = await job('true', {}, { image });
      expect(await run()).toMatchObject({
        exitCode: 126,
        stderr: 'The image runs as "stranger", whom it does not know.\n',
      });
    } finally {
      await test.image.docker.getImage(image).remove({ force: true });
    }
  });
});
