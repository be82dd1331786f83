/** The METRICS_TOKEN of services that specs start. */
export const metricsToken = 'the-metrics-token';

/** What a service that a spec has started tells Prometheus. @param url `http://127.0.0.1:PORT` */
export const scrape = (url: string, path = '/metrics'): Promise<Response> =>
  fetch(url + path, { headers: { authorization: `Bearer ${metricsToken}` } });
