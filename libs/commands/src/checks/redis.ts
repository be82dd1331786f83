import { Redis } from 'ioredis';
import { fail, ok, fullReasonOf, warn, type Finding } from '../report.ts';

/** How long Redis may take to answer. @unit ms */
const patience = 5_000;

/** Looks at the Redis of the queues, where there is one. @param redisUrl null: there is none */
export async function checkRedis(redisUrl: string | null): Promise<Finding> {
  const check = 'redis';
  if (redisUrl === null) return ok(check, 'Not needed: the queues are in the database.');
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: patience,
    commandTimeout: patience,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
  });
  // What goes wrong is thrown by the command that needs it.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const info = await redis.info();
    const fact = (name: string) =>
      new RegExp(`^${name}:(?<value>.*?)\\r?$`, 'm').exec(info)?.groups?.['value'];
    const says = `Redis ${fact('redis_version')}.`;
    const policy = fact('maxmemory_policy');
    if (policy === undefined || policy === 'noeviction') return ok(check, says);
    const fix = 'Set maxmemory-policy to noeviction.';
    return warn(check, `${says} It throws away what it has no room for (${policy}).`, fix);
  } catch (error) {
    const fix = 'Start Redis, set REDIS_URL to where it is, or unset REDIS_URL and REDIS_HOST.';
    return fail(check, `It cannot be used: ${fullReasonOf(error)}.`, fix);
  } finally {
    redis.disconnect();
  }
}
