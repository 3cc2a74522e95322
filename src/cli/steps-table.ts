import type { Style } from './color.js';
import { renderTable } from './table.js';

export interface StepRow {
  readonly id: string;
  readonly action: 'create' | 'unchanged' | 'update' | 'conflict';
  readonly detail: string;
}

const STYLES: Readonly<Record<StepRow['action'], Style>> = { create: 'green', update: 'yellow', unchanged: 'dim', conflict: 'red' };

/** The summary of `gateway es init`: one row for each step. */
export function renderSteps(steps: readonly StepRow[], options: { readonly color: boolean; readonly width: number | undefined }): string {
  return renderTable({
    head: ['Step', 'Action', 'Detail'],
    rows: steps.map(({ id, action, detail }) => [id, { text: action, style: STYLES[action] }, detail]),
    ...options,
  });
}
