import { BaseCommand } from '../../cli/base-command.js';
import { EXIT } from '../../domain/failure.js';
import type { PriceCheck } from '../../server/price-check.js';

export default class PricesCheck extends BaseCommand {
  static override summary = 'list models in the local log whose calls have no cost';
  static override description = `Reads the telemetry log (TELEMETRY_DIR) and lists the models whose calls used tokens and have no cost, because no price is known. Add them to a file and name it in PRICES_FILE (docs/pricing.md): later calls then have a cost. Records are never changed.

Exit codes: 0 every model has a price; 1 some have none; 2 wrong use.`;

  static override examples = [
    { description: 'look through the log', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'for a script', command: '<%= config.bin %> <%= command.id %> --json' },
  ];

  static override enableJsonFlag = true;

  async run(): Promise<PriceCheck> {
    await this.parse(PricesCheck);
    const config = this.loadConfig();
    const [{ checkPrices }, { renderTable }] = await Promise.all([import('../../server/price-check.js'), import('../../cli/table.js')]);
    const check = await checkPrices(config, Date.now());
    const { calls, models } = check;
    if (models.some((model) => !model.priced_now)) process.exitCode = EXIT.failed;
    if (models.length === 0) {
      this.say(calls === 0 ? `No call in ${config.telemetry.dir} used tokens.` : `All ${calls} calls that used tokens have a cost.`);
      return check;
    }
    this.out(renderTable({
      head: ['Provider', 'Model', 'Answered by', 'Calls', 'Last seen', 'Price'],
      rows: models.map((model) => [
        model.provider, model.model, model.response_model ?? '', String(model.calls), model.last_seen,
        model.priced_now ? { text: 'known now', style: 'dim' } : { text: 'unknown', style: 'yellow' },
      ]),
      align: ['left', 'left', 'left', 'right', 'left', 'left'],
      color: this.color,
      width: this.width,
    }));
    return check;
  }
}
