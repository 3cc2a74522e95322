import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { ElasticsearchServer } from '../targets/elasticsearch-server.js';

const BULK_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 4;
const ID_LENGTH = 26;

/**
 * The fastest that a log can be brought to Elasticsearch by plain means: the bodies are made
 * beforehand, then sent by a few connections as fast as they are taken. Returns documents a second.
 */
export async function rawBulk(files: readonly string[], server: ElasticsearchServer, index: string): Promise<number> {
  const bodies: Buffer[] = [];
  let documents = 0;
  let parts: string[] = [];
  let bytes = 0;
  const close = (): void => {
    if (bytes > 0) bodies.push(Buffer.from(parts.join('')));
    parts = [];
    bytes = 0;
  };
  for (const file of files) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      const { request_id: id } = JSON.parse(line.slice(0, line.indexOf(',')) + '}') as { request_id: string };
      if (id.length !== ID_LENGTH) throw new Error('a line does not begin with its request id');
      const text = `{"create":{"_id":"${id}"}}\n${line}\n`;
      parts.push(text);
      bytes += text.length;
      documents += 1;
      if (bytes >= BULK_BYTES) close();
    }
  }
  close();
  const pool = new Pool(server.url, { connections: AT_ONCE });
  const authorization = server.username === undefined ? [] : ['authorization', `Basic ${Buffer.from(`${server.username}:${server.password ?? ''}`).toString('base64')}`];
  const startedAt = performance.now();
  const send = async (): Promise<void> => {
    for (let body = bodies.shift(); body !== undefined; body = bodies.shift()) {
      const answer = await pool.request({
        path: `/${index}/_bulk?filter_path=errors`, method: 'POST', body, headers: ['content-type', 'application/x-ndjson', ...authorization],
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || !text.includes('"errors":false')) throw new Error(`bulk: ${answer.statusCode} ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  return documents / seconds;
}
