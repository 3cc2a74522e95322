import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { ProcessMetrics } from './worker-channel.js';

/** CPU, memory, event loop and garbage collection of this process, under the label `process`. */
export function processMetrics(name: string): { json(): Promise<ProcessMetrics> } {
  const register = new Registry();
  register.setDefaultLabels({ process: name });
  collectDefaultMetrics({ register });
  return { json: () => register.getMetricsAsJSON() };
}

/** The text of several processes' metrics. Their labels differ, so none is added to another. */
export function textOf(processes: readonly ProcessMetrics[]): Promise<string> {
  const metrics = processes.map((own) => own.map((metric) => ({ ...metric, aggregator: 'sum' as const })));
  return AggregatorRegistry.aggregate(metrics).metrics();
}
