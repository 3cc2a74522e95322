/** The address in an Elastic Cloud id (`name:base64("domain[:port]$elasticsearch$kibana")`); undefined where it is none. */
export function cloudUrl(cloudId: string): string | undefined {
  const encoded = cloudId.slice(cloudId.lastIndexOf(':') + 1);
  const [domain, cluster] = Buffer.from(encoded, 'base64').toString('utf8').split('$');
  if (domain === undefined || cluster === undefined || !/^[\w.-]+(:\d+)?$/.test(domain) || !/^[\w-]+(:\d+)?$/.test(cluster)) return undefined;
  const [host = '', port = '443'] = domain.split(':');
  const [id = '', ownPort = port] = cluster.split(':');
  return `https://${id}.${host}:${ownPort}`;
}
