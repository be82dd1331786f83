/*
 * What a ristretto255 point and scalar look like (RFC 9496, sections 4.1 to 4.3.1), for public values only:
 * nothing here runs in constant time.
 */

const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const sqrtMinusOne = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
/** Order of the group, 2^252 + 27742317777372353535851937790883648493, little-endian. */
const groupOrder = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** Whether 32 little-endian bytes are a scalar below the order of the group. */
export function isCanonicalScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  for (let i = 31; i >= 0; i--) {
    if (bytes[i] !== groupOrder[i]) return bytes[i]! < groupOrder[i]!;
  }
  return false;
}

/** Whether 32 bytes are the encoding of a ristretto255 point. The neutral element (all zero) is one. About 0.3 ms. */
export function isRistrettoPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const s = littleEndian(bytes);
  if (s >= P || isNegative(s)) return false;

  const ss = mod(s * s);
  const u1 = mod(1n - ss);
  const u2 = mod(1n + ss);
  const u2Squared = mod(u2 * u2);
  const v = mod(-D * mod(u1 * u1) - u2Squared);
  const root = inverseSquareRoot(mod(v * u2Squared));
  if (root === null) return false;

  const denominatorX = mod(root * u2);
  const denominatorY = mod(mod(root * denominatorX) * v);
  const x = absolute(mod(2n * s * denominatorX));
  const y = mod(u1 * denominatorY);
  return y !== 0n && !isNegative(mod(x * y));
}

/** The non-negative 1/sqrt(v) modulo P; null when v has none. */
function inverseSquareRoot(v: bigint): bigint | null {
  const v3 = mod(mod(v * v) * v);
  const v7 = mod(mod(v3 * v3) * v);
  const candidate = mod(v3 * pow252Minus3(v7));
  const check = mod(v * mod(candidate * candidate));
  if (check === 1n) return absolute(candidate);
  if (check === P - 1n) return absolute(mod(candidate * sqrtMinusOne));
  return null;
}

/** x^(2^252 - 3), the exponent of square roots modulo P: 252 squarings, but only 11 other products. */
function pow252Minus3(x: bigint): bigint {
  const x2 = mod(mod(x * x) * x); // xN stands for x^(2^N - 1)
  const x4 = mod(squared(x2, 2) * x2);
  const x5 = mod(squared(x4, 1) * x);
  const x10 = mod(squared(x5, 5) * x5);
  const x20 = mod(squared(x10, 10) * x10);
  const x40 = mod(squared(x20, 20) * x20);
  const x50 = mod(squared(x40, 10) * x10);
  const x100 = mod(squared(x50, 50) * x50);
  const x200 = mod(squared(x100, 100) * x100);
  const x250 = mod(squared(x200, 50) * x50);
  return mod(squared(x250, 2) * x);
}

function squared(x: bigint, times: number): bigint {
  let result = x;
  for (let i = 0; i < times; i++) result = (result * result) % P;
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

const isNegative = (value: bigint): boolean => (value & 1n) === 1n;
const absolute = (value: bigint): bigint => (isNegative(value) ? P - value : value);

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
}
