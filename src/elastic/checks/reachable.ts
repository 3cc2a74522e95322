import { ElasticUnreachable, type Elastic } from '../client.js';
import type { Answer } from '../answers.js';
import { diagnoseEndpoint } from '../endpoint-probe.js';
import { type Check, type CheckContext, fail, ok, warn } from './check.js';

/** Every address of ELASTICSEARCH_URL answers HTTP; one that does not is taken apart layer by layer. */
export const reachable: Check = {
  id: 'reachable',
  title: 'Reachable',
  needs: [],
  async run(context) {
    const { config } = context;
    const cloud = config.cloudId !== undefined; // names its one address in its own way
    const urls = cloud ? [`the deployment ${config.cloudId.split(':')[0] ?? ''}`] : config.urls;
    const several = urls.length > 1;
    const dead: { message: string; fix: string }[] = [];
    for (const url of urls) {
      const answer = await ask(several ? context.connect(url) : context.elastic);
      if (!(answer instanceof ElasticUnreachable)) context.root ??= answer;
      else dead.push(cloud ? { message: `${url}: ${answer.message}`, fix: 'Check ELASTICSEARCH_CLOUD_ID, and that the deployment runs.' } : await diagnose(context, url, answer));
    }
    const first = dead[0];
    if (first === undefined) return ok(`${urls.join(', ')} ${several ? 'answer' : 'answers'}`);
    const message = dead.map((each) => each.message).join('; ');
    return context.root === undefined ? fail(message, first.fix) : warn(`${String(dead.length)} of ${String(urls.length)} addresses do not answer: ${message}`, first.fix);
  },
};

async function ask(elastic: Elastic): Promise<Answer | ElasticUnreachable> {
  try {
    return await elastic.request({ method: 'GET', path: '/' });
  } catch (error) {
    if (error instanceof ElasticUnreachable) return error;
    throw error;
  }
}

async function diagnose({ config, ca, timeoutMs }: CheckContext, url: string, error: ElasticUnreachable): Promise<{ message: string; fix: string }> {
  const found = await diagnoseEndpoint(url, {
    verify: config.tlsVerify, timeoutMs,
    ...(ca !== undefined && { ca }),
    ...(config.caFingerprint !== undefined && { fingerprint: config.caFingerprint }),
  });
  return found ?? { message: `${url}: ${error.message}`, fix: 'Check that the cluster is not overloaded, raise --timeout, and look at proxies in between.' };
}
