/**
 * What each folder of src/ may import of ours, besides itself: a folder, or single files of it.
 * Type imports count. Whoever needs more than this table gets it handed in (a function, an interface).
 */
const MAY_IMPORT = {
  domain: [],
  config: ['domain'],
  wire: ['domain'],
  pricing: ['domain'],
  providers: ['domain', 'wire'],
  gateway: ['domain', 'wire', 'providers/registry'],
  telemetry: ['domain', 'pricing'],
  elastic: ['domain', 'config/config'],
  report: ['domain', 'elastic/client', 'elastic/metrics-[^/]+', 'telemetry/layout', 'telemetry/segments', 'telemetry/disk-usage', 'telemetry/line-format', 'telemetry/record-line'],
  exporter: ['domain', 'config', 'telemetry', 'elastic'],
  server: ['domain', 'config', 'pricing', 'gateway', 'telemetry', 'elastic', 'exporter'],
  cli: ['domain', 'config'],
  commands: ['domain', 'cli', 'config', 'server', 'elastic', 'report', 'telemetry/backlog', 'telemetry/segments', 'telemetry/layout', 'telemetry/disk-usage', 'telemetry/status', 'telemetry/export-report', 'exporter/(backfill|retry-dead-letters|verify-target|compare)'],
};

/** Libraries that stand behind one door. */
const ONLY_IN = {
  '@elastic/elasticsearch': ['elastic'],
  '@duckdb/node-api': ['report'],
  '@pydantic/genai-prices': ['pricing'],
  '@copilotkit/aimock': ['server'],
  fastify: ['gateway', 'server'],
  undici: ['gateway'],
  pino: ['server'],
  'cli-table3': ['cli'],
  ora: ['cli'],
  '@oclif/core': ['cli', 'commands'],
};

const place = (name) => `^src/${name.includes('/') ? `${name}[.]ts$` : `${name}/`}`;

export default {
  forbidden: [
    { name: 'no-cycle', comment: 'Files that import each other, by whatever way, are one file.', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^[.][.]/dist/' } },
    { name: 'no-dev-dependency', comment: 'What ships may not need what is not installed with it.', severity: 'error', from: { path: '^(src|bin/run[.]js)' }, to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] } },
    { name: 'no-test-in-source', severity: 'error', from: { path: '^(src|bin)/' }, to: { path: '^(test|bench)/' } },
    { name: 'no-unknown-folder', comment: 'A new folder of src/ needs a line in the table above.', severity: 'error', from: { path: '^src/', pathNot: Object.keys(MAY_IMPORT).map(place) }, to: {} },
    ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
      name: `${folder}-imports`,
      comment: `src/${folder} may import ${allowed.length === 0 ? 'nothing of ours' : `of ours only ${allowed.join(', ')}`}.`,
      severity: 'error',
      from: { path: place(folder) },
      to: { path: '^src/', pathNot: [folder, ...allowed].map(place) },
    })),
    {
      name: 'provider-imports-provider',
      comment: 'A provider is data about itself; what several share is a dialect or stands under rules/.',
      severity: 'error',
      from: { path: '^src/providers/(?!registry|custom)[^/]+[.]ts$' },
      to: { path: '^src/providers/[^/]+[.]ts$' },
    },
    {
      name: 'command-imports-command',
      severity: 'error',
      from: { path: '^src/commands/' },
      to: { path: '^src/commands/' },
    },
    ...Object.entries(ONLY_IN).map(([library, folders]) => ({
      name: `${library}-only-in-${folders.join('-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: folders.map(place) },
      to: { path: `node_modules/${library}(/|$)` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
