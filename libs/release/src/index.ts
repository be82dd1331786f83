export { machineArchitecture } from './architecture.ts';
export {
  acceptKeys,
  acceptRelease,
  RefusedRelease,
  takesPart,
  type Signed,
  type Trust,
} from './choose-release.ts';
export {
  keysNamespace,
  listNamespace,
  readReleaseList,
  UnreadableList,
  writeKeyList,
  writeReleaseList,
  type KeyList,
  type ReleasedImage,
  type ReleaseList,
} from './release-list.ts';
export { keyBytes } from './ssh-signature.ts';
