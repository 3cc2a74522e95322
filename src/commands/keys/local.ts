import { BaseCommand } from '../../cli/base-command.js';
import { Failure } from '../../domain/failure.js';

export default class PrintLocalKey extends BaseCommand {
  static override summary = 'print the key of programs on this machine';
  static override description = `Where HOST is a loopback address and GATEWAY_API_KEYS is not set, the gateway makes a key for the programs on its machine and keeps it in TELEMETRY_DIR, readable for its owner only. With it they use the provider keys that the gateway holds, and keyless servers such as Ollama: send it as x-gateway-api-key, or in place of the provider's key.

The key is made where there is none yet; to replace it, remove the file local-key from TELEMETRY_DIR and restart the gateway. Reads the same variables and .env as gateway serve.

Exit codes: 0 printed; 2 no such key is in use, or wrong configuration.`;

  static override examples = [
    { description: 'Print it', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'Use it in a program that reads OPENAI_API_KEY', command: 'export OPENAI_API_KEY=$(<%= config.bin %> <%= command.id %>)' },
  ];

  static override enableJsonFlag = true;

  async run(): Promise<{ label: string; key: string }> {
    await this.parse(PrintLocalKey);
    const config = this.loadConfig();
    const [{ localKey }, { readLiveSettings }] = await Promise.all([import('../../server/own-secrets.js'), import('../../server/live-settings.js')]);
    const { apiKeys } = await readLiveSettings(config);
    const found = await localKey(config, apiKeys);
    if (found === undefined) throw unused(config.server.host, apiKeys.length > 0);
    this.out(found.key);
    return { label: found.label, key: found.key };
  }
}

function unused(host: string, locked: boolean): Failure {
  return locked
    ? new Failure({ code: 'local_key_unused', message: 'Gateway keys are configured: the local key is not valid beside them', fix: 'Use one of the keys of GATEWAY_API_KEYS.' })
    : new Failure({ code: 'local_key_unused', message: `HOST=${host}: there is a local key only where HOST is a loopback address`, fix: 'Set GATEWAY_API_KEYS=label:key, and use that key.' });
}
