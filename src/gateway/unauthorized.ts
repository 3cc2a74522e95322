import type { Refusal } from './credentials.js';
import { variablePrefix, type Upstream } from './upstream.js';

/** What a caller can do for want of a gateway key. */
export interface Entrance {
  /** GATEWAY_API_KEYS is set. */
  readonly locked: boolean;
  /** The key of programs on this machine is valid. */
  readonly takesLocalKey: boolean;
}

/** Says why a request is answered with 401, and what to do about it. */
export function unauthorizedMessage({ refused }: Refusal, upstream: Upstream | undefined, entrance: Entrance): string {
  const keyless = upstream?.provider.auth === 'none';
  const wayIn = howToGetKey(entrance, keyless);
  switch (refused) {
    case 'bad-gateway-key':
      return `The key begins with gw_, as gateway keys do, and is not a valid one: it was not sent to any provider. ${wayIn}`;
    case 'unknown-gateway-key':
      return `The key in x-gateway-api-key is not a gateway key that is valid here. ${wayIn}`;
    case 'placeholder':
      return `The key "gateway" lends nothing without --allow-open. ${wayIn} Or send a key of your own for the provider.`;
    case 'no-own-key': {
      const variable = upstream === undefined ? '<PROVIDER>_API_KEY' : `${variablePrefix(upstream.provider.name)}_API_KEY`;
      const any = upstream?.override === undefined ? '' : ' (any text, where that server asks for no key)';
      return `The gateway holds no key for ${upstream?.provider.title ?? 'the provider'}. Set ${variable} on the gateway${any}, or send a key of your own.`;
    }
    case 'no-gateway-key':
      if (upstream === undefined || entrance.locked) return `This gateway needs one of its keys. ${wayIn}`;
      return keyless
        ? `${upstream.provider.title} asks for no key, so a gateway key is needed. ${wayIn} Declare a server that checks keys itself with "auth": "bearer".`
        : `The request has no key. Send a key of your own for ${upstream.provider.title}, or a gateway key. ${wayIn}`;
  }
}

function howToGetKey({ locked, takesLocalKey }: Entrance, keyless: boolean): string {
  // In the credential place of a provider that asks for no key, the key would enter as well, but its own server may want that place.
  const where = keyless ? 'as x-gateway-api-key' : 'as x-gateway-api-key, or in place of the provider\'s key';
  if (locked) return `Send a key of GATEWAY_API_KEYS ${where}.`;
  return takesLocalKey
    ? `On the gateway's machine \`gateway keys local\` prints a gateway key: send it ${where}.`
    : `Ask the operator for a gateway key (GATEWAY_API_KEYS), and send it ${where}.`;
}
