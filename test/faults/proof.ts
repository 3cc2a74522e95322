import { isDeepStrictEqual } from 'node:util';
import type { Elastic } from '../../src/elastic/client.js';
import { scanLog } from '../../src/telemetry/scan.js';

export interface Proof {
  /** Records in the log, and documents in Elasticsearch. */
  readonly logged: number;
  readonly documents: number;
  /** Ids that a client received completely and that Elasticsearch does not have. */
  readonly lost: readonly string[];
  /** Of these, ids that not even the log has. */
  readonly notLogged: readonly string[];
  /** Ids in the log that Elasticsearch does not have. */
  readonly notExported: readonly string[];
  /** Ids with more than one document. */
  readonly doubled: readonly string[];
  /** Documents that differ from their line, or have none. */
  readonly different: readonly string[];
}

/** Compares what clients received, what the log has and what Elasticsearch has, ids and fields, both ways. */
export async function prove(received: ReadonlySet<string>, dir: string, admin: Elastic, index: string): Promise<Proof> {
  const documents = new Map<string, unknown>();
  const doubled: string[] = [];
  for await (const { id, source } of allDocuments(admin, index)) {
    if (documents.has(id)) doubled.push(id);
    documents.set(id, source);
  }
  const logged = new Set<string>();
  const notExported: string[] = [];
  const different: string[] = [];
  for await (const { id, bytes } of scanLog(dir, { since: 0, until: Number.MAX_SAFE_INTEGER })) {
    logged.add(id);
    const document = documents.get(id);
    if (document === undefined) notExported.push(id);
    else if (!isDeepStrictEqual(document, JSON.parse(bytes.toString()))) different.push(id);
  }
  for (const id of documents.keys()) if (!logged.has(id)) different.push(id);
  return {
    logged: logged.size, documents: documents.size, doubled, different, notExported,
    lost: [...received].filter((id) => !documents.has(id)),
    notLogged: [...received].filter((id) => !logged.has(id)),
  };
}

async function* allDocuments(admin: Elastic, index: string): AsyncGenerator<{ id: string; source: unknown }> {
  const path = `/${encodeURIComponent(`${index}-*`)}`;
  await admin.request({ method: 'POST', path: `${path}/_refresh` });
  const opened = await admin.request({ method: 'POST', path: `${path}/_pit`, query: { keep_alive: '2m' } });
  const pit = (opened.body as { id: string }).id;
  for (let after: unknown[] | undefined; ;) {
    const answer = await admin.request({
      method: 'POST', path: '/_search', timeoutMs: 60_000,
      body: { size: 2_000, pit: { id: pit, keep_alive: '2m' }, sort: [{ request_id: 'asc' }, { _shard_doc: 'asc' }], ...(after !== undefined && { search_after: after }) },
    });
    if (answer.status !== 200) throw new Error(`search: ${String(answer.status)} ${JSON.stringify(answer.body).slice(0, 500)}`);
    const { hits } = (answer.body as { hits: { hits: { _id: string; _source: unknown; sort: unknown[] }[] } }).hits;
    for (const { _id: id, _source: source } of hits) yield { id, source };
    if (hits.length < 2_000) return;
    after = hits.at(-1)?.sort;
  }
}
