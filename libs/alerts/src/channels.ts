import { exchange, reasonOf } from '@horde/network';
import { sentenceOf, type AlertMessage } from './alert-message.ts';

/** How long a receiver may take. @unit ms */
const limit = 10_000;
/** Of a webhook's answer nothing is used. @unit bytes */
const maxAnswer = 100_000;

/** Who is told when something is the matter. */
export class AlertReceivers {
  /** ALERT_WEBHOOK_URL */
  alertWebhookUrl?: string;
  /** ALERT_MAIL_SERVER */
  alertMailServer?: string;
  /** ALERT_MAIL_TO */
  alertMailTo!: string[];
  /** ALERT_MAIL_FROM */
  alertMailFrom?: string;
}

export interface AlertChannel {
  /** For people, without what is secret in its address. */
  name: string;
  /** @throws Error with a sentence that has nothing secret in it */
  send(message: AlertMessage): Promise<void>;
}

export function channelsOf(receivers: AlertReceivers): AlertChannel[] {
  const { alertWebhookUrl: url, alertMailServer: server, alertMailTo: to } = receivers;
  return [
    ...(url === undefined ? [] : [webhook(new URL(url))]),
    ...(server === undefined || to.length === 0 ? [] : [mail(server, to, receivers.alertMailFrom ?? to[0]!)]),
  ];
}

/** A POST of JSON: the message's facts, and its sentence as `text` for Slack and its like and as `content` for Discord. */
function webhook(url: URL): AlertChannel {
  const name = `the webhook at ${url.host}`;
  return {
    name,
    async send(message) {
      const text = sentenceOf(message);
      const { status } = await exchange(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text, content: text, ...message }),
        maxBytes: maxAnswer,
        signal: AbortSignal.timeout(limit),
      }).catch((error: unknown) => {
        throw new Error(`It does not answer: ${reasonOf(error)}.`, { cause: error });
      });
      if (status < 200 || status > 299) throw new Error(`It answered with ${status}.`);
    },
  };
}

function mail(server: string, to: string[], from: string): AlertChannel {
  return {
    name: `the mail server at ${new URL(server).host}`,
    async send(message) {
      const { createTransport } = await import('nodemailer');
      const times = { connectionTimeout: limit, greetingTimeout: limit, socketTimeout: limit };
      const transport = createTransport(
        { url: server, ...times, disableFileAccess: true, disableUrlAccess: true },
        { from, to },
      );
      const facts = Object.entries(message).map(([name, value]) => `${name}: ${value}`);
      try {
        await transport.sendMail({
          subject: `${message.status}: ${message.alert} (${message.service} on ${message.host})`,
          text: `${sentenceOf(message)}\n\n${facts.join('\n')}\n`,
        });
      } catch (error) {
        throw new Error(`It does not take the mail: ${reasonOf(error)}.`, { cause: error });
      } finally {
        transport.close();
      }
    },
  };
}
