/** One parameter of a query string: as sent, and decoded where it can be. */
export interface QueryPart {
  readonly raw: string;
  readonly name: string;
  readonly value: string;
}

/** The parts of a query string (with its `?`), in order; joined by `&` again they are what was sent. */
export function queryParts(query: string): QueryPart[] {
  if (query.length < 2) return [];
  return query.slice(1).split('&').map((raw) => {
    const equals = raw.indexOf('=');
    return equals === -1 ? { raw, name: decoded(raw), value: '' } : { raw, name: decoded(raw.slice(0, equals)), value: decoded(raw.slice(equals + 1)) };
  });
}

/** The query string of some of its parts, as they were sent. */
export function joinedQuery(parts: readonly QueryPart[]): string {
  return parts.length === 0 ? '' : `?${parts.map(({ raw }) => raw).join('&')}`;
}

/** Without its percent-escapes, where they can be read. */
export function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
