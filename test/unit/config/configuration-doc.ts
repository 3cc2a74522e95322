import { VARIABLES, type VariableName } from '../../../src/config/schema.js';
import { VARIABLE_NAMES, variableNamed } from '../../../src/config/settings.js';

const SECTIONS: readonly (readonly [first: VariableName, title: string])[] = [
  ['PORT', 'Server'],
  ['TELEMETRY_DIR', 'Records'],
  ['ENABLE_ELASTICSEARCH', 'Elasticsearch'],
  ['CUSTOM_PROVIDERS', 'Providers'],
];

const INTRODUCTION = `# Configuration

Every variable may stand in the environment or in a file \`.env\` in the working directory; some have a flag of
\`gateway serve\`. A flag wins over the environment, the environment over \`.env\`, and that over the default. An empty
value counts as none. \`gateway serve --print-config\` shows the effective configuration, secrets masked, and where each
value came from. If values are invalid, the gateway lists each with its fix and does not start (exit 2).

Nothing has to be set. These are enough for a team with one provider and an export to Elasticsearch:

\`\`\`sh
HOST=0.0.0.0                                     # the default, 127.0.0.1, is for this machine alone
GATEWAY_API_KEYS=alice:…,bob:…                   # what clients send; openssl rand -base64 32 makes one
OPENAI_API_KEY=…                                 # the provider's key, which they use then
ENABLE_ELASTICSEARCH=true
ELASTICSEARCH_URL=https://es.example.com:9200
ELASTICSEARCH_API_KEY=…                          # or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD
\`\`\`

- **Durations** are a number with \`ms\`, \`s\`, \`m\`, \`h\`, \`d\` or \`w\`; time-outs are at most \`24d\`, and \`0\` turns them off.
- **Sizes** are bytes, or a number with \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\` (powers of 1024; \`K\`, \`M\`, \`G\`, \`T\` too) or \`KB\`, \`MB\`, \`GB\`, \`TB\` (powers of 1000).
- **True or false**: also \`1\`/\`0\`, \`yes\`/\`no\`, \`on\`/\`off\`.
- **Files and folders** are found from the working directory; \`~/\` is the home.

The default of \`TELEMETRY_DIR\` is \`$XDG_DATA_HOME/gateway\` where that variable is set, else \`~/.local/share/gateway\` on Linux,
\`~/Library/Application Support/gateway\` on macOS and \`%LOCALAPPDATA%\\gateway\` on Windows.
`;

const PROVIDERS = `
| variable | default | flag | meaning |
|---|---|---|---|
| \`<PROVIDER>_API_KEY\` | none |  | the key that the gateway holds, for clients with a gateway key: \`OPENAI_API_KEY\`, \`AZURE_OPENAI_API_KEY\` … |
| \`<PROVIDER>_API_KEY_FILE\` | none |  | file that holds that key; wins over it, and is read again when it changes: \`OPENAI_API_KEY_FILE\` … |
| \`<PROVIDER>_BASE_URL\` | the provider's own |  | where the provider is: \`OPENAI_BASE_URL\`, \`VLLM_BASE_URL\` …; a trailing \`/v1\` is optional |
| \`<PROVIDER>_STREAM_USAGE\` | \`true\` |  | false: streams of this provider are never asked for their usage (\`stream_options\`) (boolean) |
`;

/** docs/configuration.md as the schema says it. */
export function configurationDoc(): string {
  const starts = SECTIONS.map(([first]) => VARIABLE_NAMES.indexOf(first));
  const sections = SECTIONS.map(([first, title], index) => {
    const names = VARIABLE_NAMES.slice(starts[index], starts[index + 1]);
    const rows = names.map(row).join('\n');
    const head = first === 'CUSTOM_PROVIDERS' ? PROVIDERS : '\n| variable | default | flag | meaning |\n|---|---|---|---|\n';
    return `\n## ${title}\n${head}${rows}\n`;
  });
  return `${INTRODUCTION}${sections.join('')}\n<!-- Made from src/config/schema.ts: UPDATE_DOCS=1 npx mocha test/unit/config/documentation.test.ts -->\n`;
}

function row(name: VariableName): string {
  const { default: value, defaultText, flag, description, kind } = variableNamed(name);
  const standard = value === undefined ? defaultText ?? 'none' : `\`${value}\``;
  return `| \`${name}\` | ${standard} | ${flag === undefined ? '' : `\`--${flag}\``} | ${description} (${kind}) |`;
}

export const FLAGS = Object.values(VARIABLES).flatMap((variable) => ('flag' in variable ? [variable.flag] : []));
