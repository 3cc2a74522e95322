/** What the test of links needs to know of a Markdown file, as GitHub renders it. */
export interface MarkdownFile {
  /** Targets of links and pictures, as they are written. */
  readonly links: readonly string[];
  /** What may stand behind `#`. */
  readonly anchors: ReadonlySet<string>;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}#{1,6}\s+(.+?)\s*#*$/;

/** Reads links and anchors out of a Markdown file; what stands in code is neither. */
export function readMarkdown(text: string): MarkdownFile {
  const links: string[] = [];
  const anchors = new Set<string>();
  for (const line of prose(text)) {
    const heading = HEADING.exec(line)?.[1];
    if (heading !== undefined) anchors.add(unused(slug(heading), anchors));
    for (const [, id = ''] of line.matchAll(/<[a-z][^>]*\s(?:id|name)="([^"]+)"/gi)) anchors.add(id);
    const rest = line.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, '');
    for (const [, target = ''] of rest.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)) links.push(target);
    for (const [, target = ''] of rest.matchAll(/\s(?:href|src)="([^"]+)"/g)) links.push(target);
    const [, definition] = /^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/.exec(rest) ?? [];
    if (definition !== undefined) links.push(definition);
  }
  return { links, anchors };
}

/** The lines outside of fenced code and comments. */
function* prose(text: string): Generator<string> {
  let fence: string | undefined;
  for (const line of text.replaceAll(/<!--[\s\S]*?-->/g, '').split(/\r?\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence === undefined) yield line;
    else if (mark !== undefined && mark.startsWith(fence) && line.trim() === mark) fence = undefined;
  }
}

function slug(heading: string): string {
  const text = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1');
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
}

/** The second heading of a name gets `-1`, the third `-2`. */
function unused(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let count = 1;
  while (taken.has(`${name}-${count}`)) count += 1;
  return `${name}-${count}`;
}
