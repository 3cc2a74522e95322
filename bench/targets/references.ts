import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion, programVersion } from '../machine/description.js';
import type { Place, Target } from './target.js';

/** The stand-in provider itself: what "added" is counted from. */
export const direct: Target = { name: 'direct', title: 'no gateway' };

/** The least that Node's public interfaces allow, in one process or in several. */
export function nodeProxy(options: { processes?: number } = {}): Target {
  const { processes } = options;
  const script = fileURLToPath(new URL('../references/node-proxy.ts', import.meta.url));
  return {
    name: processes === undefined ? 'node' : `node-${processes}`,
    title: processes === undefined ? 'bare Node proxy (node:http + undici)' : `bare Node proxy, ${processes} processes`,
    version: packageVersion(fileURLToPath(new URL('../../node_modules/undici/package.json', import.meta.url))),
    launch: ({ port, upstream, caFile }) => ({
      command: [process.execPath, script],
      env: { PORT: String(port), UPSTREAM: upstream, ...(processes === undefined ? {} : { PROCESSES: String(processes) }), ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) },
    }),
  };
}

/** nginx as a plain reverse proxy; undefined where there is none. `BENCH_NGINX` names another binary than those usual. */
export function nginx(): Target | undefined {
  const program = [process.env['BENCH_NGINX'], '/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => path !== undefined && existsSync(path));
  if (program === undefined) return undefined;
  return {
    name: 'nginx',
    title: 'nginx',
    version: programVersion(program, '-v') ?? 'unknown',
    launch: (place) => {
      const file = join(place.dir, 'nginx.conf');
      writeFileSync(file, nginxConfig(place));
      return { command: [program, '-c', file, '-e', join(place.dir, 'error.log')] };
    },
  };
}

function nginxConfig({ port, upstream, caFile, dir }: Place): string {
  const { protocol, host } = new URL(upstream);
  const tls = protocol === 'http:' ? ''
    : `proxy_ssl_trusted_certificate ${caFile ?? ''}; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_session_reuse on;`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/${kind};`).join(' ');
  return `
daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log warn;
events { worker_connections 4096; use epoll; }
http {
  access_log off; tcp_nodelay on; keepalive_timeout 75s; keepalive_requests 100000000; client_body_buffer_size 256k; client_max_body_size 100m;
  ${temporary}
  upstream provider { server ${host}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${protocol}//provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host api.openai.com;
      proxy_buffering off; proxy_read_timeout 60s; ${tls}
    }
  }
}
`;
}
