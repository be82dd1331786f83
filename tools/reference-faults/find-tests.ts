import ts from 'typescript';

/** A test of a file. */
export interface FoundTest {
  /** Its own name behind those of what it is in, with ` > ` between them. Of a template it is what is written. */
  name: string;
  /** It is written down, and not run. */
  isSkipped: boolean;
}

/** The tests that a spec declares, in their order. */
export function findTests(text: string): FoundTest[] {
  const found: FoundTest[] = [];
  const look = (node: ts.Node, above: FoundTest | null): void => {
    const one = declared(node);
    const here = one && {
      name: above ? `${above.name} > ${one.name}` : one.name,
      isSkipped: one.isSkipped || (above?.isSkipped ?? false),
    };
    if (here && one.isTest) found.push(here);
    ts.forEachChild(node, (child) => look(child, here ?? above));
  };
  look(ts.createSourceFile('spec.ts', text, ts.ScriptTarget.ES2023, true), null);
  return found;
}

/** What a call declares: `it('…')`, `it.each(…)('…')`, `describe('…')`; null: neither a test nor what tests are in. */
function declared(node: ts.Node): (FoundTest & { isTest: boolean }) | null {
  if (!ts.isCallExpression(node)) return null;
  const [title] = node.arguments;
  if (!title || !(ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) return null;
  const [kind, ...how] = words(node.expression);
  if (kind !== 'it' && kind !== 'describe') return null;
  const name = ts.isStringLiteralLike(title) ? title.text : title.getText().slice(1, -1);
  return { name, isTest: kind === 'it', isSkipped: how.includes('skip') || how.includes('todo') };
}

/** The names that a call is made of: `it`, `each` of `it.each(…)('…')`. */
function words(called: ts.Expression): string[] {
  if (ts.isIdentifier(called)) return [called.text];
  if (ts.isCallExpression(called)) return words(called.expression);
  return ts.isPropertyAccessExpression(called) ? [...words(called.expression), called.name.text] : [];
}
