/** What gateways of tests are started with as ADMIN_TOKEN: it opens the details of `/ready`, and `/metrics`. */
export const ADMIN_TOKEN = 'admin-token-of-tests';

/** Headers of a request that may see them. */
export const AS_ADMIN = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } } as const;
