import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from './metrics-registry.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

/** Counts this process' HTTP requests, under the names that ComputeHorde's web framework gives them. */
@Injectable()
export class RequestMetrics {
  private readonly byMethod: Counter<'method'>;
  private readonly byStatus: Counter<'status'>;
  private readonly byView: Counter<'status' | 'view' | 'method'>;
  private readonly latency: Histogram<'view' | 'method'>;

  constructor(registry: MetricsRegistry) {
    this.byMethod = registry.counter('django_http_requests_total_by_method_total');
    this.byStatus = registry.counter('django_http_responses_total_by_status_total');
    this.byView = registry.counter('django_http_responses_total_by_status_view_method_total');
    this.latency = registry.histogram('django_http_requests_latency_seconds_by_view_method');
  }

  /** The middleware. */
  readonly count = (request: Request, response: Response, next: NextFunction): void => {
    const began = performance.now();
    const method = methods.includes(request.method) ? request.method : '<invalid method>';
    this.byMethod.inc({ method });
    response.once('close', () => {
      const status = String(response.statusCode);
      const view = viewOf(request);
      this.byStatus.inc({ status });
      this.byView.inc({ status, view, method });
      this.latency.observe({ view, method }, (performance.now() - began) / 1_000);
    });
    next();
  };
}

/** The pattern that has matched: what was asked for itself is anybody's choice. */
function viewOf(request: Request): string {
  const { path } = (request.route ?? {}) as { path?: unknown };
  return typeof path === 'string' && !path.includes('*') ? path : '<unnamed view>';
}
