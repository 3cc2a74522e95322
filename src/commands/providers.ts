import { BaseCommand } from '../cli/base-command.js';
import type { Cell } from '../cli/table.js';
import type { ListedProvider } from '../server/provider-list.js';

/** Columns from which on everything fits in without being cut. */
const WIDE = 120;

export default class Providers extends BaseCommand {
  static override summary = 'list the providers: address, dialects, and where the key comes from';
  static override description = `Shows each provider as the configuration at hand binds it, those of CUSTOM_PROVIDERS included. Keys themselves are never shown; --json has the variables that may hold them.

A request chooses its provider by prefix (/groq/v1/…), by the header x-provider, or by a path that only one provider has; docs/providers.md has the details.`;

  static override examples = [
    { description: 'list the providers', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'which providers have a key', command: '<%= config.bin %> <%= command.id %> --json | jq \'.providers[] | select(.key_set).name\'' },
  ];

  static override enableJsonFlag = true;

  async run(): Promise<{ providers: ListedProvider[] }> {
    await this.parse(Providers);
    const config = this.loadConfig();
    const [{ listProviders }, { renderTable }] = await Promise.all([import('../server/provider-list.js'), import('../cli/table.js')]);
    const providers = listProviders((name) => config.variable(name));
    const narrow = this.width !== undefined && this.width < WIDE;
    this.out(renderTable({
      head: ['Provider', 'Base URL', ...narrow ? [] : ['Dialects'], 'Key'],
      rows: providers.map((provider) => [provider.name, address(provider, narrow), ...narrow ? [] : [provider.dialects.join(', ')], key(provider, narrow)]),
      color: this.color,
      width: this.width,
    }));
    if (narrow) this.note('Left out for the width of this terminal: dialects, and variables of keys (--json has all).');
    return { providers };
  }
}

function address({ base_url: url, base_url_from: from, name }: ListedProvider, narrow: boolean): Cell {
  if (url === null) return { text: `not set (${name.toUpperCase().replaceAll('-', '_')}_BASE_URL)`, style: 'dim' };
  if (from !== null) return `${url}\n(${from})`;
  return narrow ? url.replace(/^https:\/\//, '') : url;
}

function key({ key_set: set, key_from: from, key_variables: variables }: ListedProvider, narrow: boolean): Cell {
  if (set === true) return { text: from ?? 'set', style: 'green' };
  if (set === null) return from ?? '';
  return { text: narrow ? 'not set' : `not set (${variables.join(', ')})`, style: 'dim' };
}
