const START = '{"errors":false,"items":[';
/** Of one document that was written; with its index where that was asked for. */
const CREATED = /^\{"create":\{(?:"_index":"([^"\\]+)",)?"status":201\}\}/;
const LONGEST_ITEM = 400;
const END = ']}';

/**
 * The value of the answer to a bulk request whose every document was written, as its JSON says it,
 * with one object for all of its equal items; undefined for any other text. So the
 * usual answer, of thousands of items, is compared and not parsed.
 */
export function readAllCreated(text: string): { readonly errors: false; readonly items: readonly unknown[] } | undefined {
  if (!text.startsWith(START)) return undefined;
  const match = CREATED.exec(text.slice(START.length, START.length + LONGEST_ITEM));
  if (match === null) return undefined;
  const [created, index] = match;
  const items = (text.length + 1 - START.length - END.length) / (created.length + 1);
  if (!Number.isInteger(items) || items < 1) return undefined;
  if (text !== START + `${created},`.repeat(items - 1) + created + END) return undefined;
  return { errors: false, items: new Array<unknown>(items).fill({ create: { ...(index !== undefined && { _index: index }), status: 201 } }) };
}
