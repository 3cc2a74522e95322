import { expect } from 'chai';
import { importObjects } from '../../../../src/elastic/kibana/import-objects.js';

describe('the import into Kibana', () => {
  it('names the file of the authority that cannot be read', async () => {
    const config = { index: 'lab', tlsVerify: true, caFile: '/nowhere/ca.crt' };
    const error: unknown = await importObjects(config, { url: 'https://127.0.0.1:9', overwrite: true, timeoutMs: 1_000 }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'es_tls_file_unreadable', message: 'ELASTICSEARCH_CA_FILE=/nowhere/ca.crt: cannot be read (ENOENT)', exitCode: 2 });
  });
});
