import type Docker from 'dockerode';

type Gpus = readonly string[] | null | undefined;

/**
 * What the engine is asked for to bring GPUs into a container.
 *
 * @param gpus indices or UUIDs; none: all of the machine
 */
export const gpuRequest = (gpus: Gpus, capabilities: string[]): Docker.DeviceRequest => ({
  Driver: 'nvidia',
  ...(gpus ? { DeviceIDs: [...gpus] } : { Count: -1 }),
  Capabilities: [capabilities],
});

/** The same for NVIDIA's runtime, as its variable NVIDIA_VISIBLE_DEVICES has it. */
export const visibleGpus = (gpus: Gpus): string => gpus?.join() ?? 'all';
