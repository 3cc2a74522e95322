import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** An Elasticsearch that the gateway exports to. */
export interface ElasticsearchServer {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** It takes documents, so that an export is ever done. */
  readonly accepts: boolean;
  /** Documents written so far to the indices that begin with that name, refreshed or not. */
  written(index: string): Promise<number>;
  /** Removes what a gateway made for that index name. */
  remove(index: string): Promise<void>;
}

interface Named {
  readonly name: string;
}

/** Opens the details of `/ready` of gateways that are measured. */
const ADMIN_TOKEN = 'admin-token-of-the-benchmark';

/** Headers of a request that may see them. */
export const AS_ADMIN = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } } as const;

/** What makes a gateway export there. */
export function exportEnv({ url, username, password }: ElasticsearchServer, index: string): Record<string, string> {
  return {
    ADMIN_TOKEN, ENABLE_ELASTICSEARCH: 'true', ELASTICSEARCH_URL: url, ELASTICSEARCH_INDEX: index,
    ...(username === undefined ? {} : { ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password ?? '' }),
  };
}

/** The server at that URL, whose user and password may stand in it. */
export function realElasticsearch(address: string): ElasticsearchServer {
  const { username, password, origin } = new URL(address);
  const headers = credentials(username, password);
  const written = async (index: string): Promise<number> => {
    const answer = await fetch(`${origin}/${index}*/_stats/indexing?filter_path=_all.primaries.indexing.index_total`, { headers });
    return (await answer.json() as { _all?: { primaries?: { indexing: { index_total: number } } } })._all?.primaries?.indexing.index_total ?? 0;
  };
  const remove = async (index: string): Promise<void> => {
    // By their names: a server of 8.0 and later deletes nothing by wildcard.
    const found = await fetch(`${origin}/_resolve/index/${index}*`, { headers });
    const { indices = [], data_streams: streams = [] } = await found.json() as { indices?: Named[]; data_streams?: Named[] };
    const paths = [...streams.map(({ name }) => `_data_stream/${name}`), ...indices.filter(({ name }) => !name.startsWith('.ds-')).map(({ name }) => name)];
    for (const path of [...paths, `_index_template/${index}-template`, `_ilm/policy/${index}-policy`]) {
      await fetch(`${origin}/${path}`, { method: 'DELETE', headers });
    }
  };
  return {
    url: origin, accepts: true, written, remove,
    ...(username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
  };
}

/** Where nothing listens. */
export const downElasticsearch: ElasticsearchServer = {
  url: 'http://127.0.0.1:9', username: 'elastic', password: 'nobody', accepts: false,
  written: () => Promise.resolve(0), remove: () => Promise.resolve(),
};

/** The same server behind a wire that holds every answer back for `delayMs`. */
export async function slowElasticsearch(server: ElasticsearchServer, delayMs: number): Promise<{ server: ElasticsearchServer; stop(): void }> {
  const { hostname, port } = new URL(server.url);
  const open = new Set<Socket>();
  const wire: Server = createServer((client) => {
    const behind = connect(Number(port), hostname);
    for (const socket of [client, behind]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => { open.delete(socket); client.destroy(); behind.destroy(); });
    }
    client.pipe(behind);
    behind.on('data', (data) => { setTimeout(() => { if (!client.destroyed) client.write(data); }, delayMs); });
  });
  await new Promise<void>((resolve) => { wire.listen(0, '127.0.0.1', resolve); });
  return {
    server: { ...server, url: `http://127.0.0.1:${(wire.address() as AddressInfo).port}` },
    stop: () => {
      wire.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** The version that the server says; undefined where it does not answer. */
export async function elasticsearchVersion(address: string): Promise<string | undefined> {
  const { username, password, origin } = new URL(address);
  const headers = credentials(username, password);
  const answer = await fetch(origin, { headers });
  return (await answer.json() as { version?: { number: string } }).version?.number;
}

/** The header for a user and password as they stand in a URL; none where there is no user. */
function credentials(username: string, password: string): Record<string, string> {
  return username === '' ? {} : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` };
}
