import type { Major } from '../elasticsearch/versions.js';
import { release } from '../elasticsearch/versions.js';
import { filesThatNeedElasticsearch } from './needs-elasticsearch.js';
import type { Step } from './step.js';

/** What needs no server and costs little comes first. */
const CHECKS: readonly Step[] = [
  { title: 'types', command: npm('typecheck') },
  { title: 'lint', command: npm('lint') },
  { title: 'imports between folders', command: npm('depcruise') },
  { title: 'dead code', command: npm('knip') },
  { title: 'build', command: npm('build'), essential: true },
  // A stale manifest hides new commands and flags: the build has just written it anew.
  { title: 'manifest as committed', command: ['git', 'diff', '--exit-code', '--', 'oclif.manifest.json'] },
];

const MOCHA = ['mocha', '--reporter', './test/support/counting-reporter.ts'] as const;

/** From the small to the large: the first failure to be read is the nearest to its cause. */
const KINDS = ['unit', 'sdk', 'integration', 'e2e', 'package', 'bench'];
const ALL = KINDS.map((kind) => `test/${kind}/**/*.test.ts`);

/** Everything once, against the newest server that can run here. */
export function allSteps(): Step[] {
  return [...CHECKS, { title: 'tests', command: [...MOCHA, ...ALL], counts: true }];
}

/** Everything once, against the first of these lines of Elasticsearch; what touches it again against each other. */
export function matrixSteps(root: string, [first, ...others]: readonly [Major, ...Major[]]): Step[] {
  const files = filesThatNeedElasticsearch(root);
  const against = (major: Major): { title: string; env: Record<string, string> } => ({ title: `tests against Elasticsearch ${release(major).version}`, env: { GATEWAY_TEST_ELASTICSEARCH_VERSION: major } });
  return [
    ...CHECKS,
    { ...against(first), command: [...MOCHA, ...ALL], counts: true },
    ...others.map((major): Step => ({ ...against(major), command: [...MOCHA, ...files], counts: true })),
    // The bounded form; a seed of its own each time would make a red run hard to repeat.
    { title: 'faults', command: ['npm', 'run', '--silent', 'test:faults', '--', '--seed', '1'], minutes: 10 },
  ];
}

function npm(script: string): [string, ...string[]] {
  return ['npm', 'run', '--silent', script];
}
