import { Failure } from '../domain/failure.js';
import { fromPrimary, type FromPrimary, type FromWorker, type MetricsAnswer, type PrimaryReport, type SettingsMessage } from './worker-channel.js';

/** How long a primary may take to greet its worker, and to answer it. */
const GREETING_MS = 10_000;
const ANSWER_MS = 5_000;

export interface Greeting {
  readonly settings: SettingsMessage['settings'];
  readonly report: PrimaryReport;
}

export interface PrimaryListener {
  readonly onReport: (report: PrimaryReport) => void;
  /** The primary wants a report now, with this number in it. */
  readonly onReportRequest: (id: number) => void;
}

/** A worker's end of the channel to its primary. */
export class PrimaryChannel {
  /** Resolves when another worker has taken this one's place. */
  readonly retired: Promise<void>;
  readonly #retire: () => void;
  readonly #waiting = new Map<number, (answer: MetricsAnswer) => void>();
  #asked = 0;
  #greeted: ((greeting: Greeting) => void) | undefined;
  #settings: SettingsMessage['settings'] | undefined;
  #onSettings: ((message: SettingsMessage) => void) | undefined;
  #listener: PrimaryListener | undefined;

  constructor() {
    let retire = (): void => undefined;
    this.retired = new Promise((resolve) => { retire = resolve; });
    this.#retire = () => { retire(); };
    process.on('message', (message: unknown) => {
      const ours = fromPrimary(message);
      if (ours !== undefined) this.#take(ours);
    });
  }

  /** Resolves with the primary's first words. @throws Failure `primary_silent` */
  greet(greetingMs = GREETING_MS): Promise<Greeting> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(silent(greetingMs)); }, greetingMs);
      this.#greeted = (greeting) => {
        clearTimeout(timer);
        resolve(greeting);
      };
      void this.send({ type: 'gateway-ready' });
    });
  }

  listen(listener: PrimaryListener): void {
    this.#listener = listener;
  }

  /** Told of settings that have changed since `known`. */
  onSettings(known: SettingsMessage['settings'], hear: (message: SettingsMessage) => void): void {
    this.#onSettings = hear;
    if (this.#settings !== undefined && this.#settings !== known) hear({ type: 'gateway-settings', settings: this.#settings, prices: true });
  }

  /** The text of /metrics, which counts for all processes. */
  metrics(): Promise<MetricsAnswer> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error('the primary process did not answer'));
      }, ANSWER_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      void this.send({ type: 'gateway-metrics-request', id });
    });
  }

  /** Resolves when the message has left this process, or when there is nobody to tell: a primary that is gone takes its workers with it. */
  send(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else process.send(message, undefined, undefined, () => { resolve(); });
    });
  }

  #take(message: FromPrimary): void {
    switch (message.type) {
      case 'gateway-primary':
        if (this.#settings !== undefined) this.#greeted?.({ settings: this.#settings, report: message });
        this.#listener?.onReport(message);
        break;
      case 'gateway-settings':
        this.#settings = message.settings;
        this.#onSettings?.(message);
        break;
      case 'gateway-report-request': this.#listener?.onReportRequest(message.id); break;
      case 'gateway-retire': this.#retire(); break;
      case 'gateway-metrics':
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
        break;
    }
  }
}

function silent(ms: number): Failure {
  return new Failure({
    code: 'primary_silent',
    message: `the primary process did not answer this worker within ${String(ms / 1_000)} s`,
    fix: 'See what the primary process has logged, and restart the gateway.',
    exitCode: 1,
  });
}
