import { crossValidate, ensureHotkey, folderVolume, HordeClient, saveResult, type JobSpec } from '@horde/sdk';

const [folder = '.', target = 'result'] = process.argv.slice(2);
const client = new HordeClient({
  facilitatorUrl: process.env['FACILITATOR_URL'],
  hotkey: await ensureHotkey(process.env['HOTKEY_FILE'] ?? 'hotkey.json'),
  validatorHotkey: process.env['VALIDATOR_HOTKEY'] ?? '',
});
const spec: JobSpec = {
  executorClass: 'always_on.cpu.8c.16gb',
  jobNamespace: 'SN123.0',
  dockerImage: 'alpine',
  args: ['sh', '-c', 'cd /volume/in && sha256sum * | tee /artifacts/sums'],
  artifactsDir: '/artifacts',
  inputVolumes: { '/volume/in': await folderVolume(folder) },
  downloadTimeLimit: 30,
  executionTimeLimit: 60,
  uploadTimeLimit: 10,
};

const job = await client.runUntilComplete(spec, {
  timeout: 600,
  onAttempt: ({ uuid }, attempt) => console.error(`attempt ${attempt}: ${uuid}`),
  onStatus: ({ status }) => console.error(status),
});
if (!job.result || job.error) throw new Error(job.error?.message ?? 'There is no result.');
for (const file of (await saveResult(job.result, target)).files) console.log(file);

const { outcome } = await crossValidate(client, spec, job, {
  share: 0.02,
  compare: (mine, trusted) => (mine.result?.stdout === trusted.result?.stdout ? null : { differs: 'stdout' }),
});
console.error(`checked: ${outcome}`);
client.close();
