/** A text as part of a page. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The frame of the pages that need no script. @param content HTML */
export const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/admin/login/style.css">
</head>
<body><main><h1>${escapeHtml(title)}</h1>
${content}
</main></body>
</html>
`;

/** Of `page`; light or dark, as the reader's machine has it. */
export const style = `:root{color-scheme:light dark;--back:#f4f6f9;--card:#fff;--text:#1c2430;--line:#c5ccd6;--main:#0b5cad;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--back:#11151b;--card:#1b212a;--text:#e6eaf0;--line:#4a5564;--main:#8ab8f0;--bad:#f2b8b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:27rem;margin:12vh auto 2rem;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:8px}
h1{font-size:1.3rem;margin:0 0 1rem}
label{display:block;margin:.8rem 0}
input{display:block;width:100%;margin-top:.2rem;padding:.5rem;font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);border-radius:4px}
button{margin-top:.8rem;padding:.55rem 1.4rem;font:inherit;font-weight:600;color:var(--card);background:var(--main);border:0;border-radius:4px;cursor:pointer}
:focus-visible{outline:3px solid var(--main);outline-offset:2px}
pre{overflow-x:auto;padding:.7rem;background:var(--back);border:1px solid var(--line);border-radius:4px;font:13px/1.5 ui-monospace,monospace}
[role=alert]{color:var(--bad);font-weight:600}`;
