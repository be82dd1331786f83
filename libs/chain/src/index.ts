export {
  ChainError,
  commitmentLimit,
  type Block,
  type Chain,
  type ChainErrorKind,
  type Neuron,
  type SigningChain,
} from './chain.ts';
export { PylonChain, type PylonOptions } from './pylon-chain.ts';
