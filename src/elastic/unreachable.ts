/** No whole answer came: connection, TLS, time-out, a cut answer. */
export class ElasticUnreachable extends Error {
  /** The request may have reached the server, so that its effect is unknown. */
  readonly mayHaveArrived: boolean;
  readonly kind: 'connection' | 'timeout' | 'aborted';

  constructor(message: string, kind: ElasticUnreachable['kind'], mayHaveArrived: boolean, cause: unknown) {
    super(message, { cause });
    this.name = 'ElasticUnreachable';
    this.kind = kind;
    this.mayHaveArrived = mayHaveArrived;
  }
}
