import { expect, it } from 'vitest';
import { PythonRandom } from './python-random.ts';

const sizes = [1, 2, 3, 4, 5, 7, 8, 17, 256, 1000];

/** `[random.Random(seed).choice(range(n)) for n in sizes]` of Python 3.11. */
it.each<[bigint, number[]]>([
  [0n, [0, 1, 1, 3, 3, 6, 6, 12, 197, 864]],
  [1n, [0, 0, 0, 1, 1, 1, 2, 4, 68, 137]],
  [-1n, [0, 0, 0, 1, 1, 1, 2, 4, 68, 137]],
  [708n, [0, 0, 0, 0, 0, 0, 1, 3, 63, 127]],
  [-14n, [0, 0, 0, 0, 0, 0, 1, 3, 54, 109]],
  [1000n, [0, 1, 1, 3, 3, 6, 6, 13, 219, 796]],
  [5775264n, [0, 0, 2, 1, 4, 4, 3, 16, 108, 521]],
  [5775986n, [0, 0, 0, 0, 0, 0, 1, 3, 56, 113]],
  [6000000n, [0, 1, 2, 2, 2, 5, 5, 10, 173, 966]],
  [-5775264n, [0, 0, 2, 1, 4, 4, 3, 16, 108, 521]],
  [4294967295n, [0, 0, 2, 1, 4, 5, 3, 6, 104, 650]],
  [4294967296n, [0, 0, 0, 0, 0, 0, 1, 3, 57, 115]],
  [-4294967296n, [0, 0, 0, 0, 0, 0, 1, 3, 57, 115]],
  [9007199254740993n, [0, 1, 1, 2, 2, 2, 5, 11, 180, 360]],
  [-18446744073709551621n, [0, 0, 2, 0, 4, 4, 1, 16, 51, 522]],
  [79228162514264337593543962681n, [0, 0, 0, 0, 0, 0, 0, 0, 13, 26]],
])('a list is chosen from as in Python, with the seed %s', (seed, expected) => {
  const chosen = sizes.map((size) =>
    new PythonRandom(seed).choice(Array.from({ length: size }, (_, i) => i)),
  );
  expect(chosen).toEqual(expected);
});

/** `[random.Random(seed).getrandbits(32) for _ in range(2000)]` of Python 3.11, at these places. */
it.each([
  [5_775_264n, [2_188_968_594, 301_810_471, 3_773_063_287, 723_330_824]],
  [-(2n ** 64n) - 5n, [2_192_917_427, 263_933_023, 933_775_266, 1_443_844_780]],
])('its words are the same beyond the first 624, with the seed %s', (seed, expected) => {
  const random = new PythonRandom(seed);
  const words = Array.from({ length: 2_000 }, () => random.word());
  expect([0, 623, 624, 1_999].map((place) => words[place])).toEqual(expected);
});

it('nothing can be chosen from an empty list', () => {
  expect(() => new PythonRandom(1n).choice([])).toThrow(RangeError);
});
