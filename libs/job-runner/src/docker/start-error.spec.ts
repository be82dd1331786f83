import { describe, expect, it } from 'vitest';
import { dockerJobs } from '../testing/docker-jobs.ts';

describe('a container that the engine refuses because of the job', () => {
  const { job, changedImage } = dockerJobs();

  it('has a variable without a name, or with a NUL in it', async () => {
    for (const env of [new Map([['', 'x']]), new Map([['A', 'a\0b']])]) {
      const { run, left } = await job('true', {}, { env });
      await expect(run()).rejects.toMatchObject({ code: 'ENVIRONMENT_REFUSED', reason: 'unknown' });
      expect(await left()).toEqual([]);
    }
  });

  it('has more in its arguments and variables than a program can be started with', async () => {
    const much = 'x'.repeat(3_000_000);
    for (const spec of [{ env: new Map([['A', much]]) }, { command: ['true', much] }]) {
      const { run, left } = await job('true', {}, spec);
      const { exitCode, stderr } = await run();
      expect(exitCode).toBeGreaterThan(0);
      expect(stderr).toMatch(/argument list too long/i);
      expect(await left()).toEqual([]);
    }
  });

  it('has its artifacts folder where the image has a file', async () => {
    const { run } = await job('true', {}, { artifactsDir: '/bin/busybox' });
    await expect(run()).rejects.toThrow(
      'The artifacts folder "/bin/busybox" is refused: the image has a file there',
    );
  });

  it.each([
    ['/loop/x', 'the image has a link that leads nowhere there, or on the way to it'],
    ['/system/x', 'the image has files of the system there, or on the way to it'],
    ['/etc/passwd', 'a file has to be there'],
    ['/script.py', 'something else is there'],
  ])('has its artifacts folder where no folder can be: %s', async (artifactsDir, reason) => {
    const image = await changedImage('ln -s loop /loop; ln -s /proc /system');
    const { run, left } = await job('true', {}, { image, artifactsDir, script: 'x' });
    await expect(run()).rejects.toMatchObject({
      code: 'ARTIFACTS_DIR_REFUSED',
      message: `The artifacts folder "${artifactsDir}" is refused: ${reason}.`,
    });
    expect(await left()).toEqual([]);
  });

  it.each([
    [
      'a file at /output',
      'rm -rf /output; touch /output',
      '',
      'it has a file at /output, or on the way to it',
    ],
    ['a volume in /proc', '', 'VOLUME /proc/x', 'it has files of the system at /proc/x, or on the way to it'],
    [
      'a volume in place of all its files',
      '',
      'VOLUME /',
      'it declares a volume at /, where its own files are',
    ],
    ['a volume at a file', '', 'VOLUME /bin/busybox', 'it declares a volume where it has a file'],
    ['a file to work in', '', 'WORKDIR /bin/busybox', 'it has a file where its working folder should be'],
    [
      'more volumes than one could mean',
      '',
      `VOLUME ${JSON.stringify(Array.from({ length: 101 }, (_, index) => `/v${index}`))}`,
      'it declares more than 100 volumes',
    ],
  ])('is of an image with %s', async (_, script, changes, reason) => {
    const image = await changedImage(script, changes);
    const { run, left } = await job('true', {}, { image });
    await expect(run()).rejects.toMatchObject({
      code: 'IMAGE_NOT_STARTABLE',
      message: `The image ${image} cannot be started: ${reason}.`,
    });
    expect(await left()).toEqual([]);
  });
});

describe('a container whose end comes at once', () => {
  const { job, changedImage } = dockerJobs();

  it('is that of an image that runs as a user it does not know: 126, with a sentence', async () => {
    const image = await changedImage('', 'USER stranger');
    const { run } = await job('true', {}, { image });
    expect(await run()).toMatchObject({
      exitCode: 126,
      stderr: 'The image runs as "stranger", whom it does not know.\n',
    });
  });
});
