import Docker from 'dockerode';
import { engineSays, findImage, pull } from './engine.ts';
import type { Machine } from './machine.ts';

/** Whether a name says what is in an image: by its id, or by its digest in a registry. */
export const isContent = (image: string): boolean => /^sha256:|@sha256:/.test(image);

/** An image without a name: no registry can be asked for it. */
const isId = (image: string): boolean => image.startsWith('sha256:');

/**
 * Fetches an image from its registry, newer than the one that is there or not; where that does not have it, and the machine
 * neither, from the engine of the miner's own machine.
 *
 * @throws Error with a sentence
 */
export async function fetchImage(machine: Machine, image: string, signal: AbortSignal): Promise<void> {
  if (isId(image)) return copyImage(machine, image, signal);
  try {
    await pull(machine.docker, image, signal);
  } catch (error) {
    signal.throwIfAborted();
    // Under its digest it would not be found again: an engine believes that of registries alone.
    if (isContent(image) || (await findImage(machine.docker, image))) throw error;
    await copyImage(machine, image, signal).catch(() => {
      throw error;
    });
  }
}

async function copyImage({ docker: to, facts, name }: Machine, image: string, signal: AbortSignal) {
  const from = new Docker();
  const found = facts['machine'] === 'local' ? null : await findImage(from, image);
  if (!found)
    throw new Error(`${image} is not on the engine of the miner's machine, and no registry has it.`);
  const { throwOnError } = await import('@horde/job-runner'); // it takes a while to load
  const archive = await from.getImage(image).get();
  const stop = () => (archive as NodeJS.ReadableStream & { destroy(): void }).destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const events = await to.loadImage(archive, { quiet: true });
    await throwOnError(events as unknown as AsyncIterable<Buffer>);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`${image} could not be copied to ${name}: ${engineSays(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (!(await findImage(to, image)))
    throw new Error(
      `${image} was copied to ${name}, whose engine gives it another id: name a registry's image by its digest.`,
    );
}
