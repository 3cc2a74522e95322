import { Failure } from '../domain/failure.js';

const MAX_BYTES = 255; // the server's limit for an index name
const LONGEST_ADDITION = Buffer.byteLength('.ds--2026.01.01-000001'); // a backing index of a data stream; -YYYY-MM-DD is shorter

/** Names whose indices belong to Elastic's own shippers: a NAME that begins one of them would capture them by its pattern NAME*. */
const FOREIGN = ['logs', 'metrics', 'traces', 'synthetics', 'profiling', 'apm', 'filebeat', 'metricbeat', 'packetbeat', 'heartbeat', 'auditbeat', 'winlogbeat', 'logstash'];

/**
 * Refuses a value of ELASTICSEARCH_INDEX that the server would refuse, or whose pattern NAME* would
 * capture indices that are not the gateway's. Throws a Failure (exit 2); asks no server.
 */
export function checkIndexName(name: string): void {
  const problem = problemOf(name);
  if (problem === undefined) return;
  throw new Failure({
    code: 'bad_index_name',
    message: `ELASTICSEARCH_INDEX=${printable(name)}: ${problem}`,
    fix: 'Choose another ELASTICSEARCH_INDEX: lower-case letters, digits and hyphens, for example ai-gateway-metrics.',
  });
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'must not be empty';
  if (name.includes('*')) return 'must be one name, not a pattern: it holds *';
  const bad = /[\\/?"<>|\s,#:\p{Cc}]/u.exec(name);
  if (bad !== null) return `must not hold ${JSON.stringify(bad[0])}: the server refuses it in index names`;
  if (/^[-_+]/.test(name)) return `must not begin with ${name.charAt(0)}: the server refuses it in index names`;
  if (name.startsWith('.')) return 'must not begin with a dot: such names are for the server\'s own hidden indices';
  if (name !== name.toLowerCase()) return 'must be lower case: the server refuses capital letters in index names';
  const limit = MAX_BYTES - LONGEST_ADDITION;
  if (Buffer.byteLength(name) > limit) {
    return `must be at most ${String(limit)} bytes long, so that names made from it stay within the server's ${String(MAX_BYTES)}; it has ${String(Buffer.byteLength(name))}`;
  }
  const foreign = FOREIGN.find((other) => other.startsWith(name));
  if (foreign === name) return `is reserved for Elastic's own data: the pattern ${name}* would capture it`;
  if (foreign !== undefined) return `is too short: the pattern ${name}* would capture the indices of ${foreign}`;
  return undefined;
}

function printable(name: string): string {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return /^[\x21-\x7e]*$/.test(shown) ? shown : JSON.stringify(shown);
}
