import { expect } from 'chai';
import { placeOf } from '../../../src/gateway/region.js';
import { Router } from '../../../src/gateway/route.js';
import { bindUpstreams } from '../../../src/gateway/upstream.js';
import { PROVIDERS } from '../../../src/providers/registry.js';

function origin(path: string, variables: Record<string, string> = {}, headers: Record<string, string> = {}): string | undefined {
  const variable = (name: string): { value: string; source: string } | undefined => {
    const value = variables[name];
    return value === undefined ? undefined : { value, source: 'environment' };
  };
  const choice = new Router(bindUpstreams(PROVIDERS, variable)).choose(path, { headers, query: '', isGatewayKey: () => false });
  if (choice.kind !== 'route') throw new Error(choice.kind);
  return placeOf(choice.route, headers, variable)?.origin;
}

describe('the region in an address', () => {
  it('of Vertex AI comes from the path', () => {
    expect(origin('/v1/projects/p/locations/europe-west4/publishers/google/models/g:generateContent')).to.equal('https://europe-west4-aiplatform.googleapis.com');
    expect(origin('/v1/projects/p/locations/us-central1/publishers/google/models/g:generateContent', { GOOGLE_CLOUD_LOCATION: 'asia-east1' })).to.equal('https://us-central1-aiplatform.googleapis.com');
  });
  it('global has a host without region', () => {
    expect(origin('/v1/projects/p/locations/global/publishers/google/models/g:generateContent')).to.equal('https://aiplatform.googleapis.com');
  });
  it('comes from GOOGLE_CLOUD_LOCATION where the path names none', () => {
    expect(origin('/vertex/v1/publishers/google/models/g', { GOOGLE_CLOUD_LOCATION: 'asia-east1' })).to.equal('https://asia-east1-aiplatform.googleapis.com');
    expect(origin('/vertex/v1/publishers/google/models/g')).to.equal('https://aiplatform.googleapis.com');
  });
  for (const region of ['evil.example', 'us%2Deast1', 'US', 'a', 'us-east1@evil', `us-${'x'.repeat(40)}`]) {
    it(`refuses ${region}`, () => expect(origin(`/vertex/v1/projects/p/locations/${region}/models/g`)).to.equal(undefined));
  }
  it('of Bedrock is us-east-1 where nothing names one', () => {
    expect(origin('/model/m/converse')).to.equal('https://bedrock-runtime.us-east-1.amazonaws.com');
    expect(origin('/model/m/converse', { AWS_REGION: 'eu-central-1' })).to.equal('https://bedrock-runtime.eu-central-1.amazonaws.com');
  });
  it('does not change a configured address', () => {
    expect(origin('/model/m/converse', { BEDROCK_BASE_URL: 'http://127.0.0.1:1', AWS_REGION: 'eu-central-1' })).to.equal('http://127.0.0.1:1');
    expect(origin('/v1/projects/p/locations/global/models/g', { VERTEX_BASE_URL: 'http://127.0.0.1:1' })).to.equal('http://127.0.0.1:1');
  });
  it('of OpenAI stands in the host that is configured', () => {
    const region = (baseUrl: string | undefined): string | undefined => {
      const variable = (name: string): { value: string; source: string } | undefined => (
        name === 'OPENAI_BASE_URL' && baseUrl !== undefined ? { value: baseUrl, source: 'environment' } : undefined);
      const choice = new Router(bindUpstreams(PROVIDERS, variable)).choose('/v1/responses', { headers: {}, query: '', isGatewayKey: () => false });
      if (choice.kind !== 'route') throw new Error(choice.kind);
      return placeOf(choice.route, {}, variable)?.region;
    };
    expect(region(undefined)).to.equal('');
    expect(region('https://eu.api.openai.com/v1')).to.equal('eu');
    expect(region('https://us.api.openai.com')).to.equal('us');
    expect(region('https://openai.proxy.example/v1')).to.equal('');
  });
  it('a Bearer token that looks like a scope is none', () => {
    expect(origin('/model/m/converse', {}, { authorization: 'Bearer Credential=x/20260101/evil/bedrock' })).to.equal('https://bedrock-runtime.us-east-1.amazonaws.com');
  });
  it('of a signature is read once, however often it names credentials', () => {
    const scope = (authorization: string): string | undefined => origin('/model/m/converse', {}, { authorization });
    expect(scope('AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/bedrock/aws4_request, SignedHeaders=host')).to.equal('https://bedrock-runtime.eu-west-1.amazonaws.com');
    // A search that begins anew at each of them would not end within hours.
    for (const part of ['Credential=', 'Credential=a/12345678/', 'Credential=a/1234567']) {
      expect(scope(`AWS4-HMAC ${part.repeat(Math.ceil(6_000_000 / part.length))}`)).to.be.oneOf(['https://bedrock-runtime.us-east-1.amazonaws.com', undefined]);
    }
  });
});
