import path from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

/**
 * A thread's own file (`new URL('./…-worker.ts', import.meta.url)`) travels inside the bundle too, as a data URL.
 *
 * @param modules gets the modules that such files are made of
 */
export const workers = (modules: string[] = []): Plugin => ({
  name: 'workers',
  async transform(code, id) {
    const [url, , file] = /new URL\((['"])(\.\/[\w-]+-worker\.ts)\1, import\.meta\.url\)/.exec(code) ?? [];
    if (!url || !file) return null;
    const worker = await rolldown({
      input: path.join(path.dirname(id), file),
      platform: 'node',
      external: /^node:/,
    });
    const { output } = await worker.generate({ format: 'esm', codeSplitting: false });
    await worker.close();
    modules.push(...output[0].moduleIds);
    const text = Buffer.from(output[0].code).toString('base64');
    return code.replace(url, `new URL('data:text/javascript;base64,${text}')`);
  },
});
