import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { VARIABLES } from '../../../src/config/schema.js';
import { at, listAt, objectAt, type JsonObject } from '../../../src/elastic/json.js';
import { unknownFields } from './kubernetes-schema.js';

const FOLDER = new URL('../../../templates/kubernetes/', import.meta.url);
const documents = readdirSync(FOLDER).flatMap((file) => parseAllDocuments(readFileSync(new URL(file, FOLDER), 'utf8')).map((document) => ({ file, document: document.toJS() as JsonObject })));
const find = (kind: string, name: string): JsonObject => documents.find(({ document }) => document['kind'] === kind && at(document, 'metadata', 'name') === name)?.document ?? {};
/** Their keys are names of somebody's own. */
const MAPS = new Set(['labels', 'matchLabels', 'selector', 'data', 'stringData', 'requests', 'limits']);

/** The document with one field misspelt, for each field of it. */
function* misspellings(value: unknown, wholeWith: (value: unknown) => unknown, path: readonly string[] = []): Generator<readonly [string, JsonObject]> {
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) yield* misspellings(each, (changed) => wholeWith(value.with(i, changed)), [...path, String(i)]);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const isMap = MAPS.has(path.at(-1) ?? '') && entries.every(([, each]) => typeof each === 'string');
    for (const [i, [key, each]] of entries.entries()) {
      const withEntry = (name: string, changed: unknown): unknown => wholeWith(Object.fromEntries(entries.with(i, [name, changed])));
      if (!isMap) yield [[...path, key].join('.'), withEntry(`${key}s`, each) as JsonObject];
      yield* misspellings(each, (changed) => withEntry(key, changed), [...path, key]);
    }
  }
}

const pod = objectAt(find('StatefulSet', 'gateway'), 'spec', 'template', 'spec');
const container = objectAt(pod, 'containers', 0);

/* Checked by schema only: no Kubernetes was at hand to run it. */
describe('the Kubernetes manifests', () => {
  for (const { file, document } of documents) {
    it(`${file}: ${String(document['kind'])} ${String(at(document, 'metadata', 'name'))} is what the schema allows`, () => {
      expect(unknownFields(document)).to.deep.equal([]);
      const damaged = { ...document, metadata: { ...objectAt(document, 'metadata'), name: 5 } };
      expect(() => unknownFields(damaged), 'the schema refuses what is wrong').to.throw();
    });

    it(`${file}: no field of it could be misspelt unnoticed`, () => {
      for (const [path, misspelt] of misspellings(document, (whole) => whole)) expect(() => { expect(unknownFields(misspelt)).to.deep.equal([]); }, path).to.throw();
    });
  }

  it('keep a log for each pod, and give it time to finish', () => {
    expect(listAt(find('StatefulSet', 'gateway'), 'spec', 'volumeClaimTemplates')).to.have.length(1);
    expect(listAt(container, 'volumeMounts')).to.deep.include({ name: 'telemetry', mountPath: at(find('ConfigMap', 'gateway'), 'data', 'TELEMETRY_DIR') });
    const settings = objectAt(find('ConfigMap', 'gateway'), 'data');
    expect(settings).to.include({ SHUTDOWN_DELAY: '5s', SHUTDOWN_TIMEOUT: '30s' });
    expect(listAt(container, 'lifecycle', 'preStop', 'exec', 'command')).to.deep.equal(['sleep', '5']);
    expect(pod['terminationGracePeriodSeconds']).to.equal(5 + 5 + 30 + 10 + 5); // preStop, delay, time-out, exporter, spare
  });

  it('take credentials from the secret elasticsearch-credentials, keys username and password', () => {
    expect(listAt(container, 'env')).to.deep.include({ name: 'ELASTICSEARCH_USERNAME', valueFrom: { secretKeyRef: { name: 'elasticsearch-credentials', key: 'username' } } });
    expect(listAt(pod, 'volumes')).to.deep.include({ name: 'elasticsearch-credentials', secret: { secretName: 'elasticsearch-credentials', items: [{ key: 'password', path: 'password' }] } });
    expect(at(find('ConfigMap', 'gateway'), 'data', 'ELASTICSEARCH_URL')).to.equal('http://elasticsearch.monitoring.svc.cluster.local:9200');
  });

  it('probe what the gateway answers, and run without rights', () => {
    expect(at(container, 'livenessProbe', 'httpGet', 'path')).to.equal('/health');
    expect(at(container, 'readinessProbe', 'httpGet', 'path')).to.equal('/ready');
    for (const spec of [pod, objectAt(find('Job', 'gateway-es-init'), 'spec', 'template', 'spec')]) {
      expect(spec['securityContext']).to.include({ runAsNonRoot: true, runAsUser: 1000 });
      expect(at(spec, 'containers', 0, 'securityContext')).to.deep.include({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    }
  });

  it('reserve what they need, and set Elasticsearch up by es init with credentials of its own', () => {
    const job = objectAt(find('Job', 'gateway-es-init'), 'spec', 'template', 'spec', 'initContainers', 0);
    for (const each of [container, job, objectAt(find('Job', 'gateway-es-init'), 'spec', 'template', 'spec', 'containers', 0)]) {
      for (const path of [['requests', 'cpu'], ['requests', 'memory'], ['limits', 'memory']]) expect(at(each, 'resources', ...path), path.join('.')).to.be.a('string');
    }
    expect(job['args']).to.deep.equal(['es', 'init', '--roles']);
    expect(job['envFrom']).to.deep.equal([{ configMapRef: { name: 'gateway' } }]);
    for (const key of ['username', 'password']) expect(listAt(job, 'env')).to.deep.include({ name: `ELASTICSEARCH_${key.toUpperCase()}`, valueFrom: { secretKeyRef: { name: 'elasticsearch-admin', key } } });
    for (const name of ['elasticsearch-credentials', 'elasticsearch-admin']) expect(objectAt(find('Secret', name), 'stringData'), name).to.have.all.keys('username', 'password');
  });

  it('lead a disruption budget and a spread over nodes to the pods', () => {
    const labels = objectAt(find('StatefulSet', 'gateway'), 'spec', 'template', 'metadata', 'labels');
    expect(labels).to.deep.include(objectAt(find('PodDisruptionBudget', 'gateway'), 'spec', 'selector', 'matchLabels'));
    expect(labels).to.deep.include(objectAt(pod, 'topologySpreadConstraints', 0, 'labelSelector', 'matchLabels'));
  });

  it('hold no secret that kubectl apply would write over somebody\'s', () => {
    for (const { file, document } of documents) if (document['kind'] === 'Secret') expect(file).to.equal('secret.yaml.example');
  });

  it('have beside them, in the documentation, a pod that exports what a claim still holds', () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(new URL('../../../docs/deployment.md', import.meta.url), 'utf8')) ?? [];
    const drain = parse(text) as JsonObject;
    expect(unknownFields(drain)).to.deep.equal([]);
    const spec = objectAt(drain, 'spec');
    expect(at(spec, 'volumes', 0, 'persistentVolumeClaim', 'claimName')).to.match(new RegExp(`^telemetry-${String(at(find('StatefulSet', 'gateway'), 'metadata', 'name'))}-\\d+$`));
    expect(spec).to.include({ terminationGracePeriodSeconds: pod['terminationGracePeriodSeconds'] });
    expect(at(spec, 'securityContext')).to.include({ runAsUser: at(pod, 'securityContext', 'runAsUser'), fsGroup: at(pod, 'securityContext', 'fsGroup') });
    expect(at(spec, 'containers', 0, 'volumeMounts', 0, 'mountPath')).to.equal(at(find('ConfigMap', 'gateway'), 'data', 'TELEMETRY_DIR'));
  });

  it('set only variables that the gateway knows, each in a form that it takes', () => {
    const variables: Readonly<Record<string, { parse: (value: string) => unknown }>> = VARIABLES;
    for (const [name, value] of Object.entries(objectAt(find('ConfigMap', 'gateway'), 'data'))) {
      expect(variables, name).to.have.property(name);
      expect(() => variables[name]?.parse(String(value)), name).not.to.throw();
    }
  });

  it('lead the services to the pods', () => {
    const labels = objectAt(find('StatefulSet', 'gateway'), 'spec', 'template', 'metadata', 'labels');
    for (const name of ['gateway', 'gateway-pods']) expect(labels).to.deep.include(objectAt(find('Service', name), 'spec', 'selector'));
    expect(at(find('StatefulSet', 'gateway'), 'spec', 'serviceName')).to.equal('gateway-pods');
  });
});
