/** What of a composable template decides whether it wins. */
export interface TemplateRank {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly priority: number;
}

/** The template that the server would use for a new index of that name: the matching one of the highest priority. */
export function winningTemplate(templates: readonly TemplateRank[], index: string): TemplateRank | undefined {
  let best: TemplateRank | undefined;
  for (const template of templates) {
    if (!template.patterns.some((pattern) => matches(pattern, index))) continue;
    if (best === undefined || template.priority > best.priority) best = template;
  }
  return best;
}

/** Whether a name matches a pattern in which `*` stands for any text. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
