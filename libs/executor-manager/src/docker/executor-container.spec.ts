import type Docker from 'dockerode';
import { expect, it } from 'vitest';
import { request } from '../testing/conformance.ts';
import { checkGivesOwnGpus, executorContainer } from './executor-container.ts';

const options = { owner: 'miner', environment: {}, autoRemove: true };
const where = {
  image: { Config: { Labels: {} } } as Docker.ImageInspectInfo,
  imageName: 'image:1',
  arguments: ['run_executor'],
  place: 'self',
  port: { port: 6006, publicPort: 16006 },
  gpus: 'all',
  socketPath: '/run/user/1000/docker.sock',
  isOwn: true,
};

it('an executor that publishes its streaming port itself, as ComputeHorde’s does, is only told which', () => {
  const container = executorContainer(options, request('token'), where);
  expect(container.Env).toContain('NGINX_PORT=6006');
  expect(container.ExposedPorts).toBeUndefined();
  expect(container.HostConfig!.PortBindings).toBeUndefined();
});

it('the engine’s socket is found under its usual name, wherever the machine has it', () => {
  const container = executorContainer(options, request('token'), where);
  expect(container.HostConfig!.Binds).toEqual([
    '/run/user/1000/docker.sock:/var/run/docker.sock',
    '/tmp:/tmp',
  ]);
});

it('a folder for jobs that is not in /tmp is there under its own name too', () => {
  const environment = { JOB_FOLDER: '/data/jobs' };
  const container = executorContainer({ ...options, environment }, request('token'), where);
  expect(container.HostConfig!.Binds).toContain('/data/jobs:/data/jobs');
});

it('an executor is told its GPUs where its server names them, if its image gives jobs those and no others', () => {
  expect(executorContainer(options, request('token'), where).Env!.join()).not.toContain('EXECUTOR_GPUS');
  const container = executorContainer(options, request('token'), { ...where, gpus: '2,3' });
  expect(container.Env).toContain('EXECUTOR_GPUS=2,3');
  expect(container.Labels).toMatchObject({ 'horde.executor.gpus': '2,3' });
  const aware = { Config: { Labels: { 'horde.gpus': 'own' } } } as unknown as Docker.ImageInspectInfo;
  checkGivesOwnGpus(aware, 'image:1', '2,3');
  checkGivesOwnGpus(where.image, 'image:1', 'all');
  expect(() => checkGivesOwnGpus(where.image, 'image:1', '2,3')).toThrow(
    "image:1 gives jobs all GPUs of a machine, whatever the servers' file says",
  );
});

it('executors of the miner’s own machine are in the network and at the address that it names, those of others are not', () => {
  const image = {
    Config: { Labels: { 'horde.streaming-port': 'served' } },
  } as unknown as Docker.ImageInspectInfo;
  const named = { ...options, engineNetwork: 'executors', publishAt: '127.0.0.1' };
  const own = executorContainer(named, request('token'), { ...where, image }).HostConfig!;
  expect(own.NetworkMode).toBe('executors');
  expect(own.PortBindings).toEqual({ '6006/tcp': [{ HostPort: '6006', HostIp: '127.0.0.1' }] });
  const other = executorContainer(named, request('token'), { ...where, image, isOwn: false }).HostConfig!;
  expect(other.NetworkMode).toBeUndefined();
  expect(other.PortBindings).toEqual({ '6006/tcp': [{ HostPort: '6006' }] });
});
