import type { InitPlan, InitStep, PlannedRequest } from './init-step.js';
import { showValue } from './json-diff.js';

/** The requests of a plan exactly as they would be sent: a line with method and path, then the body. */
export function requestsText(plan: Pick<InitPlan, 'steps'>): string {
  const requests = plan.steps.flatMap((step) => step.requests);
  if (requests.length === 0) return 'Nothing would be sent.';
  return requests.map(({ method, path, body }) => `${method} ${path}${body === undefined ? '' : `\n${pretty(body)}`}`).join('\n\n');
}

/** Where objects on the server differ from ours, `-` what is there and `+` what would be; an empty text where nothing does. */
export function differencesText(steps: readonly InitStep[]): string {
  return steps.flatMap((step) => {
    const { differences = [] } = step;
    if (differences.length === 0) return [];
    const lines = differences.flatMap(({ path, found, wanted }) => [
      `  ${path}`,
      ...(found === undefined ? [] : [`-   ${showValue(found)}`]),
      ...(wanted === undefined ? [] : [`+   ${showValue(wanted)}`]),
    ]);
    return [`--- ${step.id} on the server`, `+++ ${step.id} of the gateway`, ...lines];
  }).join('\n');
}

/**
 * The requests as a shell script of `curl` calls, for whoever may not run a tool against the cluster: address and
 * credentials come from the environment, and today's index is named when the script runs.
 */
export function curlScript(requests: readonly PlannedRequest[], today: string): string {
  const head = [
    '#!/bin/sh',
    '# ELASTICSEARCH_URL, and ELASTICSEARCH_USERNAME with ELASTICSEARCH_PASSWORD, must be set; every call can be repeated.',
    'set -eu',
    'put() { curl -sS --fail-with-body -u "$ELASTICSEARCH_USERNAME:$ELASTICSEARCH_PASSWORD" -H "content-type: application/json" -X "$1" "$ELASTICSEARCH_URL$2" --data-binary @-; echo; }',
    'exists() { [ "$(curl -sS -o /dev/null -w \'%{http_code}\' -u "$ELASTICSEARCH_USERNAME:$ELASTICSEARCH_PASSWORD" "$ELASTICSEARCH_URL$1")" = 200 ]; }',
  ];
  return `${[...head, ...requests.map((request) => curlCall(request, today))].join('\n\n')}\n`;
}

function curlCall({ method, path, body }: PlannedRequest, today: string): string {
  const address = path.endsWith(`-${today}`) ? `'${path.slice(0, -today.length)}'"$(date -u +%Y-%m-%d)"` : `'${path}'`;
  if (body !== undefined) return `put ${method} ${address} <<'JSON'\n${pretty(body)}\nJSON`;
  // An index that exists already is what is wanted: a second run must not fail on it.
  return `exists ${address} || put ${method} ${address} </dev/null`;
}

function pretty(body: unknown): string {
  return JSON.stringify(body, null, 2);
}

