import ts from 'typescript';

type Declared = ts.Statement & { name?: ts.Identifier };

/** The reference of the SDK, made from the text of its types: each thing that is exported, with its comments. */
export function sdkReference(types: string): string {
  const source = ts.createSourceFile('index.d.ts', types, ts.ScriptTarget.Latest, true);
  const exported = new Set(source.statements.flatMap(namesExported));
  const sections = source.statements
    .flatMap((statement): [name: string, text: string][] => {
      const name = nameOf(statement);
      return name && exported.has(name) ? [[name, section(name, statement, types)]] : [];
    })
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, text]) => text);
  return `# Reference of @horde/sdk\n\nMade from its types. Start with \`HordeClient\` and \`Job\`.\n\n${sections.join('\n')}`;
}

function namesExported(statement: ts.Statement): string[] {
  if (
    ts.isExportDeclaration(statement) &&
    statement.exportClause &&
    ts.isNamedExports(statement.exportClause)
  )
    return statement.exportClause.elements.map(({ name }) => name.text);
  const isExported =
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  return isExported ? [nameOf(statement) ?? ''] : [];
}

const nameOf = (statement: ts.Statement): string | undefined =>
  ts.isVariableStatement(statement)
    ? statement.declarationList.declarations[0]?.name.getText()
    : (statement as Declared).name?.text;

function section(name: string, statement: ts.Statement, types: string): string {
  const code = types
    .slice(statement.getStart(), statement.end)
    .replace(/^export |declare /g, '')
    .replace(/^ +(private .*|#private;)\n/gm, '');
  const words = ts.getJSDocCommentsAndTags(statement).map((comment) =>
    comment
      .getText()
      .slice('/**'.length, -'*/'.length)
      .replace(/^ *\* ?/gm, '')
      .trim(),
  );
  return [`## ${name}`, ...words, `\`\`\`ts\n${code}\n\`\`\`\n`].join('\n\n');
}
