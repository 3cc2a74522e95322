/** How records are laid out over indices. */
export type Layout = 'daily' | 'single' | 'data-stream';

/** The names of the Elasticsearch objects that belong to ELASTICSEARCH_INDEX = `name`. */
export function objectNames(name: string): { policy: string; template: string; pattern: string; alias: string } {
  return { policy: `${name}-policy`, template: `${name}-template`, pattern: `${name}*`, alias: name };
}

/** The index of a record: by its own UTC date in the daily layout, so that a retry after midnight meets the same index. */
export function indexFor(name: string, layout: Layout, utcDate: string): string {
  return layout === 'daily' ? `${name}-${utcDate}` : name;
}
