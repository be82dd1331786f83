import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A mail server for one test, which takes each mail without asking who is there. */
export async function mailServer(): Promise<{ url: string; mails: string[] }> {
  const mails: string[] = [];
  const server = createServer((socket) => {
    let text = '';
    let isData = false;
    socket.write('220 here\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (isData && !text.endsWith('\r\n.\r\n')) return;
      const said = chunk.toString().trim();
      if (isData) {
        isData = false;
        mails.push(text.replaceAll('\r', ''));
        socket.write('250 taken\r\n');
      } else if (/^DATA$/i.test(said)) {
        isData = true;
        socket.write('354 go on\r\n');
      } else if (/^QUIT$/i.test(said)) socket.end('221 bye\r\n');
      else socket.write('250 fine\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, mails };
}
