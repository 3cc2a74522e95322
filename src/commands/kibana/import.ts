import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { withSpinner } from '../../cli/spinner.js';
import { Failure } from '../../domain/failure.js';

const TIMEOUT_MS = 60_000;

export default class KibanaImport extends BaseCommand {
  static override summary = 'bring the data view and the dashboard into Kibana';
  static override description = `One call of Kibana's import API. The credentials are those of Elasticsearch (ELASTICSEARCH_USERNAME and _PASSWORD, or ELASTICSEARCH_API_KEY); the data view is named after ELASTICSEARCH_INDEX. Objects of an earlier import are replaced.

Exit codes: 0 imported; 1 Kibana did not take them; 2 wrong use.`;
  static override examples = [
    { description: 'Into a Kibana on this machine', command: '<%= config.bin %> <%= command.id %> --url http://localhost:5601' },
    { description: 'Into a space', command: '<%= config.bin %> <%= command.id %> --url https://kibana.example.com --space ai' },
    { description: 'As a file, to import by hand', command: '<%= config.bin %> <%= command.id %> --print > ai-gateway.ndjson' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    url: Flags.string({ description: 'address of Kibana, its base path included', exclusive: ['print'] }),
    space: Flags.string({ description: 'the space to import into' }),
    index: Flags.string({ description: 'the name that records are searched under (ELASTICSEARCH_INDEX)' }),
    overwrite: Flags.boolean({ description: 'replace objects that are there (--no-overwrite refuses)', allowNo: true }),
    print: Flags.boolean({ description: 'print the NDJSON file and send nothing' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(KibanaImport);
    const config = this.loadConfig({ ELASTICSEARCH_INDEX: flags.index }).elasticsearch;
    const { checkIndexName } = await import('../../elastic/index-name.js');
    checkIndexName(config.index);
    if (flags.print) {
      const { ndjson, savedObjects } = await import('../../elastic/kibana/saved-objects.js');
      this.out(ndjson(config.index).trimEnd());
      return savedObjects(config.index);
    }
    const url = address(flags.url);
    const { importObjects } = await import('../../elastic/kibana/import-objects.js');
    const imported = await withSpinner(`import into ${url}`, () => importObjects(config, {
      url, overwrite: flags.overwrite as boolean | undefined ?? true, // absent, where neither form is given
      timeoutMs: TIMEOUT_MS, ...(flags.space !== undefined && { space: flags.space }),
    }), { enabled: this.animated });
    this.say(`${String(imported)} ${imported === 1 ? 'object' : 'objects'} imported. Open the dashboard "AI gateway: ${config.index}" in Kibana.`);
    return { imported, dashboard: `${config.index}-overview` };
  }
}

function address(url: string | undefined): string {
  if (url === undefined) throw new Failure({ code: 'no_kibana_url', message: '--url is missing: which Kibana?', fix: 'Say for example --url http://localhost:5601, or --print for a file to import by hand.' });
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new Failure({ code: 'bad_flag_value', message: `--url ${url}: must be an address that begins with http:// or https://`, fix: 'Correct --url, for example http://localhost:5601.' });
}
