/** A request for logs or exec that this node cannot serve, in a sentence for whoever asked. */
export class NodeServiceError extends Error {
  override readonly name = 'NodeServiceError';
  /** `NotFound`: no such pod here; `BadRequest`: the pod is here, but not what was asked for. */
  readonly reason: 'NotFound' | 'BadRequest';

  constructor(reason: NodeServiceError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
