import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadPlugin, PluginError } from './load-plugin.ts';

class Animal {
  constructor(readonly name: string) {}
  says(): string {
    return `${this.name} is quiet`;
  }
}
const libraries = { '@fixture/animals': { Animal, default: 7, 'an odd name': true } };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'horde-plugins-'));
  // What a package of the same name, installed beside the plugin, would give.
  write(
    'node_modules/@fixture/animals/package.json',
    '{ "name": "@fixture/animals", "type": "module", "exports": "./index.js" }',
  );
  write('node_modules/@fixture/animals/index.js', 'export class Animal {}');
  write('node_modules/sounds/index.js', "exports.sound = 'wuff';");
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, contents: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, contents);
  return file;
}

const dog = `
  import type { Sound } from './sounds.ts';
  import { Animal } from '@fixture/animals';
  import { sound } from 'sounds';
  export class Dog extends Animal {
    private readonly sound: Sound = sound;
    override says(): string { return \`\${this.name} says \${this.sound}\`; }
  }
  export const bark = () => 'wuff';
`;

describe('a plugin', () => {
  it('extends the very class that it is given, past a package of that name, and finds its own packages', async () => {
    const Dog = (await loadPlugin(`${write('dog.ts', dog)}:Dog`, libraries)) as new (name: string) => Animal;
    const rex = new Dog('Rex');
    expect(rex).toBeInstanceOf(Animal);
    expect(rex.says()).toBe('Rex says wuff');
  });

  it('shares the libraries with the files that it imports, whatever their exports are called', async () => {
    write(
      'parts/base.ts',
      `import seven, { Animal, 'an odd name' as odd } from '@fixture/animals';
       export class Base extends Animal { readonly seen = [seven, odd]; }`,
    );
    const file = write('cat.mts', "import { Base } from './parts/base.ts'; export class Cat extends Base {}");
    const Cat = (await loadPlugin(`${file}:Cat`, libraries)) as new (name: string) => Animal;
    expect(new Cat('Tom')).toBeInstanceOf(Animal);
    expect(new Cat('Tom')).toMatchObject({ seen: [7, true] });
  });

  it.each([
    ['JavaScript', 'plain.mjs', 'export class Fish {}'],
    [
      'a CommonJS module',
      'common.cjs',
      'const { Animal } = require("@fixture/animals"); exports.Fish = class Fish extends Animal {};',
    ],
    [
      'TypeScript under a name that a Python miner gives it',
      'custom.py',
      'export class Fish { n: number = 1; }',
    ],
    ['TypeScript beside a package.json that says otherwise', 'common/fish.ts', 'export class Fish {}'],
  ])('may be %s', async (_what, name, contents) => {
    write('common/package.json', '{ "type": "commonjs" }');
    expect((await loadPlugin(`${write(name, contents)}:Fish`, libraries)).name).toBe('Fish');
  });

  it('is found by a path relative to the working directory, through a link', async () => {
    const file = write(
      'linked.ts',
      `import { Animal } from '@fixture/animals'; export class Bird extends Animal {}`,
    );
    const link = path.join(folder, 'link.ts');
    symlinkSync(file, link);
    const Bird = await loadPlugin(`${path.relative(process.cwd(), link)}:Bird`, libraries);
    expect(Bird.prototype).toBeInstanceOf(Animal);
  });

  it('changes nothing for the files that are no part of it', async () => {
    await loadPlugin(`${write('other-dog.ts', dog)}:Dog`, libraries);
    const outside = write('outside.mjs', "export { Animal } from '@fixture/animals';");
    const through = 'data:text/javascript,export const load = (url) => import(url);';
    const { load } = (await import(/* @vite-ignore */ through)) as { load: (url: string) => Promise<object> };
    expect(await load(`file://${outside}`)).not.toMatchObject({ Animal });
  });
});

describe('a plugin that cannot be used is refused with a sentence', () => {
  const refused = async (reference: string) => {
    const error: unknown = await loadPlugin(reference, libraries).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PluginError);
    return (error as PluginError).message.replaceAll(folder, '');
  };

  it.each(['dog.ts', 'dog.ts:', ':Dog', '/a:b/dog.ts'])('%j names no class', async (reference) => {
    expect(await refused(reference)).toBe(
      `"${reference}" names no class: it must look like path/to/module.ts:ClassName.`,
    );
  });

  it('no file, and no file but a folder', async () => {
    expect(await refused(`${folder}/nothing.ts:Dog`)).toBe('There is no file /nothing.ts.');
    expect(await refused(`${folder}/node_modules:Dog`)).toBe('There is no file /node_modules.');
  });

  it.each([
    ['names.ts', 'export class A {}; export const b = 1; export default 2;', 'A, b and default'],
    ['one.ts', 'export class A {}', 'A'],
    ['none.ts', 'class Dog {}', 'nothing'],
  ])('no such export: %s', async (name, contents, exported) => {
    expect(await refused(`${write(name, contents)}:Dog`)).toBe(
      `/${name} exports no Dog; it exports ${exported}.`,
    );
  });

  it.each(['42', '() => {}', 'function Dog() {}', 'null'])('not a class: %s', async (value) => {
    const name = `value-${value.length}.ts`;
    expect(await refused(`${write(name, `const Dog = ${value}; export { Dog };`)}:Dog`)).toBe(
      `Dog of /${name} is not a class.`,
    );
  });

  it.each([
    ['throws.ts', "throw new Error('No key is set\\nat all')", 'No key is set.'],
    ['throws-text.ts', "throw 'nothing works!'", 'nothing works!'],
    [
      'absent.ts',
      "import 'no-such-package'",
      /^Cannot find package 'no-such-package' imported from .*absent\.ts\.$/,
    ],
    [
      'no-name.ts',
      "\nimport { Wolf } from '@fixture/animals';",
      "The requested module '@fixture/animals' does not provide an export named 'Wolf'. See line 2 of /no-name.ts.",
    ],
    [
      'enum.ts',
      '\nenum Size { small }',
      'Node runs only TypeScript that it can strip the types of. ' +
        'TypeScript enum is not supported in strip-only mode. See line 2 of /enum.ts.',
    ],
    [
      'custom_job_runners.py',
      'class Dog(Animal):\n    pass\n',
      /^it is not TypeScript\. .+ See line 1 of \/custom_job_runners\.py\.$/,
    ],
    ['broken.mjs', 'export class Dog {', 'Unexpected end of input.'],
  ])('fails while it loads: %s', async (name, contents, why) => {
    const message = await refused(`${write(name, contents)}:Dog`);
    const start = `/${name} could not be loaded: `;
    expect(message.slice(0, start.length)).toBe(start);
    const rest = message.slice(start.length);
    if (why instanceof RegExp) expect(rest).toMatch(why);
    else expect(rest).toBe(why);
  });
});

describe('a bundled program', () => {
  it('gives a plugin its own classes, out of one file and without a package beside it', async () => {
    write('app/package.json', '{ "type": "module" }');
    write('app/src/zoo.ts', 'export class Animal { alive = true } export const unused = 1;');
    write(
      'app/src/main.ts',
      `import { loadPlugin } from ${JSON.stringify(path.join(import.meta.dirname, 'index.ts'))};
       const zoo = await import('./zoo.ts');
       const Dog = await loadPlugin(process.argv[2]!, { '@fixture/animals': zoo });
       const dog = new Dog();
       console.log(JSON.stringify({ isAnimal: dog instanceof zoo.Animal, ...dog }));`,
    );
    const [app, out] = [path.join(folder, 'app'), path.join(folder, 'out')];
    const run = promisify(execFile);
    const cwd = path.resolve(import.meta.dirname, '../../..');
    await run(process.execPath, ['tools/bundle.ts', app, out], { cwd });
    write(
      'out/dog.ts',
      `import { Animal, unused } from '@fixture/animals'; export class Dog extends Animal { unused = unused; }`,
    );
    const { stdout, stderr } = await run(process.execPath, ['main.mjs', 'dog.ts:Dog'], { cwd: out });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ isAnimal: true, alive: true, unused: 1 });
  });
});
