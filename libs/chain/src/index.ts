export {
  CHAIN,
  ChainError,
  commitmentLimit,
  type Block,
  type Chain,
  type CertificateKeys,
  type ChainErrorKind,
  type Hyperparameters,
  type Neuron,
  type SigningChain,
} from './chain.ts';
export { cycleLength, cycleNumber, cycleOf, type Cycle } from './cycles.ts';
export { PylonAndSubtensor } from './pylon-and-subtensor.ts';
export { SubtensorChain, subtensorAddress } from './subtensor-chain.ts';
export { DevnetChain } from './devnet-chain.ts';
export { PylonChain, type PylonOptions } from './pylon-chain.ts';
