/** Who asks, as far as the gateway knows. */
export interface User {
  /** Becomes the actor of the user's commands. */
  readonly name: string;
  readonly groups: readonly string[];
}

/** The group whose members may do anything, as in Kubernetes. */
export const ADMIN_GROUP = 'system:masters';
/** Everybody who is known is in it. */
export const AUTHENTICATED_GROUP = 'system:authenticated';
