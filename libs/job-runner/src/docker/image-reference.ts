import { imagePattern } from '@horde/protocol';
import { failures } from '../failures.ts';

/** An image reference, taken apart by Docker's rules: `ubuntu` is `docker.io/library/ubuntu:latest`. */
export interface ImageReference {
  /** Host, with its port if given. */
  registry: string;
  /** Path at the registry. */
  repository: string;
  /** Null where there is a digest and no tag. */
  tag: string | null;
  digest: string | null;
}

/** The image a reference means: `:latest` where it has neither tag nor digest. A registry's port is no tag. */
export function fullReference(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}

/** No name, tag and digest that Docker knows are longer together. */
const maxLength = 640;

/**
 * Whether a text can be an image reference, by Docker's grammar. One that cannot must not get into a path of the
 * engine's API: `../..` there, or `//`, is answered with a redirection to a host that the reference names.
 */
function isReference(image: string): boolean {
  return image.length <= maxLength && imagePattern.test(image);
}

/**
 * The image that a reference means, fit to be asked for at the engine.
 *
 * @throws JobFailure where it cannot be the name of an image
 */
export function checkedReference(image: string): string {
  const reference = fullReference(image);
  if (!isReference(reference)) throw failures.IMAGE_NAME_REFUSED(image);
  return reference;
}

/** Whether a reference is (the start of) an image's id, which says nothing of where the image is from. */
export function isImageId(image: string): boolean {
  return image.startsWith('sha256:');
}

export function parseReference(image: string): ImageReference {
  const [named, digest = null] = image.split('@', 2) as [string, string?];
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const tag = tagged ? named.slice(colon + 1) : digest ? null : 'latest';
  return { ...parseName(tagged ? named.slice(0, colon) : named), tag, digest };
}

function parseName(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  if (!isHost(first)) return { registry: 'docker.io', repository: slash === -1 ? `library/${name}` : name };
  const path = name.slice(slash + 1);
  const isHub = first === 'docker.io' || first === 'index.docker.io';
  return isHub
    ? { registry: 'docker.io', repository: path.includes('/') ? path : `library/${path}` }
    : { registry: first, repository: path };
}

/** How Docker tells a host at the start of a name from a folder of Docker Hub. */
export function isHost(first: string): boolean {
  return /[.:A-Z]/.test(first) || first === 'localhost';
}
