import { BaseCommand } from '../../cli/base-command.js';
import { withSpinner } from '../../cli/spinner.js';
import { renderTable } from '../../cli/table.js';
import { EXIT } from '../../domain/failure.js';
import type { RetriedDeadLetters } from '../../exporter/retry-dead-letters.js';

const NONE: RetriedDeadLetters = { delivered: 0, refused: 0, expired: 0, reasons: [] };

export default class TelemetryRetry extends BaseCommand {
  static override summary = 'send dead letters again, after their cause is fixed';
  static override description = `Dead letters are records that Elasticsearch refused because of what is in them; they lie in dead-letters/ under TELEMETRY_DIR with the reason. Once the index is fixed, this sends them again. What is delivered counts no more; what is refused again stays, and a counter goes up. It can run beside gateway serve and changes none of its files.

Exit codes: 0 none is left; 1 some were refused again, or the cluster did not take any; 2 wrong use or configuration.`;
  static override examples = [{ description: 'Send them again', command: '<%= config.bin %> <%= command.id %>' }];
  static override enableJsonFlag = true;

  async run(): Promise<RetriedDeadLetters> {
    await this.parse(TelemetryRetry);
    const config = this.loadConfig();
    const { withCluster } = await import('../../elastic/with-cluster.js');
    const { countDeadLetters, retryDeadLetters } = await import('../../exporter/retry-dead-letters.js');
    // Where nothing waits, no cluster is asked: it may be down.
    const result = await countDeadLetters(config.telemetry.dir) === 0 ? NONE : await withSpinner('sending dead letters again', () => withCluster(config.elasticsearch, (elastic) => retryDeadLetters(elastic, config)), { enabled: this.animated });
    const { delivered, refused, expired, reasons } = result;
    this.out(delivered + refused + expired === 0 ? 'There are no dead letters.' : `${String(delivered)} delivered, ${String(refused)} refused again, ${String(expired)} expired.`);
    if (reasons.length > 0) {
      this.out(renderTable({
        head: ['Records', 'Type', 'Reason'], rows: reasons.map(({ records, type, reason }) => [String(records), type, reason]),
        align: ['right', 'left', 'left'], color: this.color, width: this.width,
      }));
    }
    if (refused > 0) process.exitCode = EXIT.failed;
    return result;
  }
}
