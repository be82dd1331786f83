import { failures } from '../failures.ts';
import { isHost, isImageId, parseReference } from './image-reference.ts';

/** Which images the operator of a machine lets jobs run in, be they on the machine already or not. */
export interface ImagePolicy {
  /**
   * Hosts (`ghcr.io`, `localhost:5000`) or hosts with the start of a path (`ghcr.io/org`); `docker.io` is meant where an
   * entry has no host, as in the names of images; `*`: all of the public internet, and all that are on the machine
   * already. @default ['*']
   */
  allowedRegistries?: string[];
  /** Only images named with their digest (`name@sha256:...`), whose contents cannot change. @default false */
  requireDigest?: boolean;
}

/** @throws JobFailure where the policy does not allow an image of that name */
export function checkPolicy(image: string, { allowedRegistries = [], requireDigest }: ImagePolicy): void {
  const reference = parseReference(image);
  if (requireDigest && reference.digest === null && !/^sha256:[0-9a-f]{64}$/.test(image)) {
    throw failures.IMAGE_REFUSED(image, 'it has to be named with its digest (name@sha256:...)');
  }
  if (allowedRegistries.length === 0 || allowedRegistries.includes('*')) return;
  const allowed = `images of ${allowedRegistries.join(', ')}`;
  if (isImageId(image)) throw failures.IMAGE_REFUSED(image, `only ${allowed} are run, by their names`);
  if (!isNamed(image, allowedRegistries)) throw failures.IMAGE_REFUSED(image, `only ${allowed} are run`);
}

/** Whether an operator has named the registry of an image, or a part of it. */
export function isNamed(image: string, allowedRegistries: string[]): boolean {
  const { registry, repository } = parseReference(image);
  return allowedRegistries.some((entry) => isWithin(`${registry}/${repository}`, entry));
}

function isWithin(name: string, entry: string): boolean {
  const bare = entry.trim().replace(/^index\.docker\.io\b/, 'docker.io');
  const path = bare.replace(/\/+$/, '');
  const hub = bare.includes('/') ? `docker.io/${path}` : `docker.io/library/${path}`;
  const prefix = isHost(bare.split('/', 1)[0]!) ? path : hub;
  return name === prefix || name.startsWith(`${prefix}/`);
}
