/** So many characters go out in one write. */
const PIECE = 64 * 1024;

/**
 * The same text as `JSON.stringify(value, null, 2)`, in pieces: a report with millions of rows is longer than a string can be.
 * Members of the value that are arrays are written element by element.
 */
export function* jsonPieces(value: unknown): Generator<string> {
  let piece = '';
  for (const part of parts(value)) {
    piece += part;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function* parts(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'toJSON' in value) {
    yield JSON.stringify(value, null, 2);
    return;
  }
  let separator = '{\n';
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || typeof member === 'function') continue;
    yield `${separator}  ${JSON.stringify(key)}: `;
    separator = ',\n';
    if (Array.isArray(member) && member.length > 0) yield* elements(member);
    else yield indented(member, '  ');
  }
  yield separator === ',\n' ? '\n}' : '{}';
}

function* elements(list: readonly unknown[]): Generator<string> {
  let separator = '[\n    ';
  for (const element of list) {
    yield separator + indented(element, '    ');
    separator = ',\n    ';
  }
  yield '\n  ]';
}

function indented(value: unknown, indent: string): string {
  return ((JSON.stringify(value, null, 2) as string | undefined) ?? 'null').replaceAll('\n', `\n${indent}`);
}
