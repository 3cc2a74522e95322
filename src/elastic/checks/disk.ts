import { isGood } from '../answers.js';
import { listAt, numberAt, objectAt, stringAt } from '../json.js';
import { type Check, fail, ok, skip, warn } from './check.js';

const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40, pb: 2 ** 50 };
const STAGES = ['flood_stage', 'high', 'low'] as const;

/** Disk space of the data nodes against the cluster's own watermarks. */
export const disk: Check = {
  id: 'disk',
  title: 'Disk space',
  needs: ['authentication'],
  async run({ elastic, server }) {
    if (server?.serverless === true) return skip('a serverless project shows no disks');
    const stats = await elastic.request({ method: 'GET', path: '/_nodes/stats/fs', query: { filter_path: 'nodes.*.name,nodes.*.roles,nodes.*.fs.total' } });
    const settings = await elastic.request({ method: 'GET', path: '/_cluster/settings', query: { include_defaults: 'true', filter_path: '*.cluster.routing.allocation.disk' } });
    if (!isGood(stats) || !isGood(settings)) return warn('the credentials may not look at the disks', 'Grant the cluster privilege monitor.');
    const watermarks = watermarksOf(settings.body);
    const nodes = Object.values(objectAt(stats.body, 'nodes'))
      .filter((node) => listAt(node, 'roles').some((role) => String(role).startsWith('data')))
      .map((node) => ({ name: stringAt(node, 'name') ?? 'a node', total: numberAt(node, 'fs', 'total', 'total_in_bytes') ?? 0, free: numberAt(node, 'fs', 'total', 'available_in_bytes') ?? 0 }))
      .filter((node) => node.total > 0);
    for (const stage of STAGES) {
      const over = nodes.filter((node) => node.free < leastFree(watermarks, stage, node.total));
      if (over.length === 0) continue;
      const message = `${over.map(describe).join(', ')}: over the ${stage.replace('_', ' ')} watermark`;
      if (stage === 'flood_stage') return fail(`${message}, so the server blocks writing`, 'Free disk space or add a node; the block is lifted by itself once the disk is below the high watermark.');
      return warn(message, 'Free disk space or add a node, before the server stops placing shards there.');
    }
    return ok(nodes.length === 0 ? 'no data node tells its disk' : nodes.map(describe).join(', '));
  },
};

function describe(node: { name: string; total: number; free: number }): string {
  return `${node.name} has ${gib(node.free)} of ${gib(node.total)} GiB free`;
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

/** Watermark settings in force: transient over persistent over defaults. */
export function watermarksOf(settings: unknown): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const source of ['defaults', 'persistent', 'transient']) {
    for (const [key, value] of Object.entries(objectAt(settings, source, 'cluster', 'routing', 'allocation', 'disk', 'watermark'))) {
      if (typeof value === 'string') merged[key] = value;
    }
  }
  return merged;
}

/** Free bytes that a disk of that size must keep to be below the watermark. */
export function leastFree(watermarks: Readonly<Record<string, string>>, stage: (typeof STAGES)[number], total: number): number {
  const value = watermarks[stage];
  if (value === undefined) return 0;
  const used = /^([\d.]+)%$/.exec(value)?.[1] ?? (/^0?\.\d+$/.test(value) ? String(Number(value) * 100) : undefined);
  if (used === undefined) return bytes(value) ?? 0;
  const free = total * (1 - Number(used) / 100);
  return Math.min(free, bytes(watermarks[`${stage}.max_headroom`] ?? '') ?? Infinity);
}

function bytes(text: string): number | undefined {
  const match = /^([\d.]+)([kmgtp]?b)$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}
