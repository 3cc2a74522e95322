import { ElasticUnreachable, type Elastic } from '../client.js';
import type { Answer } from '../answers.js';
import { diagnoseEndpoint, probeTls, resolveHost, tcpProblem, unresolved, whereabouts, type Endpoint, type ProbeOptions, type Words } from '../endpoint-probe.js';
import { tlsFinding } from './certificate-finding.js';
import { type Check, type CheckContext, fail, type Finding, ok, warn } from './check.js';

/*
 * From here to the nodes: each layer looks at the addresses that the layer before has left alive. One dead address
 * among several is a warning, for the client goes on with the others.
 */

/** The host names resolve. */
export const dns: Check = layer('dns', 'DNS', 'settings', async ({ host }) => {
  const addresses = await resolveHost(host);
  if (addresses === undefined) return fail(unresolved(host).message, unresolved(host).fix);
  return ok(addresses.includes(host) ? `${host} is an address` : `${host} is ${addresses.join(', ')}`);
});

/** Connections can be made. */
export const tcp: Check = layer('tcp', 'TCP', 'dns', async (endpoint, { timeoutMs }) => {
  const problem = await tcpProblem(endpoint, timeoutMs);
  return problem === undefined ? ok(`${whereabouts(endpoint)} accepts connections`) : failed(problem);
});

/** TLS: chain, expiry, names, and what can be pinned. */
export const tls: Check = layer('tls', 'TLS', 'tcp', async (endpoint, context) => {
  if (!endpoint.secure) return ok(`not used by ${endpoint.url}`);
  const { shown, problem } = await probeTls(endpoint, probeOptions(context));
  if (problem !== undefined) return failed(problem);
  return shown === undefined ? ok(`${whereabouts(endpoint)} shakes hands`) : tlsFinding(shown, context);
});

/** Something answers HTTP. */
export const http: Check = layer('http', 'HTTP', 'tls', async (endpoint, context) => {
  const answer = await ask(context.config.urls.length > 1 ? context.connect(endpoint.url) : context.elastic);
  if (!(answer instanceof ElasticUnreachable)) {
    context.root ??= answer;
    (context.roots ??= []).push({ url: endpoint.url, answer });
    return ok(`${endpoint.url} answers HTTP ${String(answer.status)}`);
  }
  return failed(await diagnoseEndpoint(endpoint.url, probeOptions(context)) ?? silent(endpoint, answer));
});

function layer(id: string, title: string, needs: string, probe: (endpoint: Endpoint, context: CheckContext) => Promise<Finding>): Check {
  return {
    id, title, needs: [needs],
    async run(context) {
      const { endpoints = [] } = context;
      const findings: Finding[] = [];
      const alive: Endpoint[] = [];
      for (const endpoint of endpoints) {
        const finding = await probe(endpoint, context);
        findings.push(finding);
        if (finding.status !== 'fail') alive.push(endpoint);
      }
      context.endpoints = alive;
      return together(findings);
    },
  };
}

function together(findings: readonly Finding[]): Finding {
  const dead = findings.filter(({ status }) => status === 'fail');
  const message = (some: readonly Finding[]): string => [...new Set(some.map((finding) => finding.message))].join('; ');
  const first = dead[0];
  if (first !== undefined && dead.length === findings.length) return fail(message(dead), first.fix ?? '');
  if (first !== undefined) return warn(`${String(dead.length)} of ${String(findings.length)} addresses: ${message(dead)}`, first.fix ?? '');
  const worried = findings.find(({ status }) => status === 'warn');
  return worried === undefined ? ok(message(findings)) : warn(message(findings), worried.fix ?? '');
}

function failed({ message, fix }: Words): Finding {
  return fail(message, fix);
}

function probeOptions({ config, ca, client, timeoutMs }: CheckContext): ProbeOptions {
  return {
    verify: config.tlsVerify, timeoutMs,
    ...(ca !== undefined && { ca }),
    ...(client !== undefined && { client }),
    ...(config.caFingerprint !== undefined && { fingerprint: config.caFingerprint }),
  };
}

async function ask(elastic: Elastic): Promise<Answer | ElasticUnreachable> {
  try {
    return await elastic.request({ method: 'GET', path: '/' });
  } catch (error) {
    if (error instanceof ElasticUnreachable) return error;
    throw error;
  }
}

/** Every layer works, and yet no answer. */
function silent({ url }: Endpoint, error: ElasticUnreachable): Words {
  return { message: `${url}: ${error.message}`, fix: 'Check that the cluster is not overloaded, raise --timeout, and look at proxies in between.' };
}
