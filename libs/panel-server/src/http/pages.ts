import { escapeHtml, page } from './html.ts';
import { minPasswordLength } from '../accounts/passwords.ts';

export const titled = (service: string): string => `${service[0]!.toUpperCase()}${service.slice(1)}`;
const alert = (sentence: string | null): string =>
  sentence === null ? '' : `<p role="alert">${escapeHtml(sentence)}</p>`;

const hotkeyLink = '<p><a href="/admin/login/hotkey/">With a hotkey</a></p>';

/** The login. @param hotkeys whether some may log in @param problem why the last one was refused */
export const loginPage = (service: string, hotkeys: boolean, problem: string | null): string =>
  page(
    `${titled(service)}: log in`,
    `${alert(problem)}
<form method="post" action="/admin/login/">
<label>Account <input name="name" autocomplete="username" autocapitalize="none" required autofocus maxlength="150"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="1024"></label>
<button>Log in</button>
</form>${hotkeys ? hotkeyLink : ''}`,
  );

/** There is no account, and no page ever makes one. */
export const noAccountPage = (service: string, hotkeys: boolean): string =>
  page(
    `${titled(service)}: no account yet`,
    `<p>This command makes one, and shows its password:</p>
<pre>./horde run ${service} create_admin NAME</pre>
<p>Where the service runs from its bundle, in the environment that it runs with:</p>
<pre>node main.mjs create_admin NAME</pre>${hotkeys ? hotkeyLink : ''}`,
  );

/** Passwords are not taken in the clear. @param host as the reader knows the machine @param port where they have asked: that of a container is published by another one, maybe */
export const tunnelPage = (service: string, host: string, port: number): string =>
  page(
    titled(service),
    `<p>This connection is not encrypted, so nobody logs in over it. From your own machine this opens a way that is:</p>
<pre>ssh -L ${port}:127.0.0.1:${port} ${escapeHtml(host)}</pre>
<p>Then the panel is at <code>http://127.0.0.1:${port}/admin/</code>. A service in a container needs
<code>PUBLISHED_ON_LOOPBACK</code> for that. Behind a proxy with a certificate that says
<code>X-Forwarded-Proto: https</code>, and that <code>TRUSTED_PROXIES</code> names, it works from everywhere.</p>`,
  );

/** @param token of the session @param problem why the last one was refused */
export const passwordPage = (
  service: string,
  token: string,
  mustChange: boolean,
  problem: string | null,
): string =>
  page(
    `${titled(service)}: change your password`,
    `${mustChange ? '<p>The password was given to you: choose your own before you go on.</p>' : ''}${alert(problem)}
<form method="post" action="/admin/password/">
<input type="hidden" name="token" value="${token}">
<label>Present password <input name="password" type="password" autocomplete="current-password" required autofocus maxlength="1024"></label>
<label>New password, at least ${minPasswordLength} characters <input name="new" type="password" autocomplete="new-password" required minlength="${minPasswordLength}" maxlength="1024"></label>
<button>Change it</button>
</form>`,
  );

/** What the panel's scripts begin on. @param nonce for the styles that they make */
export const panelPage = (service: string, nonce: string, entry: string, needed: readonly string[]): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<meta name="horde-style" nonce="${nonce}">
<title>${titled(service)}</title>
${needed.map((name) => `<link rel="modulepreload" href="/admin/assets/${name}">\n`).join('')}<script type="module" src="/admin/assets/${entry}"></script>
</head>
<body><div id="root"><p>The panel is loading …</p></div></body>
</html>
`;
