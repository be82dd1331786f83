import { facilitatorPath } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { growthByHalfFrames, halfFrames } from '@horde/testing/half-frames';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { LinkFixture } from '../testing/link-fixture.ts';

const link = new LinkFixture();

describe('connections that do not log in', () => {
  it('have sixteen frames answered, fill no memory with half frames, and are closed after ten seconds', async () => {
    const validator = await ScriptedValidator.connect(link.url);
    for (let i = 0; i < 20; i++) validator.sendText('{}');
    for (let i = 0; i < 16; i++) expect(await validator.next()).toMatchObject({ status: 'error' });
    const { count, size, mayGrowBy } = halfFrames;
    expect(await growthByHalfFrames(link.url + facilitatorPath, count, size)).toBeLessThan(mayGrowBy);
    expect((await validator.closed).code).toBe(3000);
    expect(validator.waiting).toBe(0);
    await ScriptedValidator.logIn(link.url, link.key);
  });

  it('are no more than 256 of one address at a time; those that have logged in do not count', async () => {
    await ScriptedValidator.logIn(link.url, link.key);
    const open = await Promise.all(Array.from({ length: 256 }, () => ScriptedValidator.connect(link.url)));
    await expect(ScriptedValidator.connect(link.url)).rejects.toThrow('429');
    // A proxy on this machine tells who is behind it.
    await (await ScriptedValidator.connect(link.url, { 'X-Real-IP': '203.0.113.9' })).leave();
    await open[0]!.leave();
    await ScriptedValidator.logIn(link.url, link.key);
    await Promise.all(open.slice(1).map((one) => one.leave()));
  });
});
