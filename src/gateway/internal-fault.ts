/** Why a connection was ended: a fault of the gateway itself, reported already. */
export class InternalFault extends Error {
  constructor(cause: unknown) {
    super('a fault of the gateway', { cause });
  }
}
