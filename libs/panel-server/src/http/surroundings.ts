import { Injectable } from '@nestjs/common';
import { networkOf, TrustedProxies } from '@horde/transport';
import type { Request } from 'express';
import { PanelOptions } from '../options.ts';

/**
 * How a request has come: encrypted; in the clear, but on this machine alone; or in the clear from elsewhere, where
 * whoever is on the way reads passwords.
 */
export type Way = 'tls' | 'loopback' | 'plain';

const loopback = /^(?:127(?:\.\d{1,3}){3}|::1)$/;
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** Some proxy was on the way, which may have been far away. */
const forwarding = [
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'via',
];

/** What is told by the connection of a request, and by the proxies that are trusted. */
@Injectable()
export class Surroundings {
  private readonly proxies: TrustedProxies;

  constructor(private readonly options: PanelOptions) {
    this.proxies = new TrustedProxies(options.trustedProxies);
  }

  wayOf({ headers, socket }: Request): Way {
    if ('encrypted' in socket) return 'tls';
    const remote = plainAddress(socket.remoteAddress);
    if (headers['x-forwarded-proto'] === 'https' && this.proxies.has(remote)) return 'tls';
    const isHere = loopback.test(remote) || remote === this.options.gateway;
    if (!isHere || forwarding.some((name) => headers[name] !== undefined)) return 'plain';
    // A page elsewhere whose name leads to this machine would be another site for the browser.
    return loopbackHost.test(headers.host ?? '') ? 'loopback' : 'plain';
  }

  /**
   * Where the browser of whoever sends this finds the panel: what it says itself, where that can be believed. On this
   * machine that is the request's host, and elsewhere an origin of PANEL_ORIGINS; null: neither.
   */
  originOf(request: Request, said: string): string | null {
    const way = this.wayOf(request);
    if (way === 'loopback') return `http://${request.headers.host}`;
    return way === 'tls' && this.options.origins.includes(said) ? said : null;
  }

  /** What counts as the address of whoever has sent it. */
  networkOf({ headers, socket }: Request): string {
    return networkOf(this.proxies.addressOf(headers, socket.remoteAddress ?? ''));
  }

  /** Ports of one machine share their cookies: each service has its own. The prefix lets no other page of the host set it. */
  cookieName(way: Way): string {
    return `${way === 'tls' ? '__Host-' : ''}horde-${this.options.api.service}`;
  }
}

/** Whether a browser says that the request comes from a page of another site. Programs say nothing of that kind. */
export function isForeign({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  return !URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host;
}

const plainAddress = (address = ''): string => address.replace(/^::ffff:/i, '');
