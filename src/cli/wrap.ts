/**
 * The text with its lines broken between words, so that none is longer than `width` columns; a longer word, such as an address, stays
 * whole. Where the width is unknown (a pipe), the text stays as it is. Further lines begin with `indent`.
 */
export function wrapped(text: string, width: number | undefined, indent = ''): string {
  if (width === undefined || width <= indent.length) return text;
  return text.split('\n').map((line) => wrappedLine(line, width, indent)).join('\n');
}

function wrappedLine(line: string, width: number, indent: string): string {
  if (line.length <= width) return line;
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current !== indent && current.length + 1 + word.length > width) {
      lines.push(current);
      current = indent + word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, current].join('\n');
}
