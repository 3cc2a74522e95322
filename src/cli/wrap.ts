/**
 * The text with its lines broken between words, so that none is longer than `width` columns; a longer word, such as an address, stays
 * whole. Where the width is unknown (a pipe), the text stays as it is. A line keeps its leading spaces;
 * further lines begin with `indent` and as many.
 */
export function wrapped(text: string, width: number | undefined, indent = ''): string {
  if (width === undefined || width <= indent.length) return text;
  return text.split('\n').map((line) => wrappedLine(line, width, indent)).join('\n');
}

function wrappedLine(line: string, width: number, indent: string): string {
  if (line.length <= width) return line;
  const lead = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  let begun = false;
  for (const word of line.slice(lead.length).split(' ')) {
    if (begun && current.length + 1 + word.length > width) {
      lines.push(current);
      current = indent + lead + word;
    } else {
      current = begun ? `${current} ${word}` : current + word;
    }
    begun = true;
  }
  return [...lines, current].join('\n');
}
