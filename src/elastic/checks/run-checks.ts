import { Failure } from '../../domain/failure.js';
import { ElasticUnreachable } from '../client.js';
import { type Check, type CheckContext, fail, type Finding, skip } from './check.js';
import { CHECKS } from './registry.js';

export interface CheckResult extends Finding {
  readonly id: string;
  readonly title: string;
  readonly durationMs: number;
}

export interface RunOptions {
  /** Ids to run; what they need runs too, and is reported where it fails. */
  readonly only?: readonly string[];
  /** Leave out what writes to the cluster. */
  readonly noWrite?: boolean;
  readonly canary?: boolean;
  /** Wraps each check, for a spinner. */
  readonly onCheck?: (check: Check, work: () => Promise<CheckResult>) => Promise<CheckResult>;
  /** Checks other than the registry's, for tests. */
  readonly checks?: readonly Check[];
}

/** Runs the checks one after the other; one that rests on a failed or skipped one is skipped. */
export async function runChecks(context: CheckContext, options: RunOptions = {}): Promise<CheckResult[]> {
  const all = options.checks ?? CHECKS;
  const wanted = options.only === undefined ? undefined : known(options.only, all);
  const running = all.filter((check) => (wanted === undefined || closure(wanted, all).has(check.id)) &&
    (check.onRequest !== true || (check.id === 'canary' && options.canary === true) || wanted?.includes(check.id) === true));
  const results: CheckResult[] = [];
  for (const check of running) {
    const work = (): Promise<CheckResult> => runOne(check, context, results, options.noWrite === true);
    results.push(await (options.onCheck === undefined ? work() : options.onCheck(check, work)));
  }
  return wanted === undefined ? results : results.filter((result) => wanted.includes(result.id) || result.status === 'fail');
}

async function runOne(check: Check, context: CheckContext, before: readonly CheckResult[], noWrite: boolean): Promise<CheckResult> {
  const started = performance.now();
  const finding = await find(check, context, before, noWrite);
  return { id: check.id, title: check.title, ...finding, durationMs: Math.round(performance.now() - started) };
}

async function find(check: Check, context: CheckContext, before: readonly CheckResult[], noWrite: boolean): Promise<Finding> {
  const broken = check.needs.find((id) => before.some((result) => result.id === id && (result.status === 'fail' || result.status === 'skip')));
  // The first of a chain is the one to fix.
  if (broken !== undefined) return { ...skip(`not run, because it needs the check ${broken}`), heldBy: before.find((result) => result.id === broken)?.heldBy ?? broken };
  if (noWrite && check.writes === true) return skip('not run, as --no-write says');
  try {
    return await check.run(context);
  } catch (error) {
    if (error instanceof Failure) return fail(error.message, error.fix);
    if (error instanceof ElasticUnreachable) return fail(`the connection failed meanwhile: ${error.message}`, 'Run it again; if it stays so, look at the network and the load of the cluster.');
    throw error;
  }
}

function known(ids: readonly string[], all: readonly Check[]): readonly string[] {
  const unknown = ids.find((id) => !all.some((check) => check.id === id));
  if (unknown !== undefined) {
    throw new Failure({ code: 'unknown_check', message: `--only ${unknown}: there is no such check`, fix: `Use one or more of ${all.map((check) => check.id).join(', ')}.` });
  }
  return ids;
}

/** The ids with all that they rest on. */
function closure(ids: readonly string[], all: readonly Check[]): ReadonlySet<string> {
  const found = new Set<string>();
  const enter = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const needed of all.find((check) => check.id === id)?.needs ?? []) enter(needed);
  };
  ids.forEach(enter);
  return found;
}
