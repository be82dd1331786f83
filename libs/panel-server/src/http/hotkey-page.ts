import { escapeHtml, page } from './html.ts';
import { titled } from './pages.ts';

/** Where `horde panel login` leads to. @param problem why a code was refused */
export const hotkeyPage = (service: string, problem: string | null): string =>
  page(
    `${titled(service)}: log in with a hotkey`,
    `${problem === null ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
<p id="how">On the machine that has the hotkey, with the address of this page:</p>
<pre>horde panel login ADDRESS</pre>
<form method="post" action="/admin/login/hotkey/" hidden>
<input type="hidden" name="code">
<p>You have asked for this with <code>horde panel login</code>.</p>
<button>Log in</button>
</form>
<script src="/admin/login/hotkey/script.js"></script>`,
  );

/** Takes the code out of the address, where it would stay in the browser's history, and puts it into the form. */
export const hotkeyScript = `const code = location.hash.slice(1);
if (code) {
  history.replaceState(null, '', location.pathname);
  const form = document.forms[0];
  form.elements.code.value = code;
  for (const element of document.querySelectorAll('#how, pre')) element.hidden = true;
  form.hidden = false;
  form.querySelector('button').focus();
}
`;
