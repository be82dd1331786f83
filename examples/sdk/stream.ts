import { ensureHotkey, HordeClient } from '@horde/sdk';

const client = new HordeClient({
  facilitatorUrl: process.env['FACILITATOR_URL'],
  hotkey: await ensureHotkey(process.env['HOTKEY_FILE'] ?? 'hotkey.json'),
  validatorHotkey: process.env['VALIDATOR_HOTKEY'] ?? '',
});
const job = await client.createJob({
  executorClass: 'always_on.llm.a6000',
  jobNamespace: 'SN123.0',
  dockerImage: process.argv[2] ?? 'my/server',
  streaming: true,
  downloadTimeLimit: 30,
  executionTimeLimit: 600,
  streamingStartTimeLimit: 60,
  uploadTimeLimit: 10,
});
const place = await job.waitForStreaming({ timeout: 120 });
const answer = await place.fetch('/generate', { method: 'POST', body: 'once upon a time' });
console.log(answer.status, await answer.text());
await job.cancel();
client.close();
