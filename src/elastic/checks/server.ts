import { errorOf, isGood } from '../answers.js';
import { differentClusters, impostor, isSupported, serverInfo, SUPPORTED } from '../server-info.js';
import { type Check, fail, ok, warn } from './check.js';

/** What answers is Elasticsearch. */
export const product: Check = {
  id: 'elasticsearch',
  title: 'Is Elasticsearch',
  needs: ['http'],
  async run(context) {
    const { root } = context;
    if (root === undefined) throw new Error('the check http leaves the answer of GET /');
    const other = impostor(root);
    if (other !== undefined) return fail(other.what, other.fix);
    const server = serverInfo(isGood(root) ? root.body : undefined);
    context.server = server;
    const differ = differentClusters((context.roots ?? []).map(({ url, answer }) => ({ url, info: serverInfo(isGood(answer) ? answer.body : undefined) })));
    if (differ !== undefined) return fail(differ.message, differ.fix);
    if (root.status >= 500) return fail(`Elasticsearch answers HTTP ${String(root.status)} (${errorOf(root).reason})`, 'Look at the log of the node: it is starting, overloaded, or without a master.');
    return ok(server.clusterName === undefined ? 'Elasticsearch answers' : `Elasticsearch answers: cluster ${server.clusterName}, node ${server.nodeName ?? 'without a name'}`);
  },
};

/** The version is one that the gateway supports. */
export const version: Check = {
  id: 'version',
  title: 'Version',
  needs: ['elasticsearch', 'authentication'],
  async run({ server }) {
    if (server?.version === undefined) return warn('the credentials may not ask for the version', 'Grant the cluster privilege monitor.');
    if (!isSupported(server)) return fail(`Elasticsearch ${server.version} is not supported`, `Use Elasticsearch ${SUPPORTED}.`);
    return ok(`Elasticsearch ${server.version}${server.serverless ? ', serverless: shards, replicas, codec and lifecycle policies are left out' : ''}`);
  },
};
