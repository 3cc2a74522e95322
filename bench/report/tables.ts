import type { BenchResult } from './result.js';
import { markdownTable, milliseconds, number, times } from './format.js';
import { cpu, firstByte, gap99, p50, p99, p999, perSecond, Summary } from './summary.js';

/** The main table: what a request costs, target by target. */
export function costTable(result: BenchResult): string {
  if (result.proxy === undefined) return '';
  const summary = new Summary(result.proxy);
  const rows = result.targets.filter(({ name }) => name !== 'direct' && summary.has(name)).map(({ name, title, version }) => [
    version === undefined ? title : `${title} ${version}`,
    number(summary.value(name, 'json', cpu), 1),
    times(summary.ratio(name, 'node', 'json', cpu)),
    number(summary.value(name, 'json', perSecond)),
    number(summary.value(name, 'json-100k', cpu), 1),
    number(summary.value(name, 'stream-20', cpu), 1),
    times(summary.ratio(name, 'node', 'stream-20', cpu)),
    number(summary.value(name, 'stream-500', cpu)),
    times(summary.ratio(name, 'node', 'stream-500', cpu)),
    number(summary.residentMb(name)),
  ]);
  return markdownTable([
    'CPU ms per 1,000 requests', 'JSON', '÷ bare Node', 'requests/s on one core', 'JSON 100 KB', 'stream of 20', '÷ bare Node', 'stream of 500', '÷ bare Node', 'RSS MB',
  ], rows);
}

/** Latency added over calling the provider directly. */
export function latencyTable(result: BenchResult): string {
  if (result.proxy === undefined) return '';
  const summary = new Summary(result.proxy);
  const rows = result.targets.filter(({ name }) => name !== 'direct' && summary.has(name)).map(({ name, title }) => [
    title,
    ...[p50, p99, p999].map((read) => milliseconds(summary.added(name, 'rate', read))),
    milliseconds(summary.added(name, 'paced', firstByte)),
    milliseconds(summary.added(name, 'paced', gap99)),
    String(summary.errors(name)),
  ]);
  return markdownTable([`added ms at ${number(result.proxy.rate)}/s`, 'p50', 'p99', 'p99.9', 'first event p50', 'between events p99', 'errors'], rows);
}

/** What a request costs with the provider behind TLS. */
export function tlsTable(result: BenchResult): string {
  if (result.tls === undefined) return '';
  const summary = new Summary(result.tls);
  const rows = result.targets.filter(({ name }) => summary.has(name)).map(({ name, title }) => [
    title,
    number(summary.value(name, 'json', cpu), 1), times(summary.ratio(name, 'node', 'json', cpu)),
    number(summary.value(name, 'stream-20', cpu), 1), times(summary.ratio(name, 'node', 'stream-20', cpu)),
  ]);
  return markdownTable(['CPU ms per 1,000 requests, provider behind TLS', 'JSON', '÷ bare Node', 'stream of 20', '÷ bare Node'], rows);
}

/** What a second process costs on the same core, ours beside Node's own. */
export function workersTable(result: BenchResult): string {
  if (result.proxy === undefined) return '';
  const summary = new Summary(result.proxy);
  const pairs = [['gateway, log only', 'workers-2', 'log'], ['bare Node proxy', 'node-2', 'node']] as const;
  const rows = pairs.filter(([, two, one]) => summary.has(two) && summary.has(one)).map(([title, two, one]) => [
    title, times(summary.ratio(two, one, 'json', cpu)), times(summary.ratio(two, one, 'rate', cpu)),
  ]);
  return rows.length === 0 ? '' : markdownTable(['CPU of two processes and their primary ÷ one', 'JSON, closed loop', `JSON at ${number(result.proxy.rate)}/s`], rows);
}

/** A sentence on where and how the figures were measured. */
export function caption({ date, machine, node, commit, settings, proxy }: BenchResult): string {
  return `Measured ${date.slice(0, 10)} at ${commit} with Node ${node} on ${machine.cores} cores of ${machine.cpu}: `
    + `${settings.rounds} alternating rounds, ${settings.connections} connections, the target alone on one core, `
    + 'load and stand-in provider on the other; medians, ratios within the same round.'
    + (settings.elasticsearch === undefined ? '' : ` Elasticsearch ${settings.elasticsearch} on ${settings.elasticsearchPinned ? 'the load\'s core' : 'the same machine'}.`)
    + (proxy === undefined || Object.keys(proxy.failures).length === 0 ? '' : ` Not measured: ${Object.keys(proxy.failures).join(', ')}.`);
}
